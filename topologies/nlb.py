"""Network Load Balancing: three VMs that are one web server for the outside, and share its clients.

The cluster is in multicast mode: its IP address has a MAC address that begins with 03-BF, and the switch gives what is
for that to every port. Each VM accepts one third of the clients. Try:

    hvlab nlb                                             # nodes, states, port rules, shares
    hvlab exec web1 -- python3 -m http.server 80          # and the same on web2 and web3, in other terminals
    hvlab exec pc1 -- curl -s http://192.168.1.100/
    hvlab nlb drainstop web1
    hvlab nlb --history
    hvlab trace pc1 192.168.1.100 --tcp 80

Give it mode="Unicast" and say `hvlab apply`: without mac_spoofing=True a VM cannot have the cluster's MAC address.
"""

from lab import Lab, nlb_rule

lab = Lab("nlb")
office = lab.physical_network("office", "192.168.1.0/24")
office.computer("pc1", "192.168.1.10")

hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20")
hv1.external_switch("External", nic="Ethernet", learning="Pinned")

web = lab.nlb_cluster(
    "web", "192.168.1.100/24", mode="Multicast", rules=[nlb_rule(80, 80, protocol="Tcp", affinity="None")]
)
hv1.vm("web1", "External", "192.168.1.31").nlb_node(web, priority=1)
hv1.vm("web2", "External", "192.168.1.32").nlb_node(web, priority=2)
hv1.vm("web3", "External", "192.168.1.33").nlb_node(web, priority=3)

if __name__ == "__main__":
    lab.main()
