from lab import Lab

lab = Lab("bad")
office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20")
hv1.external_switch("External", nic="Ethernet")
hv1.vm("web1", "Externl", "192.168.1.31")
hv1.vm("web2", "External", "192.168.7.32")
hv1.vm("web/3", "External", "192.168.1.33")
hv1.vm("web2", "External", "192.168.1.34", legacy=True)
