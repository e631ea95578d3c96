"""IGMP snooping of a physical switch: frames for a cluster in IGMP multicast mode reach the ports that have joined.

Open vSwitch's own snooping goes by the IP address that a packet is for, which is that of the cluster, and no group's. A
real switch goes by the MAC address, and so do the flows here: they remember, for each group's MAC address, the ports by
which somebody has reported to be a member (RFC 1112), for as long as switches do without a further report (RFC 2236,
8.4). What nobody has joined reaches every port. Frames are passed on with the tag that they have, or without one.

A daemon that starts again has no flows: what it shall have is in a file beside its sockets, for :mod:`.rejoin`.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from lab.emulation import ovs, rejoin
from lab.engine.resources import Bridge
from lab.errors import LabFault

MEMBERSHIP_S: Final = 260
MOST_PORTS: Final = 255
"""The last number of a port that is looked at."""

_GROUPS: Final = "dl_dst=01:00:5e:7f:00:00/ff:ff:ff:ff:00:00"
_MEMBERS, _KNOWN, _DELIVERY = 1, 2, 3
_IGMP: Final = 2
_TIMEOUT_S: Final = 10


def flows() -> str:
    """Return the flows of a switch that snoops."""
    remember_port = (
        f"learn(table={_MEMBERS},hard_timeout={MEMBERSHIP_S},NXM_OF_ETH_DST[],"
        "NXM_NX_REG0[0..15]=NXM_OF_IN_PORT[],output:NXM_OF_IN_PORT[])"
    )
    remember_group = f"learn(table={_KNOWN},hard_timeout={MEMBERSHIP_S},NXM_OF_ETH_DST[],load:1->NXM_NX_REG1[])"
    each = ",".join(f"load:{port}->NXM_NX_REG0[],resubmit(,{_MEMBERS})" for port in range(1, MOST_PORTS + 1))
    lines = (
        f"table=0,priority=2,ip,nw_proto={_IGMP},{_GROUPS},actions={remember_port},{remember_group},NORMAL",
        f"table=0,priority=1,ip,{_GROUPS},actions=resubmit(,{_KNOWN}),resubmit(,{_DELIVERY})",
        "table=0,priority=0,actions=NORMAL",
        f"table={_DELIVERY},priority=1,reg1=1,actions={each}",
        f"table={_DELIVERY},priority=0,actions=NORMAL",
    )
    return "".join(f"{line}\n" for line in lines)


def set_up(bridge: Bridge) -> None:
    """Have a physical switch snoop, or stop snooping, as its settings say; it must exist."""
    file = _file(bridge)
    file.write_text(flows() if bridge.igmp_snooping else "actions=NORMAL\n", encoding="ascii")
    command = rejoin.flows_command(ovs.binary("ovs-ofctl"), str(file))
    done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    if done.returncode:
        raise LabFault(f'IGMP snooping of "{bridge.device}" cannot be set up: {" ".join(done.stderr.split())}')
    if not bridge.igmp_snooping:
        file.unlink()


def _file(bridge: Bridge) -> Path:
    return ovs.directory(bridge.node) / f"{bridge.device}{rejoin.FLOWS}"
