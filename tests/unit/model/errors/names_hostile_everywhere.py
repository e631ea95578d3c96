from lab import Lab

lab = Lab("bad")
office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20")
hv1.external_switch("External", nic="Ethernet")


def evil(number):
    return f'"; rm -rf / #{number}\n\x1b[2J' + "x" * 70000


campus = lab.physical_network(evil(1), "10.0.0.0/24", router="10.0.0.1")
campus.computer(evil(2), "10.0.0.5")
other = lab.host(evil(3))
other.nic(evil(4), campus, "10.0.0.6")
other.external_switch(evil(5), nic=evil(4))
other.vm(evil(6), evil(5), "10.0.0.5", generation=1)
other.vm(evil(7), evil(8), "10.0.0.7")
