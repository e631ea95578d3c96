"""VLANs on virtual switches of two Hyper-V hosts: who is in VLAN 10 talks to who is in VLAN 10, wherever that is.

web1 and web2 are in VLAN 10, on two hosts; db1 and db2 in VLAN 20; between the hosts the frames travel with a tag. The
physical computer pc10 is plugged into an access port of VLAN 10. The management OS of hv2 is in VLAN 20. The VM gateway
has an adapter in each of the two VLANs and routes between them. plain1 is in no VLAN and meets only pc1 and the
management OS of hv1. Try:

    hvlab matrix
    hvlab exec web1 -- ping -c 2 web2
    hvlab trace plain1 web1
"""

from lab import Lab

TEN, TWENTY = "10.0.10.1", "10.0.20.1"

lab = Lab("vlan")
office = lab.physical_network("office", "192.168.1.0/24", "10.0.10.0/24", "10.0.20.0/24")
office.computer("pc1", "192.168.1.10")
office.computer("pc10", "10.0.10.100/24", gateway=TEN, vlan=10)

hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.21")
hv1.external_switch("External", nic="Ethernet")
hv1.vm("web1", "External", "10.0.10.11/24", gateway=TEN, vlan=10)
hv1.vm("db1", "External", "10.0.20.11/24", gateway=TWENTY, vlan=20)
hv1.vm("plain1", "External", "192.168.1.31")
gateway = hv1.vm("gateway", "External", f"{TEN}/24", vlan=10, forwarding=True)
gateway.adapter("External", f"{TWENTY}/24", vlan=20)

hv2 = lab.host("hv2")
hv2.nic("Ethernet", office, "10.0.20.22/24", gateway=TWENTY)
hv2.external_switch("External", nic="Ethernet", vlan=20)
hv2.vm("web2", "External", "10.0.10.12/24", gateway=TEN, vlan=10)
hv2.vm("db2", "External", "10.0.20.12/24", gateway=TWENTY, vlan=20)

if __name__ == "__main__":
    lab.main()
