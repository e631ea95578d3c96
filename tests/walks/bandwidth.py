"""Moves of bandwidth: speeds of NICs, minimums of adapters and of default flows, limits of the management OS."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from lab.model.kinds import BandwidthReservationMode
from lab.model.objects import HypervHost, NetworkAdapter, VirtualSwitch
from tests.walks.picking import Move, pick, some_adapter, some_host, some_switch, swap

_SPEEDS = (0, 0, 10**8, 10**9)
_ABSOLUTE = BandwidthReservationMode.ABSOLUTE


def mode_of(switch: str) -> BandwidthReservationMode:
    """Return the mode that a switch of this name has in all walks.

    Two models of one walk may be one change, and in a change a switch keeps its mode.
    """
    return _ABSOLUTE if switch == "S3" else BandwidthReservationMode.WEIGHT


def _promise(random: Random, host: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    """A minimum as the adapter's switch has them, or none; sometimes more than is left."""
    switch = host.switch(adapter.switch)
    absolute = switch is not None and switch.bandwidth_reservation is _ABSOLUTE
    weight, bandwidth = random.choice((0, 1, 50, 100)), random.choice((0, 10**7, 10**8, 10**9))
    return replace(
        adapter,
        minimum_bandwidth_weight=0 if absolute else weight,
        minimum_bandwidth_absolute=bandwidth if absolute else 0,
    )


def _default_flow(random: Random, host: HypervHost, switch: VirtualSwitch) -> HypervHost:
    absolute = switch.bandwidth_reservation is _ABSOLUTE
    weight, bandwidth = random.choice((0, 1, 20)), random.choice((0, 10**7))
    other = replace(
        switch,
        default_flow_minimum_bandwidth_weight=1 if absolute else weight,
        default_flow_minimum_bandwidth_absolute=bandwidth if absolute else 0,
    )
    return replace(host, switches=swap(host.switches, switch, other))


def _management(random: Random, host: HypervHost) -> HypervHost:
    adapter = pick(random, host.management_adapters)
    other = replace(_promise(random, host, adapter), maximum_bandwidth=random.choice((0, 10**8, 10**9)))
    return replace(host, management_adapters=swap(host.management_adapters, adapter, other))


def _speed(random: Random, host: HypervHost) -> HypervHost:
    nic = pick(random, host.nics)
    return replace(host, nics=swap(host.nics, nic, replace(nic, speed=random.choice(_SPEEDS))))


SOMETIMES: tuple[Move, ...] = (
    some_adapter(_promise),
    some_switch(_default_flow),
    some_host(_management),
    some_host(_speed),
)
