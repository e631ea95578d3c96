"""A switch-embedded team: two physical NICs serve one external switch, and one of them may fail.

"Ethernet 1" and "Ethernet 2" of hv1 are a team. Each adapter uses one of them, web1 the one that it is mapped to. When
a member loses its link, its adapters go on by the other one, and no connection breaks. Try:

    hvlab exec pc1 -- iperf3 -s -D
    hvlab exec web1 -- iperf3 -c pc1 -t 10
    hvlab exec hv1 -- ip link set dev Ethernet2 down      # meanwhile, in another terminal; and up again
    hvlab trace web1 pc1                                   # names the NIC by which the packet leaves

web4 on hv2 has a team of its own, of two adapters on two switches with a NIC each: with --set cable3=0 it goes on by
External2, as its adapters have AllowTeaming On.

--set balancing=Dynamic spreads the connections of one adapter over both; --set cable2=0 pulls the cable of "Ethernet 2"
out (with `hvlab apply`, too).
"""

from lab import Lab

lab = Lab("teaming")
balancing = lab.parameter("balancing", "HyperVPort", "LoadBalancingAlgorithm of the team: HyperVPort or Dynamic")
cable2 = lab.parameter("cable2", 1, "whether the cable of Ethernet 2 is plugged in", minimum=0, maximum=1)
cable3 = lab.parameter("cable3", 1, "whether the cable of Ethernet 1 of hv2 is plugged in", minimum=0, maximum=1)

office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
office.computer("pc1", "192.168.1.10")

hv1 = lab.host("hv1")
hv1.nic("Ethernet 1", office, "192.168.1.21")
hv1.nic("Ethernet 2", office, connected=cable2 == 1)
hv1.external_switch("External", nic=["Ethernet 1", "Ethernet 2"], load_balancing=balancing)
hv1.vm("web1", "External", "192.168.1.31", team_mapping="Ethernet 2")
hv1.vm("web2", "External", "192.168.1.32")
hv1.vm("web3", "External", "192.168.1.33")

hv2 = lab.host("hv2")
hv2.nic("Ethernet 1", office, "192.168.1.22", connected=cable3 == 1)
hv2.nic("Ethernet 2", office)
hv2.external_switch("External1", nic="Ethernet 1")
hv2.external_switch("External2", nic="Ethernet 2", allow_management_os=False)
web4 = hv2.vm("web4", "External1", allow_teaming=True).adapter("External2", allow_teaming=True)
web4.team("Team", "192.168.1.34")

if __name__ == "__main__":
    lab.main()
