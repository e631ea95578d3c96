"""Hyper-V's three kinds of virtual switch on one host: who can talk to whom, and why."""

from lab import Lab

lab = Lab("three_switches")
lab.internet_host("internet", "203.0.113.80/24")
office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
office.computer("pc1", "192.168.1.10")

hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20")

hv1.external_switch("External", nic="Ethernet")
hv1.vm("web1", "External", "192.168.1.31")
hv1.vm("web2", "External", "192.168.1.32")

hv1.internal_switch("Internal", "10.0.1.1/24")
hv1.vm("app1", "Internal", "10.0.1.11")
hv1.vm("app2", "Internal", "10.0.1.12")

hv1.private_switch("Private")
hv1.vm("db1", "Private", "10.0.2.11/24")
hv1.vm("db2", "Private", "10.0.2.12/24")

if __name__ == "__main__":
    lab.main()
