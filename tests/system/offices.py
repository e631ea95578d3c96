"""The topology that most of these tests start from, as text to be edited."""

from __future__ import annotations

# Two networks, one host with a switch of each kind, several management-OS adapters, VMs that run and one that does not.
OFFICE = """
from lab import Lab

lab = Lab("office", interruption_s=0)
lab.internet_host("internet", "203.0.113.80/24", "2001:db8:ffff::80/64")
office = lab.physical_network("office", "192.168.1.0/24", "2001:db8:1::/64", router=("192.168.1.1", "2001:db8:1::1"))
office.computer("pc1", "192.168.1.10", "2001:db8:1::10")
store = lab.physical_network("store", "172.16.0.0/24")
store.computer("pc2", "172.16.0.10")

hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20", "2001:db8:1::20")
hv1.nic("Ethernet 2", store, "172.16.0.20")
hv1.nic("Ethernet 3", store)

hv1.external_switch("External", nic="Ethernet")
hv1.management_adapter("Backup", "External", "192.168.1.21")
hv1.vm("web1", "External", "192.168.1.31", "2001:db8:1::31")
hv1.vm("web2", "External", "192.168.1.32", "2001:db8:1::32")
hv1.vm("web3", "External", "192.168.1.33", running=False)

hv1.internal_switch("Internal", "10.0.1.1/24")
hv1.vm("app1", "Internal", "10.0.1.11")
hv1.vm("app2", "Internal", "10.0.1.12").adapter("External", "192.168.1.42")

hv1.private_switch("Private")
hv1.vm("db1", "Private", "10.0.2.11/24")
hv1.vm("db2", "Private", "10.0.2.12/24")
hv1.vm("spare", None, "10.0.2.13/24")
"""
