"""Two public networks: each router knows the way to the other's subnet over the internet."""

from lab import Lab

lab = Lab("two_routers")
lab.internet_host("internet", "203.0.113.80/24", "2001:db8:ffff::80/64")
for n in (1, 2):
    router = (f"192.0.{n}.1", f"2001:db8:{n}::1")
    net = lab.physical_network(f"net{n}", f"192.0.{n}.0/24", f"2001:db8:{n}::/64", router=router, nat=False)
    net.computer(f"pc{n}", f"192.0.{n}.10", f"2001:db8:{n}::10")
