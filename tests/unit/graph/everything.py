"""Everything a picture can show, under names that mean something in a drawing language."""

from lab import Lab, LearningMode

lab = Lab("everything")
lab.internet_host("internet", "203.0.113.80/24", "2001:db8:ffff::80/64")
office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
office.computer("pc1", "192.168.1.10")
end = lab.physical_network("end", "10.9.0.0/16")

hv1 = lab.host("hv1", forwarding=True)
hv1.nic("Ethernet (Port #1)", office, "192.168.1.20")
hv1.nic("Ethernet 2", end, "10.9.0.20")
hv1.external_switch("External", nic="Ethernet (Port #1)", learning=LearningMode.PINNED)
hv1.private_switch("end")

old = hv1.vm("graph", "External", "192.168.1.31", generation=1, integration_services=False)
old.adapter("External", "192.168.1.41", legacy=True)
two = hv1.vm("subgraph", "External", "192.168.1.32", running=False)
two.adapter("end", "10.0.2.1/24", name="Adapter #2 (backup)")
hv1.vm("lonely", None)
shared = lab.nlb_cluster("cluster", "192.168.1.100/24", mode="Multicast")
hv1.vm("node", "External", "192.168.1.33").nlb_node(shared, priority=1)

lab.host("hv2")
