"""The IPv6 client of a guest: it listens to routers, and asks DHCPv6 servers if a router says so.

Run as `python3 -I -S -E …/ipv6_client.py DEVICE HOST-NAME TABLE SCRIPT [PLACE MAC]`, in all namespaces of a machine.
The kernel takes prefixes and default routes from advertisements by itself (RFC 4861, RFC 4862). What is done here: the
question for routers, repeated until one answers (RFC 7559); ISC's dhclient, as soon as an advertisement has the flag
Managed, or Other (RFC 8415, which leaves that to a host's system); and, in a machine with several adapters, the routes
by which what is sent from an address leaves by that address's adapter.

SIGUSR1 has it ask again, SIGUSR2 give its lease back until then; SIGHUP is what SCRIPT tells of a lease; SIGTERM undoes
all. What it knows is in /run/dhcp6/DEVICE, NAME=VALUE in each line. TABLE is the number of a routing table, 0 for none.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from ipaddress import IPv6Address, IPv6Network

FOLDER = "/run/dhcp6"
PROGRAM = f"{FOLDER}/dhclient"

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SOLICITATION, _ADVERTISEMENT = 133, 134
_ICMP6_FILTER, _HOP_LIMIT = 1, 255
_MANAGED, _OTHER = 0x80, 0x40
_PREFIX_OPTION, _ON_LINK = 3, 0x80
_QUESTIONS_S = 0.0, 1.0, 1.0, 1.0
"""The pauses before the first questions for a router."""
_LATER_S = 5.0
_LOST_S = 1.0
_PATIENCE_S = 6.0
"""How long to wait for a DHCPv6 server until the machine is taken to have begun its work without one."""
_OTHERS_S = 0.7
"""How long to wait for other routers after the first: each may take half a second (RFC 4861, 6.2.6)."""
_RELEASE_TIMEOUT_S = 2.5
_IP_TIMEOUT_S = 5.0
_PERMANENT = 0x80
_PR_SET_PDEATHSIG = 1
_SIGNALS = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
_SETTINGS = {
    "accept_ra": "1",
    "autoconf": "1",
    "use_tempaddr": "0",
    "router_solicitations": "3",
    "ndisc_notify": "1",  # others may have in mind whose a leased address was before (RFC 4861, 7.2.6)
}
_LIBC = ctypes.CDLL(None)


class Leases:
    """The program that asks DHCPv6 servers. ``mode``: "stateful" for an address, "stateless" without, or empty."""

    def __init__(self, device: str, host_name: str, script: str) -> None:
        self._device = device
        self._script = script
        self._file = f"{FOLDER}/{device}.leases"
        self._conf = f"{FOLDER}/{device}.conf"
        self._told = f"{FOLDER}/{device}.lease"
        self._pid = f"{FOLDER}/{device}.pid"
        self._child: subprocess.Popen[bytes] | None = None
        self.mode = ""
        _write(
            self._conf,
            "request dhcp6.name-servers, dhcp6.domain-search;\n"
            f'send fqdn.fqdn "{host_name}";\nsend fqdn.encoded on;\nsend fqdn.server-update off;\n',
        )

    @property
    def lost(self) -> bool:
        """Whether the program has ended by itself."""
        return self._child is not None and self._child.poll() is not None

    def ask(self, mode: str) -> None:
        """Run the program as `mode` says, unless it runs like that already."""
        if mode != self.mode or self._child is None or self.lost:
            self.stop()
            self.mode = mode
            if mode:
                self._child = self._run([] if mode == "stateful" else ["-S"])

    def renew(self) -> None:
        """Have it renew the lease that is there, or ask anew for what is not (RFC 8415, 18.2.4)."""
        mode = self.mode
        self.stop()
        with contextlib.suppress(FileNotFoundError), open(self._file) as file:
            text = file.read()
            _write(self._file, re.sub(r"\brenew \d+;", "renew 1;", text))  # it renews what is older than that
        self.ask(mode)

    def release(self) -> None:
        """Give back what is leased, and forget it."""
        stateful, self.mode = self.mode == "stateful", ""
        self.stop()
        if stateful and self.told().get("leased"):
            process = self._run(["-r"])
            try:
                process.wait(_RELEASE_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for path in (self._file, self._told):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

    def stop(self) -> None:
        """End the program; the lease stays."""
        self.mode = ""
        if self._child:
            self._child.kill()
            self._child.wait()
            self._child = None
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._pid)  # a program that releases ends whatever has that number now

    def told(self) -> dict[str, str]:
        """Return what is known of the lease."""
        with contextlib.suppress(OSError), open(self._told, errors="replace") as file:
            pairs = (line.rstrip("\n").partition("=") for line in file)
            return {name: value for name, _, value in pairs}
        return {}

    def _run(self, more: list[str]) -> subprocess.Popen[bytes]:
        told = ["-e", f"hvlab_told={self._told}", "-e", f"hvlab_client={os.getpid()}"]
        files = ["-lf", self._file, "-pf", self._pid, "-cf", self._conf, "-sf", self._script]
        argv = [PROGRAM, "-6", "-d", "-v", "-D", "LL", *files, *told, *more, self._device]
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, preexec_fn=_end_with_parent)


class Client:
    """What one adapter knows of routers, and what it has of them."""

    def __init__(self, device: str, table: int, leases: Leases) -> None:
        self._device = device
        self._table = table
        self._leases = leases
        self._routers: dict[str, float] = {}
        self._prefixes: dict[IPv6Network, None] = {}
        self._managed = self._other = self._released = self._lost = False
        self._heard = 0.0
        self._ruled: set[str] = set()
        self._pauses = list(_QUESTIONS_S)
        self._ready_at = self._others_until = 0.0
        self.wire = _socket(device)

    def begin(self) -> None:
        """Have the kernel listen to routers."""
        for name, value in _SETTINGS.items():
            self._set(name, value)
        while self._table and _ip("rule", "del", "table", str(self._table)):
            pass
        self.tell()

    def pause(self) -> float | None:
        """Return how many seconds there are until something is to be done again; None if nothing is."""
        if self._lost:
            return _LOST_S
        if self._heard and not self._pauses:
            now = time.monotonic()
            due = [at - now for at in (self._others_until, self._ready_at) if at > now]
            return min(due, default=None)
        return self._pauses[0] if self._pauses else _LATER_S

    def question(self) -> None:
        """Ask whether there is a router (RFC 4861, 4.1), and run the program again that asks servers if it ended."""
        if self._lost and self._leases.mode:
            self._leases.ask(self._leases.mode)
        self._lost = False
        if self._pauses or not self._heard:
            with contextlib.suppress(OSError):  # no link
                self.wire.sendto(struct.pack("!BBHI", _SOLICITATION, 0, 0, 0), ("ff02::2", 0))
            del self._pauses[:1]
        self._settle()

    def hear(self) -> None:
        """Take an advertisement (RFC 4861, 4.2), which the kernel has taken already."""
        content, more, _, source = self.wire.recvmsg(1 << 16, 64)
        limits = [struct.unpack("=i", data)[0] for level, kind, data in more if kind == socket.IPV6_HOPLIMIT]
        address = source[0].partition("%")[0]
        if limits != [_HOP_LIMIT] or len(content) < 16 or not IPv6Address(address).is_link_local:
            return
        flags, lifetime = struct.unpack_from("!BH", content, 5)
        if lifetime:
            self._routers[address] = time.monotonic()
        else:
            self._routers.pop(address, None)
        self._managed, self._other = self._managed or bool(flags & _MANAGED), self._other or bool(flags & _OTHER)
        self._prefixes |= dict.fromkeys(on_link(content))
        self._ready_at = self._ready_at or time.monotonic() + _PATIENCE_S
        self._others_until = self._others_until or time.monotonic() + _OTHERS_S
        self._heard, self._pauses = time.monotonic(), []
        if not self._released:
            self._leases.ask(self._mode())
        self.news()

    def news(self) -> None:
        """Put in force, and tell, what is known now."""
        self._route()
        self.tell()
        self._settle()

    def again(self) -> None:
        """Ask routers again, and DHCPv6 servers for what was or is to be leased."""
        self._released, self._pauses = False, list(_QUESTIONS_S)
        if self._leases.mode:
            self._leases.renew()
        else:
            self._leases.ask(self._mode())

    def give_back(self) -> None:
        """Give back what is leased, and ask for no more until asked to."""
        self._released = True
        self._leases.release()
        self.news()

    def look_after(self) -> None:
        """Notice that the program that asks servers has ended by itself."""
        self._lost = self._leases.lost

    def end(self) -> None:
        """Undo everything."""
        for name in ("accept_ra", "router_solicitations"):
            self._set(name, "0")
        self._leases.release()
        for address in self._addresses():
            _ip("address", "del", address, "dev", self._device)
        _ip("route", "flush", "dev", self._device, "proto", "ra")
        for prefix in self._prefixes:
            _ip("route", "del", str(prefix), "dev", self._device, "proto", "kernel")
        self._prefixes.clear()
        self._route()
        for path in (f"{FOLDER}/{self._device}", f"{FOLDER}/{self._device}.ready"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

    def tell(self) -> None:
        """Write down what is known."""
        known = {
            "managed": "yes" if self._managed else "no",
            "other": "yes" if self._other else "no",
            "released": "yes" if self._released else "no",
            "routers": " ".join(self._routers),
            "heard": f"{self._heard:.9f}",
            **self._leases.told(),
        }
        _write(f"{FOLDER}/{self._device}", "".join(f"{name}={value}\n" for name, value in known.items()))

    def _settle(self) -> None:
        """Say that the machine has begun its work: it has all there is, or there is nobody to give it more."""
        told = self._leases.told()
        mode = self._mode()
        heard = bool(self._heard) and time.monotonic() >= self._others_until
        complete = heard and (not mode or bool(told.get("leased" if mode == "stateful" else "obtained")))
        late = bool(self._ready_at) and time.monotonic() >= self._ready_at
        if complete or late or not (self._pauses or self._heard):
            _write(f"{FOLDER}/{self._device}.ready", "")
        if complete or late:
            self._ready_at = 0.0 if complete else self._ready_at

    def _mode(self) -> str:
        return "stateful" if self._managed else "stateless" if self._other else ""

    def _addresses(self) -> list[str]:
        """Return the addresses that routers and servers have given, with their prefix lengths."""
        found = []
        with open("/proc/net/if_inet6") as file:
            for digits, _, length, scope, flags, device in map(str.split, file):
                if device == self._device and scope == "00" and not int(flags, 16) & _PERMANENT:
                    found.append(f"{IPv6Address(int(digits, 16))}/{int(length, 16)}")
        return found

    def _route(self) -> None:
        """Have what is sent from an address of the adapter leave by the adapter, if the machine has several."""
        if not self._table:
            return
        table, device = str(self._table), self._device
        addresses = {each.partition("/")[0] for each in self._addresses()}
        for old in self._ruled - addresses:
            _ip("rule", "del", "from", old, "table", table)
        for new in addresses - self._ruled:
            _ip("rule", "add", "from", new, "table", table)
        self._ruled = addresses
        _ip("route", "flush", "table", table)
        for prefix in self._prefixes if addresses else ():
            _ip("route", "add", str(prefix), "dev", device, "table", table)
        if addresses and self._routers:
            _ip("route", "add", "default", "via", next(iter(self._routers)), "dev", device, "table", table)
        elif addresses:
            _ip("route", "add", "unreachable", "default", "table", table)

    def _set(self, name: str, value: str) -> None:
        with contextlib.suppress(OSError):  # the adapter has gone
            _write(f"/proc/sys/net/ipv6/conf/{self._device}/{name}", value, whole=False)


def on_link(content: bytes) -> list[IPv6Network]:
    """Return the prefixes of an advertisement whose addresses are on the link (RFC 4861, 4.6.2)."""
    found, at = [], 16
    while at + 8 <= len(content) and content[at + 1]:
        kind, length = content[at], 8 * content[at + 1]
        if kind == _PREFIX_OPTION and length == 32 and len(content) >= at + 32 and content[at + 3] & _ON_LINK:
            prefix = (content[at + 16 : at + 32], min(content[at + 2], 128))
            found.append(IPv6Network(prefix, strict=False))
        at += length
    return found


def _socket(device: str) -> socket.socket:
    """Return a socket for the questions to routers, and for their advertisements."""
    wire = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
    blocked = [0xFFFFFFFF] * 8
    blocked[_ADVERTISEMENT // 32] &= ~(1 << _ADVERTISEMENT % 32)
    wire.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("=8I", *blocked))
    wire.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, _HOP_LIMIT)
    wire.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
    return wire


def _ip(*words: str) -> bool:
    """Run ip(8); tell whether it did what it should."""
    null = subprocess.DEVNULL
    done = subprocess.run(
        ["ip", "-6", *words], stdin=null, stdout=null, stderr=null, check=False, timeout=_IP_TIMEOUT_S
    )
    return done.returncode == 0


def _write(path: str, text: str, *, whole: bool = True) -> None:
    """Write a file, as a whole unless it is one of the kernel's."""
    with open(f"{path}.new" if whole else path, "w") as file:
        file.write(text)
    if whole:
        os.replace(f"{path}.new", path)


