"""A NAT switch: VMs of an internal switch reach the world behind the host's address, and the world reaches one port.

The recipe of Hyper-V for a network of one's own: an internal switch, an address for the host on it, and a NAT for its
subnet (New-VMSwitch -SwitchType Internal, New-NetIPAddress, New-NetNat). Nothing hands out addresses: the VMs' are set.
web1's port 80 is port 8080 of hv1 (Add-NetNatStaticMapping). Try:

    hvlab exec web1 -- ping -c 2 203.0.113.80
    hvlab exec web1 -- python3 -m http.server 80          # and in another terminal:
    hvlab exec pc1 -- curl -s http://192.168.1.20:8080/
    hvlab nat
    hvlab trace web1 internet
    hvlab trace pc1 web1                                   # nothing gets in unasked
"""

from lab import Lab, nat_mapping

lab = Lab("nat_switch")
lab.internet_host("internet", "203.0.113.80/24")
office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
office.computer("pc1", "192.168.1.10")

hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20")
hv1.external_switch("External", nic="Ethernet")
hv1.internal_switch("NATSwitch", "192.168.100.1/24")
hv1.nat("NatNetwork", "192.168.100.0/24", nat_mapping("TCP", 8080, "192.168.100.11", 80))
hv1.vm("web1", "NATSwitch", "192.168.100.11", gateway="192.168.100.1")
hv1.vm("web2", "NATSwitch", "192.168.100.12", gateway="192.168.100.1")

if __name__ == "__main__":
    lab.main()
