from lab import Lab

lab = Lab("my lab")
