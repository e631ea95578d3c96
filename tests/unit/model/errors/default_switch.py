from lab import Lab

lab = Lab("lab")
office = lab.physical_network("office", "172.20.16.0/24")

hv1 = lab.host("hv1")
hv1.default_switch(vlan=10, learning="Pinned")
hv1.default_switch()

hv2 = lab.host("hv2")
hv2.internal_switch("Default Switch", "10.0.0.1/24")
hv2.private_switch("default switch")

hv3 = lab.host("hv3")
hv3.default_switch(subnet="172.20.16.0/20")
hv3.vm("web", "Default Switch", "172.20.17.1/20")

hv4 = lab.host("hv4")
hv4.default_switch("10.0.0.0/20")

hv5 = lab.host("hv5")
hv5.default_switch("172.20.32.0/24")

hv6 = lab.host("hv6")
hv6.default_switch("fd00::/64")

hv7 = lab.host("hv7")
hv7.default_switch("172.21.0.0/20")
hv7.management_adapter("Second", "Default Switch", "172.21.0.9/20")

hv8 = lab.host("hv8")
hv8.default_switch("172.21.0.0/20")

hv9 = lab.host("hv9")
hv9.vm("early", "Default Switch")
