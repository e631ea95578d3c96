"""A machine with two legs: what it sends from one leg's address never leaves by the other, even if it would arrive."""

from lab import Lab

lab = Lab("strong_host")
hv1 = lab.host("hv1")
hv1.private_switch("P1")
hv1.private_switch("P2")
hv1.vm("two", "P1", "10.0.1.5/24").adapter("P2", "10.0.2.5/24")
hv1.vm("router", "P1", "10.0.1.1/24", forwarding=True).adapter("P2", "10.0.2.1/24")
hv1.vm("b", "P1", "10.0.1.6/24", gateway="10.0.1.1")
hv1.vm("c", "P2", "10.0.2.6/24", gateway="10.0.2.1")
