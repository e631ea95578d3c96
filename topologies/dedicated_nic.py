"""A NIC for the VMs only: what happens on their network the management OS does not see, and nobody there sees it.

The external switch owns "Ethernet" and is not shared with the management OS, which is managed through "Ethernet 2" on
a network of its own. The VMs' switch is Pinned, as on Windows Server 2008 R2 and later: what is sent to an unknown
address goes out to the wire, and to no other VM.
"""

from lab import Lab, LearningMode

lab = Lab("dedicated_nic")
lab.internet_host("internet", "203.0.113.80/24")
production = lab.physical_network("production", "192.168.1.0/24", router="192.168.1.1")
production.computer("pc1", "192.168.1.10")
management = lab.physical_network("management", "172.16.0.0/24")
management.computer("admin", "172.16.0.10")

hv1 = lab.host("hv1")
hv1.nic("Ethernet", production)
hv1.nic("Ethernet 2", management, "172.16.0.20")

hv1.external_switch("VMsOnly", nic="Ethernet", allow_management_os=False, learning=LearningMode.PINNED)
hv1.vm("web1", "VMsOnly", "192.168.1.31")
hv1.vm("web2", "VMsOnly", "192.168.1.32")

if __name__ == "__main__":
    lab.main()
