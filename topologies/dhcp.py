"""A DHCP server on an internal switch: a lease, a reservation of an excluded address, and options.

hvlab dhcp                        # scopes, leases, clients
hvlab dhcp renew client1          # ipconfig /renew
hvlab exec client1 -- ip addr
"""

from lab import Lab, dhcp_reservation, dhcp_scope

lab = Lab("dhcp")
hv1 = lab.host("hv1")
hv1.internal_switch("Internal", "10.0.1.1/24")

scope = dhcp_scope(
    "10.0.1.0/24",
    "10.0.1.100",
    "10.0.1.199",
    name="Classroom",
    router="10.0.1.1",
    dns_server="10.0.1.2",
    dns_domain="class.example",
    exclusions=[("10.0.1.100", "10.0.1.119")],
    reservations=[dhcp_reservation("10.0.1.110", "00-15-5D-00-01-10", name="printer")],
)
hv1.vm("dhcp1", "Internal", "10.0.1.2/24").dhcp_server(scope)
hv1.vm("client1", "Internal", "dhcp")
hv1.vm("client2", "Internal", "dhcp")
hv1.vm("printer", "Internal", "dhcp", mac="00155D000110")

if __name__ == "__main__":
    lab.main()
