"""A management OS with two NICs and both IP versions: the rules of each address in its own family."""

from lab import Lab

lab = Lab("two_legs_ipv6")
one = lab.physical_network("one", "192.168.1.0/24", "2001:db8:1::/64")
other = lab.physical_network("other", "192.168.2.0/24", "2001:db8:2::/64")
one.computer("pc1", "192.168.1.10", "2001:db8:1::10")
other.computer("pc2", "192.168.2.10", "2001:db8:2::10")
hv1 = lab.host("hv1")
hv1.nic("Ethernet", one, "192.168.1.20", "2001:db8:1::20")
hv1.nic("Ethernet 2", other, "192.168.2.20", "2001:db8:2::20")
