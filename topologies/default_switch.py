"""The Default Switch of client Windows: VMs that need no settings at all.

hvlab status                                    # leases, too
hvlab exec vm1 -- ip addr                       # an address of 172.16/12, leased by the host
hvlab exec vm1 -- ping -c 1 203.0.113.80        # out, behind the host's address
hvlab exec vm1 -- busybox nslookup vm2.mshome.net
"""

from lab import Lab

lab = Lab("default_switch")
lab.internet_host("internet", "203.0.113.80/24")
home = lab.physical_network("home", "192.168.1.0/24", router="192.168.1.1")

laptop = lab.host("laptop")
laptop.nic("Wi-Fi", home, "192.168.1.20")
switch = laptop.default_switch()

laptop.vm("vm1", switch)
laptop.vm("vm2", switch)

if __name__ == "__main__":
    lab.main()
