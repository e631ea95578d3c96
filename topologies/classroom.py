"""A classroom on one host: as many VMs as there are students, half of them on the office's network.

The management OS of ``hv1`` routes between its switches (a Windows server does not, unless told to), so the VMs of
both switches reach each other; but the office's machines know no way back to the internal subnet. Choose the number of
VMs with ``hvlab up topologies/classroom.py --set vms=50``, or in the environment: ``HVLAB_VMS=50``.
"""

from lab import Lab

lab = Lab("classroom")
vms = lab.parameter("vms", 10, "number of VMs", minimum=1, maximum=200)

lab.internet_host("internet", "203.0.113.80/24")
office = lab.physical_network("office", "192.168.0.0/23", router="192.168.0.1")
office.computer("teacher", "192.168.0.10")

hv1 = lab.host("hv1", forwarding=True)
hv1.nic("Ethernet", office, "192.168.0.20")
hv1.external_switch("External", nic="Ethernet")
hv1.internal_switch("Internal", "10.0.1.1/24")

for number in range(1, vms + 1):
    if number % 2:
        hv1.vm(f"vm{number}", "External", f"192.168.1.{number}", gateway="192.168.0.20")
    else:
        hv1.vm(f"vm{number}", "Internal", f"10.0.1.{number}", gateway="10.0.1.1")

if __name__ == "__main__":
    lab.main()
