"""`ping` and `tracert`: Windows' words about real packets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from lab.shell.command import Call, Example, command
from lab.shell.net.probes import (
    EXPIRED,
    GENERAL,
    NET_UNREACHABLE,
    OK,
    TOO_BIG,
    UNREACHABLE,
    Echo,
    echo,
    hops,
    is_address,
    trace,
)
from lab.shell.net.reaching import target_of
from lab.shell.net.usage import ARGUMENTS, BadUsage, Options, read

_MODULE: Final = "Windows"
_PERIOD_S: Final = 1.0
_MOST: Final = 2**32 - 1
_ANSWERED: Final = (OK, UNREACHABLE, NET_UNREACHABLE, EXPIRED)

_USAGE: Final = """
Usage: ping [-t] [-a] [-n count] [-l size] [-f] [-i TTL] [-w timeout]
            [-S srcaddr] [-4] [-6] target_name

Options:
    -t             Ping the specified host until stopped.
                   To see statistics and continue - type Control-Break;
                   To stop - type Control-C.
    -a             Resolve addresses to hostnames.
    -n count       Number of echo requests to send.
    -l size        Send buffer size.
    -f             Set Don't Fragment flag in packet (IPv4-only).
    -i TTL         Time To Live.
    -w timeout     Timeout in milliseconds to wait for each reply.
    -S srcaddr     Source address to use.
    -4             Force using IPv4.
    -6             Force using IPv6.
