"""What cannot become of a lab that runs, although a new lab could be like it."""

from __future__ import annotations

from collections.abc import Iterator

from lab.errors import ErrorRecord
from lab.model.kinds import SwitchType
from lab.model.names import quoted
from lab.model.objects import LabModel, VirtualSwitch
from lab.model.rules.mistakes import mistake


def transitions(old: LabModel, new: LabModel) -> Iterator[ErrorRecord]:
    """Yield what keeps one lab from becoming another; something of the same name is the same thing."""
    for host in new.hosts:
        before = old.host(host.name)
        if before and before.default_switch and not host.default_switch:
            yield mistake(
                f"{host.name}/{before.default_switch.name}",
                f"the Default Switch of host {quoted(host.name)} is to go: nobody can delete it",
                "keep default_switch(); or remove the host, apply, and make it anew",
            )
        for switch in host.switches:
            earlier = before.switch(switch.name) if before else None
            if earlier is not None:
                target = f"{host.name}/{switch.name}"
                yield from _reservation_mode(target, earlier, switch)
                yield from _embedded_teaming(target, earlier, switch)


def _reservation_mode(target: str, old: VirtualSwitch, new: VirtualSwitch) -> Iterator[ErrorRecord]:
    """New-VMSwitch has the parameter MinimumBandwidthMode, Set-VMSwitch has none."""
    found, wanted = (each.bandwidth_reservation.resolved.value for each in (old, new))
    if found != wanted:
        yield mistake(
            target,
            f"switch {quoted(target)} has the BandwidthReservationMode {found}, which is fixed at its creation "
            f"and cannot become {wanted}",
            f'expected minimum_bandwidth_mode="{found}"; or remove the switch, apply, and make it anew',
        )


def _embedded_teaming(target: str, old: VirtualSwitch, new: VirtualSwitch) -> Iterator[ErrorRecord]:
    """New-VMSwitch has the parameter EnableEmbeddedTeaming, Set-VMSwitch has none; Set-VMSwitchTeam needs a team."""
    if {old.type, new.type} == {SwitchType.EXTERNAL} and old.embedded_teaming != new.embedded_teaming:
        has, wanted = ("has", "off") if old.embedded_teaming else ("has no", "on")
        expected = "embedded_teaming=True" if old.embedded_teaming else "one NIC"
        yield mistake(
            target,
            f"switch {quoted(target)} {has} embedded teaming, which is fixed at its creation "
            f"and cannot be switched {wanted}",
            f"expected {expected}; or remove the switch, apply, and make it anew",
        )
