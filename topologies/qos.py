"""Bandwidth: what a VM may send at most, and what it is promised of a NIC that is busy. All in bits per second.

slow1 sends 20 Mbit/s at most, whatever it is asked for; it gets as fast as others send. legacy1 has a legacy network
adapter, an emulated card of 100 Mbit/s in both directions. In PowerShell, -MaximumBandwidth 10MB would mean 10 * 2**20
bits per second. Try:

    hvlab exec free1 -- iperf3 -s -D
    hvlab exec slow1 -- iperf3 -c free1 -t 3
    hvlab exec slow1 -- iperf3 -c free1 -t 3 -R

The NIC is a card of 100 Mbit/s. db1 and web1 have minimum bandwidths, as weights: of a busy NIC db1 has 50 parts, web1
30, and all others together, the default flow, 20. Whoever is alone has all of it, and inside the switch nothing is
limited. The management OS sends its backups with 40 Mbit/s at most. Try, the three at once:

    for port in 1 2 3; do hvlab exec client1 -- iperf3 -s -D -p 520$port; done
    hvlab exec db1 -- iperf3 -c client1 -p 5201 -t 10 &
    hvlab exec web1 -- iperf3 -c client1 -p 5202 -t 10 &
    hvlab exec other1 -- iperf3 -c client1 -p 5203 -t 10

A switch keeps the mode of its minimum bandwidths: `hvlab apply --set mode=None topologies/qos.py` is refused.
"""

from lab import Lab

lab = Lab("qos")
limit = lab.parameter("limit", 20_000_000, "what slow1 may send, in bits per second", minimum=0)
mode = lab.parameter("mode", "Weight", "the MinimumBandwidthMode of switch External: Weight or None")
weight = lab.parameter("weight", 50, "the MinimumBandwidthWeight of db1", minimum=0, maximum=100)
office = lab.physical_network("office", "192.168.1.0/24")
office.computer("client1", "192.168.1.10")

hv1 = lab.host("hv1")
hv1.internal_switch("Internal", "10.0.1.1/24")
hv1.vm("free1", "Internal", "10.0.1.11")
hv1.vm("slow1", "Internal", "10.0.1.12", maximum_bandwidth=limit)
hv1.vm("legacy1", "Internal", "10.0.1.13", generation=1, legacy=True)

# In mode None nobody is promised anything.
promised = mode.casefold() != "none"
hv1.nic("Ethernet", office, "192.168.1.21", speed=100_000_000)
hv1.external_switch(
    "External",
    nic="Ethernet",
    minimum_bandwidth_mode=mode,
    default_flow_minimum_bandwidth_weight=20 if promised else 1,
)
hv1.management_adapter("Backup", "External", "192.168.1.22", maximum_bandwidth=40_000_000)
hv1.vm("db1", "External", "192.168.1.31", minimum_bandwidth_weight=weight if promised else 0)
hv1.vm("web1", "External", "192.168.1.32", minimum_bandwidth_weight=30 if promised else 0)
hv1.vm("other1", "External", "192.168.1.33")

if __name__ == "__main__":
    lab.main()
