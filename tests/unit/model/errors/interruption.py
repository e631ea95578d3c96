from lab import Lab

lab = Lab("bad", interruption_s=3600)
