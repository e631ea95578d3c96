"""Port mirroring: a VM that sees what another one sends and gets, and what passes the wire.

web1 is a Source: what it sends and gets is copied to monitor1, the Destination. What db1 and client1 say to each other
is not, unless the external port is a Source, too: then monitor1 sees everything that passes the NIC. Try:

    hvlab capture monitor1 &
    hvlab exec client1 -- ping -c 2 web1
    hvlab trace client1 web1
    hvlab apply --set mirror_external_port=yes topologies/mirror.py
    hvlab exec client1 -- ping -c 2 db1
"""

from lab import Lab

lab = Lab("mirror")
everything = lab.parameter("mirror_external_port", False, "copy what passes the NIC, too")
office = lab.physical_network("office", "192.168.1.0/24")
office.computer("client1", "192.168.1.10")

hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.21")
hv1.external_switch("External", nic="Ethernet", mirror_external_port=everything)
hv1.vm("web1", "External", "192.168.1.31", port_mirroring="Source")
hv1.vm("db1", "External", "192.168.1.32")
hv1.vm("monitor1", "External", port_mirroring="Destination")

if __name__ == "__main__":
    lab.main()
