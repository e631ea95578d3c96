"""A routing VM with an adapter that is connected to nothing: that adapter's address answers nobody."""

from lab import Lab

lab = Lab("unplugged_leg")
hv1 = lab.host("hv1")
hv1.private_switch("P1")
hv1.vm("vm1", "P1", "10.0.1.5/24", gateway="10.0.1.1")
hv1.vm("gw", "P1", "10.0.1.1/24", forwarding=True).adapter(None, "10.0.2.1/24")
