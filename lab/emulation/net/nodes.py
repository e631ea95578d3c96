# ruff: noqa: N802, N803 - the names are Mininet's
"""The machines and switches of a running lab as Mininet's nodes, and its cables as Mininet's links."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path
from typing import Any

from lab.emulation import ovs
from lab.emulation.net.door import Place
from lab.emulation.net.shells import Inside
from lab.emulation.net.substrate import Host, Intf, Link, Switch
from lab.engine.resources import Role
from lab.errors import InputError, InvalidState
from lab.intent import APPLIED_KEY, FAULT_KEY, GENERATION_KEY


class LabIntf(Intf):  # type: ignore[misc]
    """A network interface that exists. `name` is the Linux one, `alias` the user's ("Network Adapter")."""

    def __init__(self, name: str, node: Inside, port: int, *, alias: str = "", mac: str = "") -> None:
        self.alias, self.v6 = alias, ""
        self.ip: str | None
        self.prefixLen: int | None
        self.mac: str | None
        self.link: LabLink | None
        super().__init__(name, node=node, port=port, mac=mac)
        self.link = None

    def config(self, up: bool | None = None, **params: Any) -> dict[str, Any]:
        """Configure as Mininet does, but leave alone what is not mentioned."""
        found: dict[str, Any] = super().config(up=up, **params)
        return found

    def ifconfig(self, *args: str) -> str:
        """Take or show what Mininet asks of ifconfig, by `ip`: nothing, `up` or `down`."""
        if not args:
            return self._ip("address", "show", "dev", self.name)
        if args in (("up",), ("down",)):
            return self._ip("link", "set", "dev", self.name, args[0])
        raise InputError(f"ifconfig {' '.join(args)} is not known here", remedy="use cmd('ip ...')", target=self.name)

    def setIP(self, ipstr: str, prefixLen: int | str | None = None) -> str:
        """Give the interface this IPv4 address in place of those it has."""
        text = ipstr if "/" in ipstr or prefixLen is None else f"{ipstr}/{prefixLen}"
        try:
            found = ipaddress.ip_interface(text)
        except ValueError:
            raise InputError(f'"{text}" is not an address with a prefix length', target=self.name) from None
        if "/" not in text:
            raise InputError(f'the address "{text}" has no prefix length', target=self.name)
        self.ip, self.prefixLen = str(found.ip), found.network.prefixlen
        family = f"-{found.version}"
        return self._ip(family, "address", "flush", "dev", self.name, "scope", "global") + self._ip(
            family, "address", "add", str(found), "dev", self.name
        )

    def setMAC(self, macstr: str) -> str:
        """Set the MAC address."""
        self.mac = macstr
        return self._ip("link", "set", "dev", self.name, "address", macstr)

    def updateAddr(self) -> tuple[str | None, str | None]:
        """Ask the kernel for IP and MAC address, and return them."""
        shown = self._ip("-json", "address", "show", "dev", self.name)
        found = json.loads(shown)[0] if shown.startswith("[") else {}
        usable = [each for each in found.get("addr_info", ()) if each.get("scope") == "global"]
        first = min(usable, key=lambda each: str(each["family"]), default=None)  # "inet" comes before "inet6"
        self.ip, self.prefixLen = (first["local"], first["prefixlen"]) if first else (None, None)
        self.mac = found.get("address")
        return self.ip, self.mac

    def updateIP(self) -> str | None:
        """Ask the kernel for the IP address, and return it."""
        return self.updateAddr()[0]

    def updateMAC(self) -> str | None:
        """Ask the kernel for the MAC address, and return it."""
        return self.updateAddr()[1]

    def isUp(self, setUp: bool = False) -> bool:
        """Tell whether the interface is up, after setting it up if asked to."""
        if setUp:
            return not self.ifconfig("up")
        shown = self._ip("-json", "link", "show", "dev", self.name)
        return shown.startswith("[") and "UP" in json.loads(shown)[0]["flags"]

    def status(self) -> str:
        """Return "OK" or "MISSING"."""
        process, _ = self.node.place.process(self.node.place.network)
        devices = Path(f"{process}/net/dev").read_text(encoding="utf-8").splitlines()
        return "OK" if any(line.partition(":")[0].strip() == self.name for line in devices) else "MISSING"

    def rename(self, newname: str) -> str:
        raise _fixed("the name of an interface")

    def delete(self) -> None:
        raise _fixed("an interface")

    def _ip(self, *arguments: str) -> str:
        out, err, _ = self.node.pexec(["ip", *arguments])
        return str(out + err)


