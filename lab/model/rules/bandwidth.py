"""Bandwidth that a switch cannot promise, or that contradicts itself; with the reasons' numbers that Hyper-V gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.errors import ErrorRecord
from lab.model.bandwidth import ASSUMED_SPEED_BPS, connected, default_flow, rounded
from lab.model.kinds import AdapterKind, BandwidthReservationMode
from lab.model.names import quoted
from lab.model.objects import HypervHost, LabModel, NetworkAdapter, PhysicalNic, VirtualSwitch
from lab.model.rules.mistakes import mistake

MAX_BANDWIDTH_BPS: Final = 100_000_000_000
"""No adapter and no NIC of a host is faster."""
MIN_BANDWIDTH_BPS: Final = 1_000_000
"""Less than this is no speed of a NIC and cannot be promised. Hyper-V's own bound is not documented."""
MAX_WEIGHT: Final = 100


def bandwidth(model: LabModel) -> Iterator[ErrorRecord]:
    """Bandwidths of NICs, switches and adapters that cannot be."""
    for host in model.hosts:
        for nic in host.nics:
            yield from _nic(host, nic)
        for switch in host.switches:
            yield from _default_flow(host, switch)
        for target, adapter in _adapters(host):
            who = f"adapter {quoted(target)}"
            yield from _maximum(target, who, adapter)
            yield from _minimum(target, who, adapter, host.switch(adapter.switch))


def promises_kept(model: LabModel) -> Iterator[ErrorRecord]:
    """More promised than there is."""
    for host in model.hosts:
        for switch in host.switches:
            yield from _not_enough_left(host, switch)


def _adapters(host: HypervHost) -> Iterator[tuple[str, NetworkAdapter]]:
    for adapter in host.management_adapters:
        yield f"{host.name}/{adapter.name}", adapter
    for vm in host.vms:
        for adapter in vm.adapters:
            yield vm.adapter_id(adapter), adapter


def _nic(host: HypervHost, nic: PhysicalNic) -> Iterator[ErrorRecord]:
    if nic.speed and not MIN_BANDWIDTH_BPS <= nic.speed <= MAX_BANDWIDTH_BPS:
        target = f"{host.name}/{nic.name}"
        yield mistake(
            target,
            f"NIC {quoted(target)} has a speed of {nic.speed}",
            f"expected {MIN_BANDWIDTH_BPS} to {MAX_BANDWIDTH_BPS} bits per second, or 0 (as fast as the machine)",
        )


def _maximum(target: str, who: str, adapter: NetworkAdapter) -> Iterator[ErrorRecord]:
    maximum, minimum = adapter.maximum_bandwidth, adapter.minimum_bandwidth_absolute
    if not 0 <= maximum <= MAX_BANDWIDTH_BPS:
        expected = f"expected 0 (no limit) to {MAX_BANDWIDTH_BPS} bits per second (reason 52)"
        yield mistake(target, f"{who} has the MaximumBandwidth {maximum}", expected)
    elif 0 < maximum < minimum:
        yield mistake(
            target,
            f"{who} has the MaximumBandwidth {maximum}, which is below its MinimumBandwidthAbsolute {minimum}",
            "expected no less (reason 102)",
        )


def _minimum(target: str, who: str, adapter: NetworkAdapter, switch: VirtualSwitch | None) -> Iterator[ErrorRecord]:
    weight, absolute = adapter.minimum_bandwidth_weight, adapter.minimum_bandwidth_absolute
    if adapter.kind is AdapterKind.LEGACY and (weight or absolute):
        yield mistake(target, f"{who} is a legacy one with a minimum bandwidth", "only a synthetic one can have it")
    if not 0 <= weight <= MAX_WEIGHT:
        yield mistake(target, f"{who} has the MinimumBandwidthWeight {weight}", _WEIGHTS)
    if absolute and not absolute >= MIN_BANDWIDTH_BPS:
        yield mistake(target, f"{who} has the MinimumBandwidthAbsolute {absolute}", _BANDWIDTHS)
    for value, what, mode in (
        (weight, "MinimumBandwidthWeight", BandwidthReservationMode.WEIGHT),
        (absolute, "MinimumBandwidthAbsolute", BandwidthReservationMode.ABSOLUTE),
    ):
        if value and switch and switch.bandwidth_reservation.resolved is not mode:
            yield mistake(target, f"{who} has a {what}, and {_mode_of(switch)}", _needs(mode))


