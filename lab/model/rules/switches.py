"""Virtual switches and the management OS's adapters on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lab.errors import ErrorRecord
from lab.model.kinds import SwitchType
from lab.model.names import quoted
from lab.model.objects import HypervHost, LabModel, NetworkAdapter, VirtualSwitch
from lab.model.rules.mistakes import known, mistake


def switches(model: LabModel) -> Iterator[ErrorRecord]:
    """Switches that their host cannot have."""
    for host in model.hosts:
        owners: dict[str, str] = {}
        for switch in host.switches:
            target = f"{host.name}/{switch.name}"
            yield from _switch(host, switch, target)
            for nic in switch.nics:
                if nic in owners:
                    yield mistake(
                        target,
                        f"switch {quoted(switch.name)} cannot have NIC {quoted(nic)}: it is already bound to switch "
                        f"{quoted(owners[nic])}",
                        "one NIC serves one external switch: use another NIC",
                    )
            owners = dict.fromkeys(switch.nics, switch.name) | owners
        for adapter in host.management_adapters:
            yield from _management_adapter(host, adapter)


def _switch(host: HypervHost, switch: VirtualSwitch, target: str) -> Iterator[ErrorRecord]:
    external = switch.type is SwitchType.EXTERNAL
    name = quoted(switch.name)
    if not external and switch.nics:
        yield mistake(target, f"{switch.type} switch {name} has a NIC", "only an external switch has one")
    if external and not switch.nics:
        remedy = known(nic.name for nic in host.nics)
        yield mistake(target, f"switch {name} has no NIC: an external switch needs one", remedy)
    for nic in switch.nics if external else ():
        if not host.nic(nic):
            what = f"is to use NIC {quoted(nic)}: host {quoted(host.name)} does not have it"
            yield mistake(target, f"switch {name} {what}", known((each.name for each in host.nics), nic))
    for extension, count in Counter(switch.extensions).items():
        if count > 1:
            yield mistake(target, f"switch {name} has the extension {quoted(extension)} {count} times", "expected once")
    if not 1 <= switch.ageing_s <= 65535:
        yield mistake(target, f"switch {name} has an ageing time of {switch.ageing_s} s", "expected 1 to 65535")


def _management_adapter(host: HypervHost, adapter: NetworkAdapter) -> Iterator[ErrorRecord]:
    target = f"{host.name}/{adapter.name}"
    who = f"management-OS adapter {quoted(adapter.name)}"
    switch = host.switch(adapter.switch)
    if adapter.switch is None:
        yield mistake(target, f"{who} is on no switch", "it exists on a switch only")
    elif switch is None:
        yield unknown_switch(host, adapter.switch, target, who)
    elif switch.type is SwitchType.PRIVATE:
        yield mistake(
            target,
            f"{who} is on private switch {quoted(switch.name)}",
            "a private switch connects VMs only: make it internal",
        )
    if adapter.mac_spoofing:
        yield mistake(target, f"MacAddressSpoofing is On for {who}", "only a VM's adapter can have it")


def unknown_switch(host: HypervHost, name: str, target: str, who: str) -> ErrorRecord:
    """Return the mistake that something is to be on a switch which its host does not have."""
    return mistake(
        target,
        f"{who} is to be on switch {quoted(name)}, which host {quoted(host.name)} does not have",
        known((switch.name for switch in host.switches), name),
    )
