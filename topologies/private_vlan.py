"""A private VLAN: many tenants in one subnet who see the router and not each other.

The primary VLAN is 100. The router is promiscuous: it talks to everybody. alone1 and alone2 are isolated: they talk to
the router only, not even to each other. team1, team2 and, on the other host, team3 are a community: they talk to the
router and to each other. club1 is in another community. Between the hosts the frames travel with the tag of their
sender's secondary VLAN. Try:

    hvlab matrix
    hvlab trace alone1 alone2
"""

from lab import Lab, community, isolated, promiscuous

PRIMARY, ALONE, TEAM, CLUB = 100, 101, 102, 103

lab = Lab("private_vlan")
datacenter = lab.physical_network("datacenter", "10.0.0.0/24")

hv1 = lab.host("hv1")
hv1.nic("Ethernet", datacenter)
hv1.external_switch("External", nic="Ethernet", allow_management_os=False)
hv1.vm("router", "External", "10.0.0.1", vlan=promiscuous(PRIMARY, "101-103"), forwarding=True)
hv1.vm("alone1", "External", "10.0.0.11", vlan=isolated(PRIMARY, ALONE))
hv1.vm("alone2", "External", "10.0.0.12", vlan=isolated(PRIMARY, ALONE))
hv1.vm("team1", "External", "10.0.0.21", vlan=community(PRIMARY, TEAM))
hv1.vm("team2", "External", "10.0.0.22", vlan=community(PRIMARY, TEAM))

hv2 = lab.host("hv2")
hv2.nic("Ethernet", datacenter)
hv2.external_switch("External", nic="Ethernet", allow_management_os=False)
hv2.vm("alone3", "External", "10.0.0.13", vlan=isolated(PRIMARY, ALONE))
hv2.vm("team3", "External", "10.0.0.23", vlan=community(PRIMARY, TEAM))
hv2.vm("club1", "External", "10.0.0.31", vlan=community(PRIMARY, CLUB))

if __name__ == "__main__":
    lab.main()
