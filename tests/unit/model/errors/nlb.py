from lab import Lab, nlb_rule

lab = Lab("bad")
office = lab.physical_network("office", "10.0.0.0/24")
office.computer("taken", "10.0.0.100")
hv1 = lab.host("hv1")
hv1.nic("NIC", office)
hv1.external_switch("External", nic="NIC", allow_management_os=False)
hv1.internal_switch("Internal", "10.0.1.1/24")
web = lab.nlb_cluster("web", "10.0.0.100/24", rules=[
    nlb_rule(90, 80), nlb_rule(80, 80, protocol="SCTP"), nlb_rule(80, 443, timeout=5), nlb_rule(443, 70000), "80",
    nlb_rule(22, 22, mode="Single"), nlb_rule(23, 23, affinity="Host"), nlb_rule("ssh", 24),
])  # fmt: skip
hv1.vm("web1", "External", "10.0.0.1").nlb_node(web, 1, load_weight=101)
hv1.vm("web2", "External", "10.0.0.2").nlb_node(web, 1, handling_priority=33)
hv1.vm("web3", "External", "dhcp").nlb_node(web, 33)
hv1.vm("web4", "Internal", "10.0.1.2").nlb_node(web, 4, handling_priority=1)
hv1.vm("web5", "External").nlb_node(web, 5).nlb_node(web, 6)
hv1.vm("web6", "External", "10.0.0.6", forwarding=True).nlb_node(web, 7, rules="none")
hv1.vm("web7", "External", "10.0.0.7").adapter("External", "10.0.0.8").nlb_node(web, 8).nlb_node(
    web, 9, adapter="Network Adapter 2"
)
hv1.vm("web8", "External", "10.0.0.9").nlb_node("web", 10)
hv1.vm("web9", "External", "10.0.0.10").nlb_node(web, 11, adapter="Second")
own = lab.nlb_cluster("own", "10.0.0.11/24", mode="Broadcast")
hv1.vm("web10", "External", "10.0.0.11", mac_spoofing=True).nlb_node(own, 1)
lab.nlb_cluster("own", "fd00::1/64")
lab.nlb_cluster("bare", "10.0.0.12")
lab.nlb_cluster("empty", "10.0.0.13/24")
same = lab.nlb_cluster("web1", "10.0.0.255/24")
hv1.vm("web11", "External", "10.0.0.12", mac_spoofing=True).nlb_node(same, 1)
big = lab.nlb_cluster("big", "10.0.1.100/24", mode="Multicast")
for at in range(1, 34):
    hv1.vm(f"big{at}", "Internal", f"10.0.1.{at + 10}").nlb_node(big, at)
