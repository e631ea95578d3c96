"""What sharing an address costs: a node by the cluster's address beside the same node by its own, and three beside one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.bench.conftest import ROUNDS, Record
from tests.bench.figures import Goal, compare
from tests.bench.labs import Shell, goodput, shell_of
from tests.system.clusters import converged
from tests.system.conftest import LabOf

VIP, DIRECT = "10.0.0.100", "10.0.0.11"
NODES = ("vm1", "vm2", "vm3")
SECONDS = 3
CONNECTIONS = 16

TOPOLOGY = """
from lab import Lab, nlb_rule

lab = Lab("bench")
office = lab.physical_network("office", "10.0.0.0/24")
office.computer("pc1", "10.0.0.1")
hv1 = lab.host("hv1")
hv1.nic("Ethernet", office)
hv1.external_switch("External", nic="Ethernet", learning="Pinned", allow_management_os=False)
rules = [nlb_rule(80, 80, protocol="Tcp", affinity="None"), nlb_rule(5201, 5201, mode="Single")]
cluster = lab.nlb_cluster("cluster", "10.0.0.100/24", mode={mode!r}, rules=rules)
for at in (1, 2, 3):
    hv1.vm(f"vm{{at}}", "External", f"10.0.0.1{{at}}", mac_spoofing=True).nlb_node(cluster, at)
"""

NGINX = (
    "daemon on; worker_processes 1; pid /run/nginx.pid; error_log /dev/null; events { worker_connections 1024; } "
    "http { access_log off; client_body_temp_path /run; proxy_temp_path /run; fastcgi_temp_path /run; "
    'uwsgi_temp_path /run; scgi_temp_path /run; server { listen 80 backlog=1024; location / { return 200 "ok"; } } }'
)


@contextmanager
def web_servers(run: Shell) -> Iterator[None]:
    for node in NODES:
        run(node, f"echo '{NGINX}' > /run/nginx.conf && nginx -c /run/nginx.conf")
    yield
    for node in NODES:
        run(node, "nginx -c /run/nginx.conf -s stop")


def connection_rate(run: Shell, address: str) -> float:
    """Return the connections per second that a client makes, one for each request."""
    words = f"wrk -t1 -c{CONNECTIONS} -d{SECONDS}s -H 'Connection: close' http://{address}/"
    found = re.search(r"Requests/sec:\s+([\d.]+)", run("pc1", words))
    assert found
    return float(found[1])


@pytest.mark.parametrize("mode", ["Unicast", "Multicast"])
def test_throughput(lab: LabOf, record: Record, mode: str) -> None:
    with lab(TOPOLOGY.format(mode=mode)) as running:
        converged(running, *NODES)
        run = shell_of(running)
        bits: dict[str, list[float]] = {VIP: [], DIRECT: []}
        rates: dict[str, list[float]] = {VIP: [], DIRECT: []}
        with web_servers(run):
            for _ in range(ROUNDS):
                for address in (VIP, DIRECT):
                    bits[address].append(goodput(run, "pc1", "vm1", address))
                    rates[address].append(connection_rate(run, address))
    title = f"NLB, {mode.lower()}: TCP goodput to a node by the cluster's address / by its own"
    record(compare(title, "Gbit/s", bits[VIP], bits[DIRECT], Goal(0.9, "at least")))
    title = f"NLB, {mode.lower()}: connections in a second to three nodes / to one directly"
    record(compare(title, "", rates[VIP], rates[DIRECT], Goal(0.9, "at least")))
