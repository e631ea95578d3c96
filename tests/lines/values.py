"""Values for parameters: such as fit, as far as a parameter's name and type say what it is, and hostile ones."""

from __future__ import annotations

import string
from random import Random
from typing import Final

from lab.shell.command import Command, Parameter
from tests.lines.vocabulary import Names, getters

_NEW: Final = ("new1", "new2", "Lab", "web 9", "Übung", "a.b")
_V4: Final = ("10.0.1.77", "10.0.1.0", "192.168.1.200", "172.30.0.1", "10.0.1.10", "10.0.1.99", "0.0.0.0", "8.8.8.8")
_V6: Final = ("2001:db8:a::77", "fe80::1", "::1", "2001:db8:1::")
_PREFIXES: Final = ("10.0.1.0/24", "192.168.1.0/24", "172.30.0.0/16", "0.0.0.0/0", "2001:db8:a::/64", "10.0.1.77/32")
_MACS: Final = ("00155D770001", "00-15-5D-77-00-02", "00:15:5d:77:00:03", "02-00-00-00-00-01", "0155D7700")
_NUMBERS: Final = ("0", "1", "2", "10", "20", "50", "100", "1000", "65535", "100MB", "1GB", "24", "80", "443")
_SPANS: Final = ("00:01:00", "8.00:00:00", "(New-TimeSpan -Hours 1)", "00:00:00", "1")
_GUID: Final = "12345678-1234-1234-1234-123456789abc"

