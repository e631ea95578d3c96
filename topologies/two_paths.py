"""Two ways from a VM to its own management OS: through the virtual switch, or out of one NIC and in through another.

``web1`` is on a switch that the management OS shares: its frames to hv1 never leave the host. ``web2`` is on a switch
for VMs only (AllowManagementOS is False): its frames to hv1 leave through "Ethernet 2", cross the office's network and
come back through "Ethernet 3". Compare ``hvlab trace web1 hv1`` with ``hvlab trace web2 hv1``, and capture at pc1.
"""

from lab import Lab

lab = Lab("two_paths")
office = lab.physical_network("office", "192.168.1.0/24")
office.computer("pc1", "192.168.1.10")

hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.21")
hv1.nic("Ethernet 2", office)
hv1.nic("Ethernet 3", office, "192.168.1.23")

hv1.external_switch("Shared", nic="Ethernet")
hv1.vm("web1", "Shared", "192.168.1.31")

hv1.external_switch("Separate", nic="Ethernet 2", allow_management_os=False)
hv1.vm("web2", "Separate", "192.168.1.32")

if __name__ == "__main__":
    lab.main()
