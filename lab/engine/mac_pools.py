"""The dynamic MAC addresses of a Hyper-V host: its pool, and who of the host has which (KB2804678).

The pool is made of the host's first IPv4 address when the host is made; another address later changes nothing. What an
adapter has once got it keeps, also when it is outside a pool that was changed (Set-VMHost), or of another host. A VM's
adapter gets one when the VM is started for the first time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from lab.errors import InputError
from lab.model.addresses import MAC_POOL_SIZE, hyperv_mac, mac_pool, stable_mac
from lab.model.interfaces import takes_over
from lab.model.names import quoted
from lab.model.objects import HypervHost, LabModel

_VM: Final = "Synthetic Ethernet Port"


@dataclass(frozen=True, slots=True)
class Pool:
    """Consecutive MAC addresses, as numbers; the last one is part of it."""

    first: int
    last: int

    def __contains__(self, mac: str) -> bool:
        return self.first <= _number(mac) <= self.last

    def __str__(self) -> str:
        return f"{hyperv_mac(_text(self.first))} to {hyperv_mac(_text(self.last))}"

    @property
    def size(self) -> int:
        return self.last - self.first + 1

    def free(self, taken: Collection[str]) -> Iterator[str]:
        """Yield the addresses that nobody has, the lowest first."""
        return (mac for at in range(self.first, self.last + 1) if (mac := _text(at)) not in taken)


def prefixes(model: LabModel, before: Mapping[str, str]) -> dict[str, str]:
    """Return the first five octets of every host's own pool; a host that was there before keeps its pool."""
    return {host.name: before.get(host.name) or mac_pool(host.name, _first_ipv4(host)) for host in model.hosts}


def dynamic_macs(model: LabModel, prefixes: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    """Return the MAC addresses of everything in the hosts that has no static one, by full name.

    Raises InputError when a host has no address left.
    """
    pools = {host.name: _pool(host, prefixes[host.name]) for host in model.hosts}
    shares = [_Share.of(host, before) for host in model.hosts]
    # What an adapter brought from another host is not handed out there a second time.
    strangers = {mac for share in shares for mac in share.kept.values() if mac not in pools[share.host.name]}
    return {name: mac for share in shares for name, mac in share.macs(pools[share.host.name], strangers).items()}


@dataclass(frozen=True, slots=True)
class _Share:
    """What belongs to one host. ``fixed``: the addresses of NICs, and of adapters that have a NIC's, by full name.

    ``kept`` are dynamic addresses from before, ``new`` the adapters that need one.
    """

    host: HypervHost
    fixed: Mapping[str, str]
    kept: Mapping[str, str]
    new: tuple[str, ...]
    static: frozenset[str]

    @classmethod
    def of(cls, host: HypervHost, before: Mapping[str, str]) -> _Share:
        fixed = {f"{host.name}/{nic.name}": nic.mac or stable_mac(host.name, nic.name) for nic in host.nics}
        for adapter in host.management_adapters:
            nic = takes_over(host, adapter)
            if nic and not adapter.mac:
                fixed[host.management_id(adapter)] = fixed[f"{host.name}/{nic.name}"]
        adapters = {host.management_id(each): each.mac for each in host.management_adapters}
        adapters |= {vm.adapter_id(each): each.mac for vm in host.vms for each in vm.adapters}
        static = frozenset(filter(None, (*adapters.values(), *fixed.values())))
        of_nics = _of_nics(host, before)
        dynamic = [name for name, mac in adapters.items() if not mac and name not in fixed]
        kept = {name: mac for name in dynamic if (mac := before.get(name, "")) and mac not in static | of_nics}
        off = {vm.adapter_id(each) for vm in host.vms if not vm.running for each in vm.adapters}
        new = tuple(name for name in dynamic if name not in kept and name not in off)
        return cls(host, fixed, kept, new, static)

    def macs(self, pool: Pool, strangers: Collection[str]) -> dict[str, str]:
        free = pool.free({*self.static, *self.kept.values(), *strangers})
        found = {**self.fixed, **self.kept}
        for name in self.new:
            mac = next(free, "")
            if not mac:
                raise _exhausted(self.host, name, pool)
            found[name] = mac
        return found


def _of_nics(host: HypervHost, before: Mapping[str, str]) -> set[str]:
    """Return the NICs' addresses that an adapter of the management OS had before: it has them only with the NIC."""
    mine = Counter(mac for name, mac in before.items() if name.startswith(f"{host.name}/"))
    return {mac for mac, count in mine.items() if count > 1}


def _pool(host: HypervHost, prefix: str) -> Pool:
    if host.mac_address_minimum and host.mac_address_maximum:
        return Pool(_number(host.mac_address_minimum), _number(host.mac_address_maximum))
    first = _number(f"{prefix}:00")
    return Pool(first, first + MAC_POOL_SIZE - 1)


def _exhausted(host: HypervHost, name: str, pool: Pool) -> InputError:
    owner, _, adapter = name.partition("/")
    what = f"adapter {quoted(adapter)} of the management OS" if owner == host.name else f"{_VM} {quoted(adapter)}"
    start = "" if owner == host.name else f"VM {quoted(owner)} cannot start: "
    return InputError(
        f"{start}{what} cannot power on, its address is invalid: the {pool.size} dynamic MAC addresses of host "
        f"{quoted(host.name)}, {pool}, are all in use",
        remedy="give some adapters a static MAC address (mac=...), or the host a larger range "
        "(mac_address_minimum=..., mac_address_maximum=...)",
        target=name,
    )


def _first_ipv4(host: HypervHost) -> IPv4Address | None:
    settings = [nic.ip for nic in host.nics] + [adapter.ip for adapter in host.management_adapters if adapter.ip]
    for ip in settings:
        for address in ip.addresses:
            if isinstance(address.ip, IPv4Address):
                return address.ip
    return None


def _number(mac: str) -> int:
    return int(mac.replace(":", ""), 16)


def _text(number: int) -> str:
    return number.to_bytes(6, "big").hex(":")
