"""VLANs on virtual switches of two Hyper-V hosts: who is in VLAN 10 talks to who is in VLAN 10, wherever that is.

web1 and web2 are in VLAN 10, on two hosts; db1 and db2 in VLAN 20; between the hosts the frames travel with a tag. The
physical computer pc10 is plugged into an access port of VLAN 10. scvmm1 is in VLAN 10 by an isolation setting, as SCVMM
would have done it. The management OS of hv2 is in VLAN 20. plain1 is in no VLAN and meets only pc1 and the management
OS of hv1.

The VM gateway is a router on a stick: its one adapter is a trunk, and its guest has made an interface for each of the
two VLANs, between which it routes. It has one for VLAN 30 as well, which the trunk does not allow: nothing gets
through, and the switch counts what it drops. Try:

    hvlab matrix
    hvlab exec web1 -- ping -c 2 web2
    hvlab trace web1 db2
    hvlab exec gateway -- tcpdump -e -n -i eth0
    hvlab trace web1 printer
"""

from lab import Lab, isolation, trunk

TEN, TWENTY, THIRTY = "10.0.10.1", "10.0.20.1", "10.0.30.1"

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
hv1.vm("printer", "External", "10.0.30.11/24", gateway=THIRTY, vlan=30)
gateway = hv1.vm("gateway", "External", vlan=trunk("10,20", native=0), forwarding=True)
for vlan, address in ((10, TEN), (20, TWENTY), (30, THIRTY)):
    gateway.vlan_interface(vlan, f"{address}/24")

hv2 = lab.host("hv2")
hv2.nic("Ethernet", office, "10.0.20.22/24", gateway=TWENTY)
hv2.external_switch("External", nic="Ethernet", vlan=20)
hv2.vm("web2", "External", "10.0.10.12/24", gateway=TEN, vlan=10)
hv2.vm("db2", "External", "10.0.20.12/24", gateway=TWENTY, vlan=20)
in_ten = isolation("Vlan", allow_untagged_traffic=True, default_isolation_id=10)
hv2.vm("scvmm1", "External", "10.0.10.13/24", gateway=TEN, isolation=in_ten)

if __name__ == "__main__":
    lab.main()
