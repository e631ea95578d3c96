"""Resolve-DnsName: what a name means on a machine."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any, Final

from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.errors import ErrorRecord
from lab.shell.net.dns import servers
from lab.shell.net.probes import asked, hosts, is_address
from lab.shell.objects import PSObject
from lab.shell.recording import accepted
from lab.shell.views import Column, show

_BASE: Final = "Microsoft.DnsClient.Commands.DnsRecord"
_KINDS: Final = ("A", "AAAA", "A_AAAA", "NS", "CNAME", "SOA", "PTR", "MX", "TXT", "SRV", "ANY")
_HOSTS_TTL: Final = 86400
_NO_SUCH_NAME: Final = 3

_COLUMNS: Final = (
    Column("Name", width=46), Column("Type", width=6), Column("TTL", width=5), Column("Section", width=10),
)  # fmt: skip
show(f"{_BASE}_A", "table", *_COLUMNS, Column("IPAddress"))
show(f"{_BASE}_PTR", "table", *_COLUMNS, Column("NameHost"))
show(_BASE, "table", *_COLUMNS, Column("Data", "Strings"))


@command(
    "Resolve-DnsName",
    "DnsClient",
    "Performs a DNS query for the specified name.",
    (
        Parameter("Name", position=0, mandatory=True, pipe="VP", help="The name, or an address whose name is wanted."),
        Parameter("Type", "RecordType", position=1, values=_KINDS, pipe="P", help="What is asked for."),
        Parameter("Server", "String[]", pipe="P", help="The DNS server to ask; the machine's own unless given."),
        Parameter("DnsOnly", "Switch", help="Only asks DNS servers."),
        Parameter("NoHostsFile", "Switch", help="Does not look into the machine's own list of names."),
        Parameter("CacheOnly", "Switch", support=Support.ACCEPTED),
        Parameter("QuickTimeout", "Switch", help="Waits for a second only."),
        Parameter("LlmnrOnly", "Switch", support=Support.ACCEPTED),
        Parameter("TcpOnly", "Switch", support=Support.ACCEPTED),
    ),
    output="DnsRecord",
    guest=True,
    error_class="Microsoft.DnsClient.Commands.ResolveDnsName",
    examples=(
        Example("Resolve-DnsName web1", "Tells the addresses of a name."),
        Example("Resolve-DnsName web1.contoso.local -Server 10.0.0.10", "Asks one DNS server."),
    ),
)  # fmt: skip
def resolve_dnsname(call: Call) -> Iterator[object]:
    """Look a name up in the machine's list, then ask DNS servers."""
    accepted(call)
    name = call.get("Name")
    kind = call.get("Type", "PTR" if is_address(name) else "A_AAAA")
    if is_address(name) and kind == "PTR":
        name = ip_address(name).reverse_pointer
    listed = not (call.is_on("DnsOnly") or call.is_on("NoHostsFile") or "Server" in call)
    found = list(_from_hosts(call, name, kind)) if listed else []
    if found:
        yield from found
        return
    codes: set[int | None] = set()
    for each in ("AAAA", "A") if kind == "A_AAAA" else (kind,):
        for server in call.get("Server") or servers(call.place, call.machine):
            code, entries = asked(call.place, call.machine, name, each, server, 1 if call.is_on("QuickTimeout") else 3)
            codes.add(code)
            if code is not None:
                found += [_record(*entry) for entry in entries]
                break
    if found:
        yield from found
    elif codes and codes <= {None}:
        call.error(_failed(name, "This operation returned because the timeout period expired", "ERROR_TIMEOUT",
                           "OperationTimeout"))  # fmt: skip
    elif not codes or _NO_SUCH_NAME in codes:
        call.error(_failed(name, "DNS name does not exist", "DNS_ERROR_RCODE_NAME_ERROR"))


def _failed(name: str, words: str, error_id: str, category: str = "ResourceUnavailable") -> ErrorRecord:
    return ErrorRecord(f"{name} : {words}", category, error_id, "Win32Exception", name)


def _from_hosts(call: Call, name: str, kind: str) -> Iterator[PSObject]:
    if kind not in ("A", "AAAA", "A_AAAA", "ANY"):
        return
    for address in reversed(hosts(call.place, call.machine, name)):
        of = "AAAA" if ":" in address else "A"
        if kind in (of, "A_AAAA", "ANY"):
            yield _record(name, of, _HOSTS_TTL, address, "Answer")


def _record(name: str, kind: str, ttl: int, data: Any, section: str) -> PSObject:
    common = {"Name": name, "QueryType": kind, "Type": kind, "TTL": ttl, "Section": section}
    if kind in ("A", "AAAA"):
        address = {"IPAddress": data, "Address": data, f"IP{4 if kind == 'A' else 6}Address": data}
        return PSObject((f"{_BASE}_{kind}", f"{_BASE}_A", _BASE), common | address)
    if kind in ("PTR", "CNAME", "NS", "MX", "SOA"):
        return PSObject((f"{_BASE}_{kind}", f"{_BASE}_PTR", _BASE), common | {"NameHost": data})
    return PSObject((f"{_BASE}_{kind}", _BASE), common | {"Strings": data})
