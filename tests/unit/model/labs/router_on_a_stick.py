"""VLAN interfaces of guests: some pass their port, one is not allowed, one comes back without its tag."""

from lab import Lab, trunk

lab = Lab("router_on_a_stick")
hv1 = lab.host("hv1")
hv1.private_switch("Private")
for name, vlan in (("web", 10), ("db", 20), ("far", 30)):
    ends = (f"10.0.{vlan}.11/24", f"2001:db8:{vlan}::11/64")
    hv1.vm(name, "Private", *ends, gateway=(f"10.0.{vlan}.1", f"2001:db8:{vlan}::1"), vlan=vlan)
gw = hv1.vm("gw", "Private", "192.168.1.1/24", vlan=trunk("10,20", native=0), forwarding=True)
for vlan in (10, 20, 30):
    gw.vlan_interface(vlan, f"10.0.{vlan}.1/24", f"2001:db8:{vlan}::1/64")
hv1.vm("plain", "Private", "192.168.1.2/24", gateway="192.168.1.1")
legs = hv1.vm("legs", "Private", "10.0.20.2/24", vlan=trunk("10,20", native=20))
legs.vlan_interface(10, "10.0.10.2/24", gateway="10.0.10.1").vlan_interface(20, "10.0.21.2/24")
hv1.vm("shut", "Private", "10.0.10.3/24", vlan=10).vlan_interface(20, "10.0.20.3/24")
