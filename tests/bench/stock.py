"""Stock Mininet, driven by lines of JSON: run by the distribution's Python, which has the distribution's Mininet.

``stock.py HOSTS SWITCHES``: starts a network as its documentation does, with its own OVSSwitch in the user datapath and
switches that learn by themselves; prints {"started": true} and then answers each line of standard input: a list
[HOST, COMMAND...] with what the command printed, "memory" with the memory of each host's shell in bytes, "stop" with the
seconds that `net.stop()` took.
"""

from __future__ import annotations

import json
import sys
import time

from mininet.net import Mininet
from mininet.node import OVSSwitch


def main() -> None:
    """Serve until told to stop."""
    hosts, switches = int(sys.argv[1]), int(sys.argv[2])
    net = Mininet(controller=None, build=False, ipBase="10.0.0.0/8")
    made = [
        net.addSwitch(f"s{number}", cls=OVSSwitch, datapath="user", failMode="standalone")
        for number in range(1, switches + 1)
    ]
    for number in range(1, hosts + 1):
        net.addLink(net.addHost(f"h{number}"), made[number % switches])
    net.start()
    tell({"started": True})
    for line in sys.stdin:
        wanted = json.loads(line)
        if wanted == "memory":
            tell([memory(host.pid) for host in net.hosts])
        elif wanted == "stop":
            began = time.monotonic()
            net.stop()
            tell(time.monotonic() - began)
            return
        else:
            node, *command = wanted
            tell(net.get(node).cmd(*command))


def memory(pid: int) -> dict[str, int]:
    """Return what a process occupies, in bytes."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        values = {words[0]: int(words[1]) * 1024 for words in map(str.split, file) if words[0] in ("Rss:", "Pss:")}
    return {"rss": values["Rss:"], "pss": values["Pss:"]}


def tell(what: object) -> None:
    """Answer with a line of JSON."""
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
