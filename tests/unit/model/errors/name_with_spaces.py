from lab import Lab

lab = Lab("bad")
office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20")
hv1.external_switch("External", nic="Ethernet")
lab.host("my host")
