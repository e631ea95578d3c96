"""Resource metering: what each VM sends and gets, as a provider would put it on a bill.

web1 has Meter entries, and each is a class of its own: what stays in the office, which is free, and all the rest. app1
has none, so all of its traffic is one class for each direction and IP version. db1 is not metered. The host has a range
of dynamic MAC addresses of its own. Try:

    hvlab exec web1 -- ping -c 3 192.168.1.10
    hvlab exec web1 -- ping -c 3 203.0.113.80
    hvlab measure
    hvlab measure web1 --reset
    hvlab counters
"""

from lab import Lab, meter

lab = Lab("metering")
lab.internet_host("internet", "203.0.113.80/24")
office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
office.computer("pc1", "192.168.1.10")

hv1 = lab.host("hv1", mac_address_minimum="00155D020600", mac_address_maximum="00155D0206FF")
hv1.nic("Ethernet", office, "192.168.1.20")
hv1.external_switch("External", nic="Ethernet")
hv1.vm(
    "web1", "External", "192.168.1.31", resource_metering=True,
    acls=[meter(remote="192.168.1.0/24"), meter(remote="0.0.0.0/0")],
)  # fmt: skip
hv1.vm("app1", "External", "192.168.1.32", resource_metering=True)
hv1.vm("db1", "External", "192.168.1.33")

if __name__ == "__main__":
    lab.main()
