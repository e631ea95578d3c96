"""Reading the leases of Default Switches from where the controller keeps them. Runs inside the pod."""

from __future__ import annotations

import time

from lab.emulation.observe import read_external_ids
from lab.engine.switch_leases import SwitchLease, switch_leases
from lab.intent.leases import LEASES_KEY
from lab.model.names import bridge_device
from lab.model.objects import LabModel


def now() -> float:
    """Return the time by the clock that leases go by: seconds since the machine has started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def read(model: LabModel) -> list[SwitchLease]:
    """Return the leases of all Default Switches of a lab."""
    found: list[SwitchLease] = []
    for host in model.hosts:
        switch = host.default_switch
        if switch:
            document = read_external_ids(host.name).get(bridge_device(switch.name), {}).get(LEASES_KEY, "")
            found += switch_leases(host, document, now())
    return found