class SwitchIntf(LabIntf):
    """A switch's port. It has no address, whatever one that is also an interface of the management OS may have.

    `socket` is the device that is taken down to pull its cable: its own, or a relay's, which hides its own.
    """

    def __init__(self, name: str, node: Inside, port: int, *, mac: str = "", socket: str = "") -> None:
        self.socket = socket or name
        super().__init__(name, node=node, port=port, mac=mac)

    def plug(self, status: str) -> str:
        """Plug the cable in ("up") or pull it out ("down")."""
        return self._ip("link", "set", "dev", self.socket, status)

    def updateAddr(self) -> tuple[str | None, str | None]:
        return None, self.mac


class LabLink(Link):  # type: ignore[misc]
    """A cable, or the connection of a management-OS adapter with its switch."""

    def __init__(self, one: LabIntf, other: LabIntf) -> None:
        self.intf1, self.intf2 = one, other
        one.link = other.link = self

    @property
    def is_cable(self) -> bool:
        """Tell whether it has two ends that can be apart: an adapter of the management OS is its switch's port."""
        return bool(
            self.intf1.name != self.intf2.name or self.intf1.node.place.network != self.intf2.node.place.network
        )

    def delete(self) -> None:
        raise _fixed("a link")

    stop = delete

    def __str__(self) -> str:
        return "<->".join(f"{end.node.name}:{end.name}" for end in (self.intf1, self.intf2))


class LabHost(Inside, Host):  # type: ignore[misc]
    """A machine: a VM, the management OS of a Hyper-V host, a physical computer or a router, as `role` tells."""

    def __init__(self, name: str, place: Place, role: Role) -> None:
        self.role = role
        super().__init__(name, place)

    def defaultIntf(self) -> Any:
        """Return the interface that others mean when they name the machine: the first one with an address."""
        mine = self.intfList()
        return next((each for each in mine if each.ip), mine[0] if mine else None)

    def IP(self, intf: Any = None) -> str | None:
        found = self.intf(intf)
        return found.IP() if found else None

    def MAC(self, intf: Any = None) -> str | None:
        found = self.intf(intf)
        return found.MAC() if found else None

    def setARP(self, ip: str, mac: str) -> str:
        """Add a permanent neighbour."""
        device = self.defaultIntf().name
        return "".join(self.pexec(["ip", "neigh", "replace", ip, "lladdr", mac, "dev", device])[:2])

    def setHostRoute(self, ip: str, intf: str) -> str:
        """Add a route to one host."""
        return "".join(self.pexec(["ip", "route", "replace", ip, "dev", str(intf)])[:2])


class LabSwitch(Inside, Switch):  # type: ignore[misc]
    """A virtual switch. Its programs run beside its Open vSwitch, so that `ovs-vsctl show` is about it.

    `device` is the bridge's name there, `host` the Hyper-V host's.
    """

    def __init__(self, name: str, place: Place, device: str, dpid: int) -> None:
        self.device = device
        self.host = place.network
        self.controlIntf = None
        super().__init__(name, place=place, dpid=f"{dpid:x}", inNamespace=True)

    @property
    def environment(self) -> dict[str, str]:
        home = str(ovs.directory(self.host))
        return {"OVS_RUNDIR": home, "OVS_LOGDIR": home, "OVS_DBDIR": home}

    def dpctl(self, *args: str) -> str:
        """Run an `ovs-ofctl` command on this switch and return what it prints."""
        if not args:
            raise InputError("no command for ovs-ofctl", remedy="dpctl('dump-flows')", target=self.name)
        command = ["ovs-ofctl", "-O", "OpenFlow13", str(args[0]), self.device, *map(str, args[1:])]
        return "".join(self.pexec(command)[:2])

    def connected(self) -> bool:
        """Tell whether the controller has put the switch's policy into force."""
        keys = [f"external_ids:{key}" for key in (GENERATION_KEY, APPLIED_KEY, FAULT_KEY)]
        shown, _, code = self.pexec(["ovs-vsctl", "--timeout=10", "--if-exists", "get", "Bridge", self.device, *keys])
        generation, applied, fault = [line.strip('"') for line in (shown + "\n\n\n").split("\n")[:3]]
        return code == 0 and not fault and int(applied or 0) >= int(generation or 0) > 0

    def start(self, controllers: object) -> None:
        """Do nothing: the switch runs."""

    def stop(self, deleteIntfs: bool = True) -> None:
        raise _fixed("a switch")


class LabNetwork(LabSwitch):
    """A physical network or the internet: a plain learning switch of the world around the Hyper-V hosts."""

    def connected(self) -> bool:
        return True


def _fixed(what: str) -> InvalidState:
    return InvalidState(
        f"{what} of a running lab cannot be changed from Mininet", remedy="edit its topology and run `hvlab apply FILE`"
    )
