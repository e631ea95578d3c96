"""Two DHCP servers on one switch, of which one is a rogue: DHCP guard stops what it offers.

hvlab dhcp                          # whose lease each client has
hvlab drops rogue                   # what DHCP guard has dropped
hvlab up topologies/rogue_dhcp.py --set guard=no      # without the guard: the first to answer wins
"""

from lab import Lab, dhcp_scope

lab = Lab("rogue_dhcp")
guard = lab.parameter("guard", True, "DHCP guard on the rogue server's adapter")

hv1 = lab.host("hv1")
hv1.internal_switch("Internal", "10.0.1.1/24")
hv1.vm("dhcp1", "Internal", "10.0.1.2/24").dhcp_server(
    dhcp_scope("10.0.1.0/24", "10.0.1.100", "10.0.1.199", router="10.0.1.1")
)
hv1.vm("rogue", "Internal", "10.0.1.66/24", dhcp_guard=guard).dhcp_server(
    dhcp_scope("10.0.1.0/24", "10.0.1.200", "10.0.1.250", router="10.0.1.66")
)
for number in range(1, 4):
    hv1.vm(f"client{number}", "Internal", "dhcp")

if __name__ == "__main__":
    lab.main()
