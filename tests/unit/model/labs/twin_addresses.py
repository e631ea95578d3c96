"""One address in two networks, and one of a VM that is off: a ping is answered by a neighbour, not by the one meant."""

from lab import Lab

lab = Lab("twin_addresses")
hv1 = lab.host("hv1")
for name in ("one", "other"):
    hv1.private_switch(name)
    hv1.vm(f"{name}-a", name, "10.0.0.1/24")
    hv1.vm(f"{name}-b", name, "10.0.0.2/24")
hv1.vm("standby", "one", "10.0.0.2/24", running=False)
