"""A DHCP relay agent: clients of one subnet get addresses from a server in another one.

The relay agent is a VM that routes between two switches; the address of its adapter beside the client tells the server
from which scope to lease.
"""

from lab import Lab, dhcp_scope

lab = Lab("dhcp_relay")
hv1 = lab.host("hv1")
hv1.private_switch("Servers")
hv1.private_switch("Clients")

hv1.vm("dhcp1", "Servers", "10.0.1.2/24", gateway="10.0.1.1").dhcp_server(
    dhcp_scope("10.0.1.0/24", "10.0.1.100", "10.0.1.199", router="10.0.1.1"),
    dhcp_scope("10.0.2.0/24", "10.0.2.100", "10.0.2.199", router="10.0.2.1"),
)
hv1.vm("router1", "Servers", "10.0.1.1/24", forwarding=True).adapter("Clients", "10.0.2.1/24").dhcp_relay("10.0.1.2")
hv1.vm("near", "Servers", "dhcp")
hv1.vm("far1", "Clients", "dhcp")
hv1.vm("far2", "Clients", "dhcp")

if __name__ == "__main__":
    lab.main()
