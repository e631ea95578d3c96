"""What cannot become of a lab that runs, although a new lab could be like it."""

from __future__ import annotations

from collections.abc import Iterator

from lab.errors import ErrorRecord
from lab.model.names import quoted
from lab.model.objects import LabModel
from lab.model.rules.mistakes import mistake


def transitions(old: LabModel, new: LabModel) -> Iterator[ErrorRecord]:
    """Yield what keeps one lab from becoming another; something of the same name is the same thing."""
    yield from _reservation_modes(old, new)


def _reservation_modes(old: LabModel, new: LabModel) -> Iterator[ErrorRecord]:
    """New-VMSwitch has the parameter MinimumBandwidthMode, Set-VMSwitch has none."""
    for host in new.hosts:
        before = old.host(host.name)
        for switch in host.switches if before else ():
            earlier = before.switch(switch.name) if before else None
            if earlier is None:
                continue
            found, wanted = (each.bandwidth_reservation.resolved.value for each in (earlier, switch))
            if found != wanted:
                target = f"{host.name}/{switch.name}"
                yield mistake(
                    target,
                    f"switch {quoted(target)} has the BandwidthReservationMode {found}, which is fixed at its creation "
                    f"and cannot become {wanted}",
                    f'expected minimum_bandwidth_mode="{found}"; or remove the switch, apply, and make it anew',
                )
