from lab import Lab

lab = Lab(None)
