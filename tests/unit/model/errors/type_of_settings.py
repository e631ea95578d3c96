from lab import Lab

lab = Lab("bad")
office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20")
hv1.external_switch("External", nic="Ethernet")
hv1.vm("web1", "External", generation="2", running=1, mtu=1e3, forwarding="yes", mac=12, gateway=7)
hv1.private_switch("Private", ageing_s="300", learning=None)
hv1.external_switch("Second", nic=5, allow_management_os="no")
