from lab import Lab

lab = Lab("bad", interruption_s="2")
other = Lab
