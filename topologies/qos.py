"""MaximumBandwidth: what a VM may send, in bits per second.

slow1 sends 20 Mbit/s at most, whatever it is asked for; it gets as fast as others send. legacy1 has a legacy network
adapter, an emulated card of 100 Mbit/s in both directions. In PowerShell, -MaximumBandwidth 10MB would mean 10 * 2**20
bits per second. Try:

    hvlab exec free1 -- iperf3 -s -D
    hvlab exec slow1 -- iperf3 -c free1 -t 3
    hvlab exec slow1 -- iperf3 -c free1 -t 3 -R
"""

from lab import Lab

lab = Lab("qos")
limit = lab.parameter("limit", 20_000_000, "what slow1 may send, in bits per second", minimum=0)

hv1 = lab.host("hv1")
hv1.internal_switch("Internal", "10.0.1.1/24")
hv1.vm("free1", "Internal", "10.0.1.11")
hv1.vm("slow1", "Internal", "10.0.1.12", maximum_bandwidth=limit)
hv1.vm("legacy1", "Internal", "10.0.1.13", generation=1, legacy=True)

if __name__ == "__main__":
    lab.main()
