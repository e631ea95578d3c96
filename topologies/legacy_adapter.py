"""Synthetic and legacy network adapters, and what integration services have to do with them.

``old1`` has a guest without integration services: its synthetic adapter has no driver and stays down; its legacy
adapter works, at 100 Mbit/s, because it looks like a card that every system knows. ``old2`` has no legacy adapter and
is cut off. Only generation 1 has legacy adapters. ``web1`` is off: start it, and see its switch port appear.
"""

from lab import Lab

lab = Lab("legacy_adapter")
office = lab.physical_network("office", "192.168.1.0/24")
office.computer("pc1", "192.168.1.10")

hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20")
hv1.external_switch("External", nic="Ethernet")

old1 = hv1.vm("old1", "External", "192.168.1.31", generation=1, integration_services=False)
old1.adapter("External", "192.168.1.41", legacy=True)
hv1.vm("old2", "External", "192.168.1.32", generation=1, integration_services=False)
hv1.vm("new1", "External", "192.168.1.33")
hv1.vm("web1", "External", "192.168.1.34", running=False)

if __name__ == "__main__":
    lab.main()
