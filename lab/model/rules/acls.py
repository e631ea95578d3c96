"""Access lists that a switch refuses, with the number that it gives as its reason (NDIS port property status).

What only a running adapter can contradict is refused when its VM is to run: Add-VMNetworkAdapterExtendedAcl takes a
stateful entry for any protocol, and the VM then fails to start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lab.errors import ErrorRecord
from lab.model.acl import ALL_PORTS, DEFAULT_IDLE_S, LARGEST_WEIGHT, TCP, UDP, AclAction, ExtendedAcl, PortAcl
from lab.model.names import quoted
from lab.model.objects import LabModel, NetworkAdapter
from lab.model.rules.mistakes import mistake

_LARGEST_IDLE_S = 65535
_WITH_PORTS = (TCP, UDP)


def acls(model: LabModel) -> Iterator[ErrorRecord]:
    """Entries that are there twice, that count what cannot be counted, or that contradict themselves."""
    for host in model.hosts:
        for adapter in host.management_adapters:
            yield from _adapter(f"{host.name}/{adapter.name}", adapter, running=True)
        for vm in host.vms:
            for adapter in vm.adapters:
                yield from _adapter(vm.adapter_id(adapter), adapter, running=vm.running)


def _adapter(owner: str, adapter: NetworkAdapter, *, running: bool) -> Iterator[ErrorRecord]:
    if not adapter.acls and not adapter.extended_acls:
        return
    for entry, count in Counter(adapter.acls).items():
        if count > 1:
            yield _refused(owner, f"the port ACL entry {entry} {count} times", "expected once", 24)
        yield from _port_entry(owner, entry)
    for (weight, direction), count in Counter((each.weight, each.direction) for each in adapter.extended_acls).items():
        if count > 1:
            what = f"{count} extended ACL entries {direction} with weight {weight}"
            yield _refused(owner, what, "expected one: the weight says which of two decides", 24)
    for each in adapter.extended_acls:
        yield from _extended(owner, each)
        if running:
            yield from _stateful(owner, each)


def _port_entry(owner: str, entry: PortAcl) -> Iterator[ErrorRecord]:
    if entry.action is AclAction.METER and entry.mac:
        yield _refused(owner, f"the port ACL entry {entry}", "only IP addresses can be metered", 13)


def _extended(owner: str, entry: ExtendedAcl) -> Iterator[ErrorRecord]:
    if not 0 <= entry.weight <= LARGEST_WEIGHT:
        yield _wrong(owner, f"an extended ACL entry with weight {entry.weight}", f"expected 0 to {LARGEST_WEIGHT}")
    if len(entry.versions) > 1 and (entry.local_ip or entry.remote_ip):
        yield _wrong(owner, f"the extended ACL entry {entry}", "expected both addresses to be IPv4, or both IPv6")
    if entry.protocol not in _WITH_PORTS and (entry.local_port, entry.remote_port) != (ALL_PORTS, ALL_PORTS):
        yield _wrong(owner, f"the extended ACL entry {entry}", "only the protocols TCP and UDP have ports")
    if entry.idle_s != DEFAULT_IDLE_S and not entry.stateful:
        what = f"the extended ACL entry {entry} with an idle session timeout"
        yield _refused(owner, what, "only stateful entries have one", 77)
    if not 1 <= entry.idle_s <= _LARGEST_IDLE_S:
        what = f"an extended ACL entry with the idle session timeout {entry.idle_s} s"
        yield _wrong(owner, what, f"expected 1 to {_LARGEST_IDLE_S}")


def _stateful(owner: str, entry: ExtendedAcl) -> Iterator[ErrorRecord]:
    if entry.stateful and entry.protocol not in _WITH_PORTS:
        expected = "only the protocols TCP and UDP can be stateful; the VM would not start (0x80070057)"
        yield _refused(owner, f"the extended ACL entry {entry}", expected, 80)
    elif entry.stateful and entry.action is not AclAction.ALLOW:
        expected = "only Allow can be stateful; the VM would not start (0x80070057)"
        yield _wrong(owner, f"the extended ACL entry {entry}", expected)


def _refused(owner: str, what: str, expected: str, number: int) -> ErrorRecord:
    return _wrong(owner, what, f"{expected} (reason {number})")


def _wrong(owner: str, what: str, expected: str) -> ErrorRecord:
    return mistake(owner, f"adapter {quoted(owner)} has {what}", expected)
