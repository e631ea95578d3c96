"""Access lists: what the switch lets in and out of a VM, whatever the VM itself would allow.

web1 takes web requests from everybody and nothing else from anybody: its extended ACL allows what comes in for TCP port
80, denies the rest, and lets the answers to web1's own TCP connections in (the stateful entry). db1 has a port ACL: it
talks to the subnet of the servers only, whose prefix is longer than that of ANY, and its traffic is counted. Try:

    hvlab matrix
    hvlab exec web1 -- sh -c 'python3 -m http.server 80 &'
    hvlab exec client1 -- curl -sI http://10.0.1.11/
    hvlab trace client1 web1 --tcp 80
    hvlab trace client1 web1 --tcp 22
    hvlab trace client1 db1
"""

from lab import Lab, allow, deny, extended_allow, extended_deny, meter

lab = Lab("acl")
office = lab.physical_network("office", "10.0.0.0/16", "2001:db8:1::/64")
office.computer("client1", "10.0.9.1", "2001:db8:1::9:1")

hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "10.0.0.21")
hv1.external_switch("External", nic="Ethernet")
hv1.vm(
    "web1", "External", "10.0.1.11", "2001:db8:1::1:11",
    extended_acls=[
        extended_allow(100, "Inbound", protocol="TCP", local_port=80),
        extended_allow(100, "Outbound", protocol="TCP", stateful=True),
        extended_deny(1, "Inbound"),
    ],
)  # fmt: skip
hv1.vm(
    "db1", "External", "10.0.1.12", "2001:db8:1::1:12",
    acls=[deny(remote="ANY"), allow(remote="10.0.1.0/24"), meter(remote="ANY", direction="Outbound")],
)  # fmt: skip
hv1.vm("app1", "External", "10.0.1.13", "2001:db8:1::1:13")

if __name__ == "__main__":
    lab.main()
