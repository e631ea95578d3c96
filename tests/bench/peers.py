"""The peers: stock Mininet, a bare Open vSwitch bridge, a Linux bridge. Each in namespaces of its own, gone at its end."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
_SYSTEM_PYTHON = "/usr/bin/python3"
_END = "@@end@@"

_PRIVATE = """
set -e
mount -t tmpfs tmpfs /run
mount -t sysfs sysfs /sys
ip link set dev lo up
"""

_OPEN_VSWITCH = """
mkdir -p /run/openvswitch
ovsdb-tool create /run/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server /run/openvswitch/conf.db --remote=punix:/run/openvswitch/db.sock --pidfile --detach --no-chdir \
    --log-file=/run/openvswitch/db.log -vconsole:off
ovs-vsctl --no-wait init
"""
_OFFLOADS = "ovs-vsctl --no-wait set Open_vSwitch . other_config:userspace-tso-enable=true\n"
_DAEMON = "ovs-vswitchd --pidfile --detach --no-chdir --log-file=/run/openvswitch/switch.log -vconsole:off\n"

_TWO_MACHINES = """
for n in 1 2; do
    ip netns add m$n
    ip link add p$n type veth peer name eth0 netns m$n
    ip -n m$n address add 10.0.0.$n/24 dev eth0
    ip -n m$n link set dev eth0 up
    ip link set dev p$n up
done
"""


class Private:
    """A shell as root of its own network, mount and PID namespaces."""

    def __init__(self, set_up: str, *program: str) -> None:
        words = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c")
        rest = 'exec "$@"' if program else "exec bash"
        self._process = subprocess.Popen(
            (*words, f"{set_up}\n{rest}", "bash", *program),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip

    def run(self, command: str) -> str:
        """Run a shell command and return what it printed; AssertionError if it fails."""
        lines: list[str] = []
        self.say(f"{command}; echo {_END} $?")
        for line in self._output():
            if line.startswith(_END):
                assert line.split()[1] == "0", f"{command}: exit code {line.split()[1]}\n{''.join(lines)}"
                return "".join(lines)
            lines.append(line)
        raise AssertionError(f"the shell ended during: {command}")

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")

    def hear(self) -> Any:
        """Return the next line, which is JSON."""
        return json.loads(next(self._output()))

    def _output(self) -> Iterator[str]:
        assert self._process.stdout is not None
        return iter(self._process.stdout.readline, "")

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def private(set_up: str, *program: str) -> Iterator[Private]:
    """Yield a private shell, or a program in its place, and end it with all that it started."""
    shell = Private(_PRIVATE + set_up, *program)
    try:
        yield shell
    finally:
        shell.end()


@contextmanager
def stock_mininet(hosts: int, switches: int = 1) -> Iterator[tuple[Private, float]]:
    """Yield a running network of stock Mininet, and the seconds from the start of its process until it ran."""
    program = (_SYSTEM_PYTHON, "-W", "ignore", str(_HERE / "stock.py"), str(hosts), str(switches))
    with private(_OPEN_VSWITCH + _DAEMON + "echo '{}'", *program) as network:
        network.hear()  # Open vSwitch runs; what it needs for that is not counted
        began = time.monotonic()
        assert network.hear() == {"started": True}
        yield network, time.monotonic() - began


@contextmanager
def bare_switch() -> Iterator[Private]:
    """Yield two machines, m1 and m2, on an Open vSwitch bridge with a NORMAL flow and hvlab's offloads."""
    bridge = "ovs-vsctl add-br br0 -- set bridge br0 datapath_type=netdev\n"
    ports = (
        "ovs-vsctl add-port br0 p1 -- add-port br0 p2\novs-ofctl del-flows br0\novs-ofctl add-flow br0 actions=NORMAL\n"
    )
    with private(_OPEN_VSWITCH + _OFFLOADS + _DAEMON + bridge + _TWO_MACHINES + ports) as shell:
        shell.run("ip netns exec m1 ping -c 2 -i 0.2 10.0.0.2")
        yield shell


@contextmanager
def linux_bridge() -> Iterator[Private]:
    """Yield two machines, m1 and m2, on a bridge of the Linux kernel."""
    bridge = "ip link add br0 type bridge\nip link set dev br0 up\n"
    ports = "ip link set dev p1 master br0\nip link set dev p2 master br0\n"
    with private(bridge + _TWO_MACHINES + ports) as shell:
        shell.run("ip netns exec m1 ping -c 2 -i 0.2 10.0.0.2")
        yield shell


def installed() -> str:
    """Return what keeps the peers from running here, or nothing."""
    if os.geteuid() != 0:
        return "stock Mininet and bare switches need root"
    done = subprocess.run(
        (_SYSTEM_PYTHON, "-W", "ignore", "-c", "import mininet.net as m; print(m.VERSION)"),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return "" if done.stdout.startswith("2.3") else "stock Mininet 2.3 is not installed: .make/packages --bench"
