"""VMs that are installed over the network: a DHCP server, Windows Deployment Services, and two generations of VMs.

hvlab pxe                         # what each VM was offered, what it booted, and why not
hvlab pxe boot --reinstall new1   # once more, from an empty disk

A VM of generation 1 boots from its legacy adapter only, as a BIOS; one of generation 2 as UEFI. DHCP server and WDS are
separate machines here: both hear the clients, and option 60 must not be set.
"""

from lab import Lab, dhcp_scope

lab = Lab("pxe")
hv1 = lab.host("hv1")
hv1.internal_switch("Internal", "10.0.1.1/24")

scope = dhcp_scope("10.0.1.0/24", "10.0.1.100", "10.0.1.199", router="10.0.1.1")
hv1.vm("dhcp1", "Internal", "10.0.1.2/24").dhcp_server(scope)
hv1.vm("wds1", "Internal", "10.0.1.3/24").wds_server()
hv1.vm("new1", "Internal", "dhcp", boot_device="NetworkAdapter")
hv1.vm("new2", "Internal", "10.0.1.12/24", boot_device="NetworkAdapter")
hv1.vm("old1", "Internal", "10.0.1.11/24", generation=1, legacy=True, boot_device="LegacyNetworkAdapter")

if __name__ == "__main__":
    lab.main()
