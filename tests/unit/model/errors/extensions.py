from lab import Lab

lab = Lab("bad")
hv1 = lab.host("hv1")
hv1.private_switch("One", extensions=["Microsoft NDIS Capture", "Cisco Nexus 1000V"])
hv1.private_switch("Two", extensions=7)
hv1.private_switch("Three", extensions=["Microsoft NDIS Capture", "microsoft ndis capture"])
