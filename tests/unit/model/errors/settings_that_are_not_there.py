from lab import Lab

lab = Lab("bad")
hv1 = lab.host("hv1")
hv1.internal_switch("Internal", "10.0.0.1/24")
hv1.management_adapter("Cluster", "Internal", storm_limit=5)
hv1.vm("web1", "Internal", vlna=7)
