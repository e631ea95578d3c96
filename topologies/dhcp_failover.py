"""Two DHCP servers with a failover relationship: when one ends, the other one renews its leases.

hvlab dhcp                                            # scopes, leases, the relationship's state
hvlab up topologies/dhcp_failover.py --set mode=HotStandby
hvlab dhcp replicate dhcp1                            # what was changed in the scope since
"""

from lab import Lab, dhcp_scope

lab = Lab("dhcp_failover")
mode = lab.parameter("mode", "LoadBalance", "LoadBalance or HotStandby")

hv1 = lab.host("hv1")
hv1.internal_switch("Internal", "10.100.150.1/24")

scope = dhcp_scope(
    "10.100.150.0/24",
    "10.100.150.50",
    "10.100.150.149",
    lease_duration_s=4 * 24 * 3600,
    router="10.100.150.1",
    dns_server=["10.100.150.2", "10.100.150.3"],
)
hv1.vm("dhcp1", "Internal", "10.100.150.2/24").dhcp_server(scope).dhcp_failover("dhcp1-dhcp2", "dhcp2", mode=mode)
hv1.vm("dhcp2", "Internal", "10.100.150.3/24").dhcp_server()
for number in range(1, 5):
    hv1.vm(f"client{number}", "Internal", "dhcp")

if __name__ == "__main__":
    lab.main()
