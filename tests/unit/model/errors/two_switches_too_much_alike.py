from lab import Lab

lab = Lab("bad")
hv1 = lab.host("hv1")
hv1.private_switch("Lab 1")
hv1.private_switch("Lab-1")
