"""Two Hyper-V hosts on one physical network, with IPv4 and IPv6: an external switch ends at the wire, not at the host.

VMs of different hosts talk to each other through both external switches and the network between them. Private
switches of one name on two hosts are two switches: db1 and db2 have addresses of one subnet and never meet. Compare
the internet's view in both families: the router hides the IPv4 addresses behind its own, IPv6 it only routes.
"""

from lab import Lab

lab = Lab("two_hosts")
lab.internet_host("internet", "203.0.113.80/24", "2001:db8:ffff::80/64")
office = lab.physical_network("office", "192.168.1.0/24", "2001:db8:1::/64", router=("192.168.1.1", "2001:db8:1::1"))
office.computer("pc1", "192.168.1.10", "2001:db8:1::10")

for number in (1, 2):
    host = lab.host(f"hv{number}")
    host.nic("Ethernet", office, f"192.168.1.2{number}", f"2001:db8:1::2{number}")
    host.external_switch("External", nic="Ethernet")
    host.vm(f"web{number}", "External", f"192.168.1.3{number}", f"2001:db8:1::3{number}")
    host.private_switch("Private")
    host.vm(f"db{number}", "Private", f"10.0.2.1{number}/24", f"2001:db8:2::1{number}/64")

if __name__ == "__main__":
    lab.main()
