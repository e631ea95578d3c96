"""`nslookup` and `curl.exe`: what they say on a machine of the lab."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any, Final

from lab.shell.command import Call, Example, command
from lab.shell.net.dns import servers
from lab.shell.net.probes import asked, is_address, resolve
from lab.shell.net.usage import ARGUMENTS

_MODULE: Final = "Windows"
_REASONS: Final = {2: "Server failed", 3: "Non-existent domain", 5: "Query refused"}
_TIMEOUT_S: Final = 120.0


@command(
    "nslookup",
    _MODULE,
    "Asks a DNS server for a name or an address.",
    ARGUMENTS,
    guest=True,
    examples=(Example("nslookup web1.contoso.local 10.0.0.10", "Asks one DNS server for a name."),),
    remarks="It asks DNS servers only, not the lab's own list of names, by which ping web1 goes.",
)
def nslookup(call: Call) -> Iterator[str]:
    """Ask a DNS server, and yield what it answers."""
    words = [word for word in call.get("Arguments", []) if not word.startswith("-")]
    options = [word.lower() for word in call.get("Arguments", []) if word.startswith("-")]
    kind = next((word.partition("=")[2].upper() for word in options if word.startswith(("-type=", "-q"))), "A")
    call.runtime.ended(0)
    if not words:
        call.runtime.ended(1)
        yield "usage: nslookup [-type=A|AAAA|MX|NS|PTR|TXT] NAME [SERVER]"
        return
    server = _server(call, words[1:])
    if server is None:
        call.runtime.ended(1)
        yield from ("*** Default servers are not available", "Server:  UnKnown", "Address:  127.0.0.1", "",
                    f"*** UnKnown can't find {words[0]}: No response from server")  # fmt: skip
        return
    yield from ("Server:  UnKnown", f"Address:  {server}", "")
    yield from _answer(call, words[0], kind, server)


def _server(call: Call, words: list[str]) -> str | None:
    if words:
        return next(iter(resolve(call.place, call.machine, words[0])), None)
    return next(iter(servers(call.place, call.machine)), None)


def _answer(call: Call, name: str, kind: str, server: str) -> Iterator[str]:
    wanted = name
    if is_address(name):
        wanted, kind = ip_address(name).reverse_pointer, "PTR"
    if kind not in ("A", "AAAA", "MX", "NS", "PTR", "TXT", "SOA", "SRV", "CNAME", "ANY"):
        yield f"unknown query type: {kind}"
        call.runtime.ended(1)
        return
    code, entries = asked(call.place, call.machine, wanted, kind, server)
    if code is None:
        yield "DNS request timed out.\n    timeout was 2 seconds."
        yield "*** Request to UnKnown timed-out"
        call.runtime.ended(1)
    elif code or not entries:
        why = _REASONS.get(code, "No such records" if not code else "Unspecified error")
        yield f"*** UnKnown can't find {name}: {why}"
        call.runtime.ended(1)
    else:
        yield from _records(name, kind, entries)
    yield ""


def _records(name: str, kind: str, entries: list[Any]) -> Iterator[str]:
    answers = [each for each in entries if each[4] == "Answer"]
    if kind == "PTR":
        yield f"Name:    {answers[0][3] if answers else name}"
        yield f"Address:  {name}"
        return
    addresses = [str(each[3]) for each in answers if each[1] in ("A", "AAAA")]
    if addresses:
        owner = next(each[0] for each in answers if each[1] in ("A", "AAAA"))
        yield f"Name:    {owner}"
        label = "Addresses" if len(addresses) > 1 else "Address"
        yield f"{label}:  {addresses[0]}"
        yield from (f"\t  {each}" for each in addresses[1:])
    for owner, of, _, data, _ in answers:
        if of not in ("A", "AAAA"):
            yield f"{owner}\t{of} = {data}"


@command(
    "curl.exe",
    _MODULE,
    "Transfers from or to a server, as the program curl does.",
    ARGUMENTS,
    guest=True,
    examples=(Example("curl.exe -s http://web1/", "Gets a page from a machine of the lab."),),
    remarks="Without .exe curl is Invoke-WebRequest.",
)
def curl(call: Call) -> Iterator[str]:
    """Run curl on the machine and yield what it says."""
    done = call.place.run(call.machine, ("curl", *call.get("Arguments", [])), timeout_s=_TIMEOUT_S)
    yield from done.out.splitlines()
    for line in done.err.splitlines():
        call.runtime.write_host(line)
    call.runtime.ended(done.code)
