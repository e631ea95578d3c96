from lab import Lab, nat_mapping

lab = Lab("bad")
hv1 = lab.host("hv1")
hv1.internal_switch("Internal", "10.0.0.1/24")
hv1.nat(
    "NAT", "10.0.0.0/24",
    nat_mapping("ICMP", 80, "10.0.0.2"), nat_mapping("TCP", 0, "10.0.0.2"), nat_mapping("udp", 53, "10.0.1.2"),
    nat_mapping("TCP", 80, "10.0.0.2"), nat_mapping("TCP", 80, "10.0.0.3"), nat_mapping("TCP", "x", "10.0.0.3"),
    nat_mapping("TCP", 81, "fd00::1"), nat_mapping("TCP", 82, "10.0.0.2", external_ip="here"), "TCP 80",
)
hv1.nat("Second", "10.0.1.0/24")
hv2 = lab.host("hv2")
hv2.nat("Six", "fd00::/64")
hv2.nat("Wrong", "10.0.0.1/24")