_BY_NAME: Final[tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = (
    (("mac", "linklayer"), _MACS),
    (("vlanidlist", "vlanid", "isolationid"), ("10", "11", "0", "4094", "10-12", "10,12", "1-4094")),
    (("prefixlength",), ("24", "16", "64", "32", "0")),
    (("subnetmask",), ("255.255.255.0", "255.255.0.0", "255.0.255.0")),
    (("prefix", "remoteip", "localip"), (*_PREFIXES, *_V4, "ANY")),
    (("gateway", "nexthop", "ipaddress", "clusterip", "scopeid", "range", "dip", "vip", "server"), (*_V4, *_V6)),
    (("port",), ("80", "443", "1", "65535", "53-80", "0")),
    (("protocol",), ("TCP", "UDP", "6", "1", "Both")),
    (("weight", "priority"), ("1", "10", "50", "100")),
    (("bandwidth",), ("0", "10MB", "100000000", "1000000000")),
    (("storm", "delay", "timeout", "lifetime", "count"), ("0", "1", "1000")),
    (("clientid",), ("00-15-5d-77-00-01", "aa-bb")),
    (("optionid",), ("3", "6", "15", "66", "250")),
)

HOSTILE: Final = (
    "''", '""', "$null", "@()", "@($null)", "@(,@(,@(,1)))", "(,(1,2),(3,(4,5)))", "@{}", "@{a=@{b=@{c=1}}}", "{ }",
    "{ throw 'x' }", "-1", "0x7fffffffffffffff", "99999999999999999999999999", "1e308", "1.5", "-0.0", "$true",
    "'*'", "'?'", "'[a-'", "'[]'", "'`'", "'*' * 0", "('x' * 100000)", "('a','b' * 3)", '"`0"', '"`a`b`e`f"',
    '"a`nb`r`tc"', "'\x01\x02\x1b[31m'", "'\x7f\x85\u2028'", "'ünïcödé \U0001f600 \u202e'", "'a''b'", "'a\"b'", "'$(1)'",
    '"$(1/0)"', '"$(Get-VM)"', "(1/0)", "(Get-Date)", "[int]", "[guid]::NewGuid()", "([ipaddress]'::1')",
    "'255.255.255.255'", "'300.1.1.1'", "'1.2.3'", "'10.0.1.0/33'", "'::ffff:1.2.3.4'", "'fe80::1%eth0'", "'-'", "'--'",
    "'C:\\x\\..\\..'", "'/etc/passwd'", "'../../x'", "'a/b'", "'CON'", "' '", "' lead'", "'%s%d{0}{1}'", "'{0}'",
    "'__class__'", "'@'", "'é\u0301'", "\u2018x\u2019", "(1..300)", "(Get-VM)", "(Get-VMSwitch)", "(Get-VMHost)",
    "(Get-Variable)", "([pscustomobject]@{Name='x';VMName='y'})", "$PSVersionTable", "$host", "$Error", "NaN",
    "([double]::NaN)", "([double]::PositiveInfinity)", "1MB,2GB", "'00-00-00-00-00-00'", "'FFFFFFFFFFFF'", "'١٢'", "'²'",
)  # fmt: skip


def quoted(text: str) -> str:
    """Return a text as one word of a script."""
    return text if text and set(text) <= _PLAIN and not text[0].isdigit() else "'" + text.replace("'", "''") + "'"


_PLAIN: Final = frozenset(string.ascii_letters + string.digits)


class Values:
    """Chooses values with a lab's names. ``kept`` are variables that have objects, with the type of these."""

    def __init__(self, random: Random, names: Names, kept: list[tuple[str, str]]) -> None:
        self._random = random
        self._names = names
        self.kept = kept

    def fitting(self, command: Command, parameter: Parameter, depth: int = 0) -> str:
        """Return a value that a parameter may well take, as it is written in a script."""
        kind = parameter.type.removesuffix("[]")
        if parameter.is_array and self._random.random() < 0.15:
            return ",".join(self._one(command, parameter, kind, depth) for _ in range(2))
        return self._one(command, parameter, kind, depth)

    def hostile(self) -> str:
        return self._random.choice(HOSTILE)

    def _one(self, command: Command, parameter: Parameter, kind: str, depth: int) -> str:
        choose = self._random.choice
        if parameter.values:
            return quoted(choose(parameter.values))
        if kind in _TYPES:
            return choose(_TYPES[kind])
        if kind in ("String", "Object", "IPAddress", "PSObject"):
            return self._named(command, parameter)
        if kind.startswith(("Int", "UInt", "Byte", "SByte", "Double")):
            return choose(_hinted(parameter.name) or _NUMBERS)
        if kind.isupper() or not getters(kind) or depth > 1:
            return self.hostile()
        kept = [name for of, name in self.kept if of in [each.output for each in getters(kind)]]
        if kept and self._random.random() < 0.4:
            return choose(kept)
        getter = choose(getters(kind))
        words = [getter.name]
        for each in getter.parameters:
            if each.mandatory or (each.position == 0 and self._random.random() < 0.5):
                if each.is_switch:
                    continue
                words += [f"-{each.name}", self.fitting(getter, each, depth + 1)]
                break
        return f"({' '.join(words)})"

    def _named(self, command: Command, parameter: Parameter) -> str:
        choose = self._random.choice
        pool = self._pool(command, parameter)
        if pool and self._random.random() < 0.85:
            found = choose(pool)
            return quoted(f"{found[:2]}*" if parameter.wildcards and self._random.random() < 0.15 else found)
        hinted = _hinted(parameter.name)
        return quoted(choose(hinted or (*_NEW, *_V4)))

    def _pool(self, command: Command, parameter: Parameter) -> tuple[str, ...]:
        """Return the names that a parameter is about; new ones for what makes something."""
        name, noun, names = parameter.name.casefold(), command.name.partition("-")[2].casefold(), self._names
        if name.startswith("new") or (name == "name" and command.name.startswith("New-")):
            return _NEW
        if parameter.complete in _COMPLETED:
            return tuple(getattr(names, _COMPLETED[parameter.complete]))
        if name == "name":
            name = noun
        if name == "scopeid":
            return names.scopes
        if command.module == "NetworkLoadBalancingClusters" and name == "hostname":
            return names.nodes
        for part, what in _PARTS:
            if part in name:
                return tuple(getattr(names, what))
        if "address" in name or "scope" in name:
            return names.addresses
        return ()


_COMPLETED: Final = {"vm": "vms", "switch": "switches", "adapter": "adapters", "nic": "nics", "host": "hosts"}
_PARTS: Final = (
    ("switchname", "switches"), ("vmswitch", "switches"), ("adaptername", "adapters"), ("vmnetworkadapter", "adapters"),
    ("netadapter", "nics"), ("interfacealias", "nics"), ("interfacename", "nics"), ("vmname", "vms"), ("vm", "vms"),
    ("labswitch", "switches"), ("network", "networks"), ("hostname", "machines"), ("computer", "machines"),
    ("host", "hosts"), ("nic", "nics"), ("lab", "machines"),
)  # fmt: skip
_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "Boolean": ("$true", "$false", "1", "0"),
    "Guid": (f"'{_GUID}'", "([guid]::NewGuid())", "(Get-VM | Select-Object -First 1).Id"),
    "TimeSpan": _SPANS,
    "DateTime": ("(Get-Date)", "'2024-01-31'"),
    "ScriptBlock": ("{ $_ }", "{ $_.Name -like '*1' }", "{ Get-VM }", "{ 1; 2 }"),
    "Hashtable": ("@{a=1}", "@{}"),
    "OnOffState": ("On", "Off"),
    "Version": ("'5.1'", "'1.0.0'"),
    "Char": ("';'", "','"),
}


def _hinted(name: str) -> tuple[str, ...]:
    folded = name.casefold()
    return next((values for parts, values in _BY_NAME if any(part in folded for part in parts)), ())
