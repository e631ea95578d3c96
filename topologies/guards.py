"""DHCP guard and router guard: a VM that plays the DHCP server, or the router, for everybody on its switch.

rogue1 has DhcpGuard and RouterGuard On, rogue2 has not. Whatever rogue1 offers or advertises is dropped by the switch,
with reason 17 or 18; its own traffic passes, also as a DHCP client. What keeps a frame:

    hvlab trace rogue1 client1 --udp 68
    hvlab trace rogue2 client1 --udp 68
"""

from lab import Lab

lab = Lab("guards")
hv1 = lab.host("hv1")
hv1.internal_switch("Internal", "10.0.1.1/24", "2001:db8:1::1/64")
hv1.vm("client1", "Internal", "10.0.1.11", "2001:db8:1::11")
hv1.vm("client2", "Internal", "10.0.1.12", "2001:db8:1::12")
hv1.vm("rogue1", "Internal", "10.0.1.66", "2001:db8:1::66", dhcp_guard=True, router_guard=True)
hv1.vm("rogue2", "Internal", "10.0.1.67", "2001:db8:1::67")

if __name__ == "__main__":
    lab.main()
