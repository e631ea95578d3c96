"""The switches of a Hyper-V host and the adapters that its management OS has on them, as cmdlets make them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from lab.model.extensions import ENABLED_BY_DEFAULT, SwitchExtension
from lab.model.kinds import BandwidthReservationMode, LearningMode, LoadBalancing, SwitchType
from lab.model.names import vethernet
from lab.model.objects import DEFAULT_MTU, HypervHost, NetworkAdapter, VirtualSwitch
from lab.shell.export.adapters import Whose, adapter_settings, renaming
from lab.shell.export.quoting import Raw, pattern
from lab.shell.export.writing import ON, guarded, line, lost
from lab.shell.hyperv.features import SECURITY

AGEING_S = VirtualSwitch("", SwitchType.PRIVATE).ageing_s


def switch_lines(host: HypervHost) -> Iterator[str]:
    """Yield what makes the switches of a host and the management OS's adapters on them, these in their order.

    The Default Switch is not among them: Windows makes that one itself.
    """
    made: set[str] = set()
    for adapter in host.management_adapters:
        switch = host.switch(adapter.switch)
        if switch is None:
            yield lost(f'{vethernet(adapter.name)} of host "{host.name}", which is on no switch')
        elif not switch.is_default:
            if switch.name not in made:
                made.add(switch.name)
                yield ""
                yield from _switch(host, switch)
            yield from _management_adapter(host, switch, adapter)
    for switch in host.switches:
        if switch.name not in made and not switch.is_default:
            yield ""
            yield from _switch(host, switch)


def comes_with(host: HypervHost, switch: VirtualSwitch) -> bool:
    """Tell whether the management OS's adapter that is named like a switch is the one that comes with the switch."""
    mine = host.adapters_on(switch.name)
    return bool(mine) and mine[0].name == switch.name


def given_mtu(host: HypervHost, switch: VirtualSwitch | None) -> int:
    """Return the MTU that a new adapter of the management OS has on a switch."""
    nic = host.nic(switch.nic) if switch else None
    return nic.mtu if nic else DEFAULT_MTU


def _switch(host: HypervHost, switch: VirtualSwitch) -> Iterator[str]:
    recorded = {each.name: json.loads(each.value) for each in switch.recorded}
    mode = switch.bandwidth_reservation
    words: dict[str, object] = {"Name": switch.name}
    if switch.type is SwitchType.EXTERNAL:
        words |= {"NetAdapterName": list(switch.nics), "AllowManagementOS": comes_with(host, switch)}
        if switch.embedded_teaming:
            words["EnableEmbeddedTeaming"] = True
    else:
        words["SwitchType"] = switch.type.value
    if mode.resolved is not BandwidthReservationMode.WEIGHT:
        words["MinimumBandwidthMode"] = mode.value
    yield line("New-VMSwitch", **words, **recorded)
    if switch.type is SwitchType.INTERNAL and not comes_with(host, switch):
        yield line("Remove-VMNetworkAdapter", ManagementOS=ON, Name=pattern(switch.name))
    if switch.load_balancing is not LoadBalancing.HYPERVPORT:
        yield line("Set-VMSwitchTeam", Name=switch.name, LoadBalancingAlgorithm=switch.load_balancing.value)
    yield from _flows(switch)
    yield from _extensions(switch)
    if switch.mirror_external_port:
        yield "# The external port is a source of port mirroring: what passes the NIC is copied to the destinations."
        yield line("$feature = Get-VMSystemSwitchExtensionPortFeature", FeatureName=SECURITY)
        yield "$feature.SettingData.MonitorMode = 2"
        yield line(
            "Add-VMSwitchExtensionPortFeature", ExternalPort=ON, SwitchName=switch.name,
            VMSwitchExtensionFeature=Raw("$feature"),
        )  # fmt: skip
    yield from guarded(_lab(switch))


def _flows(switch: VirtualSwitch) -> Iterator[str]:
    fresh = VirtualSwitch("", switch.type)
    words: dict[str, object] = {}
    if switch.default_flow_minimum_bandwidth_weight != fresh.default_flow_minimum_bandwidth_weight:
        words["DefaultFlowMinimumBandwidthWeight"] = switch.default_flow_minimum_bandwidth_weight
    if switch.default_flow_minimum_bandwidth_absolute != fresh.default_flow_minimum_bandwidth_absolute:
        words["DefaultFlowMinimumBandwidthAbsolute"] = switch.default_flow_minimum_bandwidth_absolute
    if words:
        yield line("Set-VMSwitch", Name=switch.name, **words)


def _extensions(switch: VirtualSwitch) -> Iterator[str]:
    for extension in SwitchExtension:
        if (extension in switch.extensions) is not (extension in ENABLED_BY_DEFAULT):
            verb = "Enable" if extension in switch.extensions else "Disable"
            quiet = line(f"{verb}-VMSwitchExtension", VMSwitchName=switch.name, Name=extension.value)
            yield f"{quiet} | Out-Null"


def _lab(switch: VirtualSwitch) -> Iterator[str]:
    words: dict[str, object] = {}
    if switch.learning is not LearningMode.PINNED:  # what New-VMSwitch makes
        words["LearningMode"] = switch.learning.value
    if switch.ageing_s != AGEING_S:
        words["AgeingTime"] = switch.ageing_s
    if words:
        yield line("Set-LabSwitch", Name=switch.name, **words)


def _management_adapter(host: HypervHost, switch: VirtualSwitch, adapter: NetworkAdapter) -> Iterator[str]:
    if adapter.name != switch.name or not comes_with(host, switch):
        yield line("Add-VMNetworkAdapter", ManagementOS=ON, Name=adapter.name, SwitchName=switch.name)
    whose = Whose(adapter.name)
    yield from adapter_settings(adapter, whose)
    yield from renaming(adapter, whose)
