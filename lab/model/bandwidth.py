"""Who is promised how much of a NIC: minimum bandwidths of adapters on an external switch, in bits per second."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.model.kinds import BandwidthReservationMode
from lab.model.names import vethernet
from lab.model.objects import HypervHost, NetworkAdapter, VirtualSwitch

ASSUMED_SPEED_BPS: Final = 10_000_000_000
"""What minimum bandwidths are reckoned from where a NIC's speed is not given."""


def rounded(bits_per_s: int) -> int:
    """Return a bandwidth as Set-VMNetworkAdapter rounds it: up to a multiple of 8 bits per second."""
    return -(-bits_per_s // 8) * 8


def connected(host: HypervHost, switch: VirtualSwitch) -> Iterator[tuple[str, NetworkAdapter]]:
    """Yield the adapters that have a port of a switch with their full names, those of the management OS first."""
    for adapter in host.adapters_on(switch.name):
        yield f"{host.name}/{vethernet(adapter.name)}", adapter
    for vm in host.vms:
        for adapter in vm.adapters if vm.running else ():
            if adapter.switch == switch.name:
                yield vm.adapter_id(adapter), adapter


def default_flow(switch: VirtualSwitch, speed_bps: int) -> int:
    """Return what adapters without a minimum bandwidth have together, in Absolute mode (Set-VMSwitch)."""
    return rounded(switch.default_flow_minimum_bandwidth_absolute) or speed_bps // 10


def promises(host: HypervHost, switch: VirtualSwitch, speed_bps: int) -> tuple[int, dict[str, int]]:
    """Return what the default flow is promised of a NIC of `speed_bps`, and each adapter with a minimum of its own."""
    adapters = dict(connected(host, switch))
    match switch.bandwidth_reservation.resolved:
        case BandwidthReservationMode.WEIGHT:
            weights = {name: each.minimum_bandwidth_weight for name, each in adapters.items()}
            total = switch.default_flow_minimum_bandwidth_weight + sum(weights.values())
            rates = {name: speed_bps * weight // total for name, weight in weights.items() if weight}
            return speed_bps - sum(rates.values()), rates
        case BandwidthReservationMode.ABSOLUTE:
            rates = {name: rounded(each.minimum_bandwidth_absolute) for name, each in adapters.items()}
            return default_flow(switch, speed_bps), {name: rate for name, rate in rates.items() if rate}
        case _:
            return speed_bps, {}
