"""IPv6 for clients: a router that advertises itself, and a DHCPv6 server that leases addresses if the router says so.

hvlab dhcp                          # prefixes, leases, what each client has of whom
hvlab dhcp renew client1            # ipconfig /renew6
hvlab exec client1 -- ip -6 addr
hvlab up topologies/dhcpv6.py --set managed=no        # clients make themselves all addresses that they have
"""

from lab import Lab, dhcp_reservation6, dhcp_scope6

lab = Lab("dhcpv6")
managed = lab.parameter("managed", True, "the router tells clients to ask a DHCPv6 server for addresses")

hv1 = lab.host("hv1")
hv1.private_switch("Clients")
hv1.private_switch("Servers")

hv1.vm("router1", "Clients", "fd00:1::1/64", forwarding=True).adapter("Servers", "fd00:2::1/64").router_advertisements(
    managed=managed, other=True, adapters=["Network Adapter"]
)
hv1.vm("dhcp1", "Clients", "fd00:1::2/64").dhcp_server(
    dhcp_scope6(
        "fd00:1::/64",
        name="Classroom",
        dns_server="fd00:2::53",
        domain_search="class.example",
        exclusions=[("fd00:1::1", "fd00:1::ff")],
        reservations=[dhcp_reservation6("fd00:1::50", "00-15-5D-00-01-10", name="printer")],
    )
)
hv1.vm("server1", "Servers", "fd00:2::53/64", gateway="fd00:2::1")
hv1.vm("client1", "Clients", "auto")
hv1.vm("client2", "Clients", "auto")
hv1.vm("printer", "Clients", "auto", mac="00155D000110")

if __name__ == "__main__":
    lab.main()
