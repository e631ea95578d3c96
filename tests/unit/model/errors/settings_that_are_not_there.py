from lab import Lab

lab = Lab("bad")
hv1 = lab.host("hv1")
hv1.internal_switch("Internal", "10.0.0.1/24")
hv1.management_adapter("Cluster", "Internal", storm_limit=5)
hv1.vm("web1", "Internal", vlna=7)
hv1.private_switch("Private", vlan=7, colour="red")
hv1.internal_switch("Internal2", mirror_external_port=True)
office = lab.physical_network("office", "192.168.1.0/24")
hv1.nic("Ethernet", office)
hv1.external_switch("External", nic="Ethernet", allow_management_os=False, vlan=7, storm_limit=3)