"""


@dataclass(slots=True)
class _Count:
    """What `ping` tells at its end."""

    sent: int = 0
    received: int = 0
    times: list[int] = field(default_factory=list)

    def take(self, found: Echo) -> None:
        self.sent += 1
        self.received += found.status in _ANSWERED
        if found.ok:
            self.times.append(found.time_ms)

    def told(self, address: str) -> Iterator[str]:
        if not self.sent:
            return
        lost = self.sent - self.received
        share = 100 * lost // self.sent
        yield ""
        yield f"Ping statistics for {address}:"
        yield f"    Packets: Sent = {self.sent}, Received = {self.received}, Lost = {lost} ({share}% loss),"
        if self.times:
            average = sum(self.times) // len(self.times)
            yield "Approximate round trip times in milli-seconds:"
            yield f"    Minimum = {min(self.times)}ms, Maximum = {max(self.times)}ms, Average = {average}ms"


@command(
    "ping",
    _MODULE,
    "Asks a machine for an answer, with ICMP echo requests.",
    ARGUMENTS,
    guest=True,
    examples=(
        Example("ping web1", "Asks four times."),
        Example("ping -n 1 -w 1000 10.0.0.2", "Asks once, and waits for a second at most."),
    ),
    remarks="Understands -t -a -n -l -f -i -w -S -4 -6. $LASTEXITCODE is 0 if anybody has answered.",
)
def ping(call: Call) -> Iterator[str]:
    """Send echo requests, a second apart, and yield a line about each as it comes back."""
    try:
        options = read(call.get("Arguments", []), ("t", "a", "f", "4", "6"), ("n", "l", "i", "w", "S"))
        yield from _ping(call, options)
    except BadUsage as error:
        call.runtime.ended(1)
        yield str(error)
        if str(error).startswith("Bad option"):
            yield from _USAGE.rstrip("\n").split("\n")


def _ping(call: Call, options: Options) -> Iterator[str]:
    number = options.number("n", 4, 1, _MOST)
    size = options.number("l", 32, 0, 65500)
    ttl = options.number("i", 128, 1, 255)
    timeout_s = options.number("w", 4000, 0, _MOST) / 1000
    if not options.words:
        raise BadUsage("IP address must be specified.")
    name = options.words[-1]
    address = target_of(call.place, call.machine, name, _version(options))
    if address is None:
        call.runtime.ended(1)
        yield f"Ping request could not find host {name}. Please check the name and try again."
        return
    shown = _named(call, address) if "a" in options and is_address(name) else name
    target = address if shown == address else f"{shown} [{address}]"
    yield ""
    yield f"Pinging {target} with {size} bytes of data:"
    count = _Count()
    try:
        while "t" in options or count.sent < number:
            started = time.monotonic()
            found = echo(
                call.place, call.machine, address, size=size, timeout_s=max(timeout_s, 0.001), ttl=ttl,
                whole="f" in options, source=options.given.get("S", ""),
            )  # fmt: skip
            count.take(found)
            yield _line(found, address, size)
            if "t" in options or count.sent < number:
                time.sleep(max(0.0, _PERIOD_S - (time.monotonic() - started)))
    except KeyboardInterrupt:
        for line in (*count.told(address), "Control-C"):
            call.runtime.write_host(line)
        raise
    yield from count.told(address)
    call.runtime.ended(0 if count.received else 1)


def _version(options: Options) -> int:
    return 4 if "4" in options else 6 if "6" in options else 0


def _line(found: Echo, address: str, size: int) -> str:
    who = found.who or address
    match found.status:
        case "Success":
            length = f"time={found.time_ms}ms" if found.time_ms else "time<1ms"
            if ":" in address:
                return f"Reply from {who}: {length} "
            return f"Reply from {who}: bytes={size} {length} TTL={found.ttl}"
        case "DestinationHostUnreachable":
            return f"Reply from {who}: Destination host unreachable."
        case "DestinationNetworkUnreachable":
            return f"Reply from {who}: Destination net unreachable."
        case "TtlExpired":
            return f"Reply from {who}: TTL expired in transit."
        case _:
            known = {TOO_BIG: "Packet needs to be fragmented but DF set.", GENERAL: _GENERAL}
            return known.get(found.status, "Request timed out.")


_GENERAL: Final = "PING: transmit failed. General failure. "


def _named(call: Call, address: str) -> str:
    """Return the name of an address, itself if it has none."""
    said = call.place.run(call.machine, ("getent", "hosts", address), timeout_s=5).out.split()
    return said[1] if len(said) > 1 else address


# -- tracert ----------------------------------------------------------------------------------------------------------


@command(
    "tracert",
    _MODULE,
    "Shows over which routers packets go to a machine.",
    ARGUMENTS,
    guest=True,
    examples=(Example("tracert -d 203.0.113.80", "Shows the way to a machine, without looking names up."),),
    remarks="Understands -d -h -w -4 -6.",
)
def tracert(call: Call) -> Iterator[str]:
    """Find the routers on the way to a machine, and yield a line about each as it answers."""
    try:
        options = read(call.get("Arguments", []), ("d", "4", "6"), ("h", "w"))
        yield from _tracert(call, options)
    except BadUsage as error:
        call.runtime.ended(1)
        yield str(error)


def _tracert(call: Call, options: Options) -> Iterator[str]:
    most = options.number("h", 30, 1, 255)
    # Windows waits for four seconds; nothing in a lab is that far.
    timeout_s = options.number("w", 1000, 1, _MOST) / 1000
    if not options.words:
        raise BadUsage("A target name or address must be specified.")
    name = options.words[-1]
    address = target_of(call.place, call.machine, name, _version(options))
    if address is None:
        call.runtime.ended(1)
        yield f"Unable to resolve target system name {name}."
        return
    known = "d" in options
    shown = name if known or not is_address(name) else _named(call, address)
    yield ""
    if shown == address:
        yield f"Tracing route to {address} over a maximum of {most} hops"
    else:
        yield f"Tracing route to {shown} [{address}]"
        yield f"over a maximum of {most} hops:"
    yield ""
    for line in call.place.stream(call.machine, trace(address, most=most, timeout_s=timeout_s)):
        if "nreachable" in line:
            yield "Unable to contact IP driver. General failure."
            call.runtime.ended(1)
            return
        if (found := hops(line)) is not None:
            yield _hop(call, found, unreachable="!" in line, names=not known)
    yield ""
    yield "Trace complete."
    call.runtime.ended(0)


def _hop(call: Call, found: tuple[int, str, list[float | None]], *, unreachable: bool, names: bool) -> str:
    number, address, times = found
    if not address:
        return f"{number:>3}{'     *   ' * 3}  Request timed out."
    shown = _named(call, address) if names else address
    who = address if shown == address else f"{shown} [{address}]"
    if unreachable:
        return f"{number:>3}  {who}  reports: Destination host unreachable."
    return f"{number:>3}{''.join(map(_took, (times + [None] * 3)[:3]))}  {who} "


def _took(time_ms: float | None) -> str:
    if time_ms is None:
        return "     *   "
    return "    <1 ms" if time_ms < 1 else f"{int(time_ms):>6} ms"