def _default_flow(host: HypervHost, switch: VirtualSwitch) -> Iterator[ErrorRecord]:
    target = f"{host.name}/{switch.name}"
    who = f"switch {quoted(target)}"
    weight, absolute = switch.default_flow_minimum_bandwidth_weight, switch.default_flow_minimum_bandwidth_absolute
    if not 0 <= weight <= MAX_WEIGHT:
        yield mistake(target, f"{who} has the DefaultFlowMinimumBandwidthWeight {weight}", _WEIGHTS)
    if absolute and not absolute >= MIN_BANDWIDTH_BPS:
        yield mistake(target, f"{who} has the DefaultFlowMinimumBandwidthAbsolute {absolute}", _BANDWIDTHS)
    for changed, what, mode in (
        (weight != 1, "DefaultFlowMinimumBandwidthWeight", BandwidthReservationMode.WEIGHT),
        (absolute != 0, "DefaultFlowMinimumBandwidthAbsolute", BandwidthReservationMode.ABSOLUTE),
    ):
        if changed and switch.bandwidth_reservation.resolved is not mode:
            yield mistake(target, f"{who} has a {what}, and its mode is {_mode(switch)}", _needs(mode))


def _not_enough_left(host: HypervHost, switch: VirtualSwitch) -> Iterator[ErrorRecord]:
    """More than a NIC has; of a team each NIC keeps all promises, for the others may fail."""
    nics = [nic for nic in host.nics if nic.name in switch.nics]
    if nics and switch.bandwidth_reservation.resolved is BandwidthReservationMode.ABSOLUTE:
        slowest = min(nics, key=lambda nic: nic.speed or ASSUMED_SPEED_BPS)
        yield from _not_enough_left_of(slowest, host, switch)


def _not_enough_left_of(nic: PhysicalNic, host: HypervHost, switch: VirtualSwitch) -> Iterator[ErrorRecord]:
    """The first adapter for which nothing is left, in the order in which they were made."""
    speed = nic.speed or ASSUMED_SPEED_BPS
    left = speed - default_flow(switch, speed)
    about = f"NIC {quoted(nic.name)} of {speed} bits per second{'' if nic.speed else ' (assumed: it has no speed=)'}"
    remedy = "promise less, or give the NIC more speed (reason 50)"
    if left < 0:
        target = f"{host.name}/{switch.name}"
        yield mistake(target, f"the default flow of switch {quoted(target)} is promised more than {about} has", remedy)
        return
    for name, adapter in connected(host, switch):
        wanted = rounded(adapter.minimum_bandwidth_absolute)
        if wanted > left:
            target = f"{host.name}/{adapter.name}" if adapter in host.management_adapters else name
            yield mistake(
                target,
                f"adapter {quoted(target)} has the MinimumBandwidthAbsolute {wanted}, and {left} are left of {about}",
                remedy,
            )
            return
        left -= wanted


def _mode(switch: VirtualSwitch) -> str:
    return switch.bandwidth_reservation.resolved.value


def _mode_of(switch: VirtualSwitch) -> str:
    return f"the mode of switch {quoted(switch.name)} is {_mode(switch)}"


def _needs(mode: BandwidthReservationMode) -> str:
    return f'expected a switch with minimum_bandwidth_mode="{mode.value}" (reason 48)'


_WEIGHTS: Final = f"expected 0 to {MAX_WEIGHT} (reason 51)"
_BANDWIDTHS: Final = f"expected {MIN_BANDWIDTH_BPS} bits per second or more, or 0 (reason 49)"