def _end_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _copy(name: str, own: str) -> None:
    """Make a copy of a program: profiles of AppArmor are for the machine's own, with its files, and go by the path."""
    source = shutil.which(name, path=_PATH)
    if source is None:
        raise SystemExit(f'there is no program "{name}"')
    new = f"{PROGRAM}.{own}"
    shutil.copyfile(source, new)
    os.chmod(new, 0o700)
    os.replace(new, PROGRAM)


def main(device: str, host_name: str, table: int, script: str) -> None:
    """Be the client of one adapter, until told to end."""
    os.makedirs(FOLDER, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{FOLDER}/{device}.ready")
    signals, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(woken)
    for number in _SIGNALS:
        signal.signal(number, lambda *_: None)
    _copy("dhclient", device)
    client = Client(device, table, Leases(device, host_name, script))
    client.begin()
    events = select.poll()
    events.register(signals, select.POLLIN)
    events.register(client.wire, select.POLLIN)
    actions = {signal.SIGUSR1: client.again, signal.SIGUSR2: client.give_back, signal.SIGHUP: client.news}
    while True:
        pause = client.pause()
        ready = dict(events.poll(None if pause is None else pause * 1000))
        if client.wire.fileno() in ready:
            client.hear()
        if signals in ready:
            for number in map(signal.Signals, os.read(signals, 512)):
                if number in (signal.SIGTERM, signal.SIGINT):
                    client.end()
                    return
                actions.get(number, client.look_after)()
        if not ready:
            client.question()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
