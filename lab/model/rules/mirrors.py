"""Port mirroring that would show nothing to anybody."""

from __future__ import annotations

from collections.abc import Iterator

from lab.errors import ErrorRecord
from lab.model.kinds import PortMirroring
from lab.model.names import quoted
from lab.model.objects import HypervHost, LabModel, NetworkAdapter, VirtualSwitch
from lab.model.rules.mistakes import mistake


def mirrors(model: LabModel) -> Iterator[ErrorRecord]:
    """Sources on a switch without a Destination; the Best Practices Analyzer of Hyper-V warns of them."""
    for host in model.hosts:
        for switch in host.switches:
            adapters = dict(_adapters(host, switch))
            modes = {adapter.port_mirroring for adapter in adapters.values()}
            if PortMirroring.DESTINATION in modes:
                continue
            for owner, adapter in adapters.items():
                if adapter.port_mirroring is PortMirroring.SOURCE:
                    yield _nobody(owner, f"adapter {quoted(owner)} is a Source of port mirroring", switch)
            if switch.mirror_external_port:
                owner = f"{host.name}/{switch.name}"
                yield _nobody(owner, f"the external port of {quoted(owner)} is a Source of port mirroring", switch)


def _adapters(host: HypervHost, switch: VirtualSwitch) -> Iterator[tuple[str, NetworkAdapter]]:
    for adapter in host.adapters_on(switch.name):
        yield f"{host.name}/{adapter.name}", adapter
    for vm in host.vms:
        for adapter in vm.adapters:
            if adapter.switch == switch.name:
                yield vm.adapter_id(adapter), adapter


def _nobody(owner: str, what: str, switch: VirtualSwitch) -> ErrorRecord:
    expected = 'expected one with port_mirroring="Destination" (Set-VMNetworkAdapter -PortMirroring Destination)'
    return mistake(owner, f"{what}, and switch {quoted(switch.name)} has no Destination", expected)
