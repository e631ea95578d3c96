"""Which names are allowed, and which device names follow from them.

Linux interface names have at most 15 characters and no spaces, Hyper-V's have neither limit: a name that does not fit
is shortened and marked with a piece of its hash, so that it depends on nothing but the name itself.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

IFNAMSIZ: Final = 15
QUOTED_LENGTH: Final = 60

_NODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_DISPLAY: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 _.#()-]{0,62}[A-Za-z0-9_.#)-])?")
_HARMLESS: Final = re.compile(r"[ !#-~]{0,60}")  # printable ASCII but the quote
_UNFIT: Final = re.compile(r"[^A-Za-z0-9_-]+")

NODE_RULE: Final = "1 to 63 letters (a-z), digits, '-' and '_', beginning with a letter or digit"
_LONGEST_HOST_NAME: Final = 63
PHYSICAL_NODE: Final = "physical.networks"
"""The node that holds the switches of all physical networks; no user's machine is called so."""
DISPLAY_RULE: Final = "1 to 64 letters (a-z), digits, spaces and any of '-_.#()', beginning with a letter or digit"


def is_node_name(name: object) -> bool:
    """Tell whether `name` may name a lab, host, computer or physical network."""
    return isinstance(name, str) and _NODE.fullmatch(name) is not None


def is_display_name(name: object) -> bool:
    """Tell whether `name` may name a network adapter or physical NIC, as Windows writes them ("Ethernet 2")."""
    return isinstance(name, str) and _DISPLAY.fullmatch(name) is not None


def is_hyperv_name(name: object) -> bool:
    """Tell whether `name` may name a VM or a virtual switch, as Hyper-V has them ("Web Server 1")."""
    return is_display_name(name) and name != PHYSICAL_NODE and host_name(str(name)) != ""


def host_name(name: str) -> str:
    """Return what a machine calls itself, and is called in /etc/hosts: its name, with dashes for what cannot be there.

    >>> host_name("Web Server 1 (new)")
    'Web-Server-1-new'
    """
    return name if is_node_name(name) else _UNFIT.sub("-", name).strip("-")[:_LONGEST_HOST_NAME]


def quoted(name: object) -> str:
    """Return anything a user gave for a message: in quotes, control characters made visible, no longer than a line."""
    text = name if isinstance(name, str) else repr(name)
    if _HARMLESS.fullmatch(text):
        return f'"{text}"'
    size = f" ({len(text)} characters)" if len(text) > QUOTED_LENGTH else ""
    return '"' + visible(text[: QUOTED_LENGTH + 1], QUOTED_LENGTH).replace('"', '\\"') + f'"{size}'


def visible(text: str, length: int) -> str:
    """Return a text with escapes for what a terminal would act upon or not show, cut to `length` characters."""
    shown = "".join(map(_escaped, text[: length + 1]))
    return shown if len(shown) <= length else f"{shown[:length]}…"


def _escaped(char: str) -> str:
    hidden = unicodedata.category(char)[0] in "CZ" and char != " "  # controls, formats, surrogates, separators
    return ascii(char)[1:-1] if hidden else char


def device_name(*parts: str, separator: str = "-", instead: str = "") -> str:
    """Return the Linux interface name for a thing whose full name is made of `parts`.

    With the separator "." it differs from every name that is made with another one. What cannot be in it is left out,
    or replaced by `instead`.
    """
    plain = separator.join(_UNFIT.sub(instead, part) for part in parts)
    if 0 < len(plain) <= IFNAMSIZ and plain not in _KEYWORDS:
        return plain
    digest = hashlib.blake2s("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=3).hexdigest()
    return f"{plain[: IFNAMSIZ - 7]}-{digest}"


def bridge_device(switch: str) -> str:
    """Return the Linux name of a virtual switch's bridge, within its host."""
    return device_name("sw", switch, separator=".", instead="-")


def vethernet(name: str) -> str:
    """Return the name under which the management OS shows the adapter `name` (``vEthernet (External)``)."""
    return f"vEthernet ({name})"


def hyperv_name(interface: str) -> str:
    """Return the adapter that the management OS shows as `interface`: the inverse of :func:`vethernet`."""
    return interface.removeprefix("vEthernet (").removesuffix(")")


def vethernet_device(name: str) -> str:
    """Return the Linux interface name of the management-OS adapter `name`."""
    return device_name("vE", name)


def vlan_interface_name(adapter: str, vlan_id: int) -> str:
    """Return the name of an interface that a guest makes itself on an adapter; no adapter's own name has a comma."""
    return f"{adapter}, VLAN {vlan_id}"


def vlan_interface_device(parent: str, vlan_id: int) -> str:
    """Return the Linux name of such an interface, as usual: ``eth0.10``."""
    return f"{parent}.{vlan_id}"


# `ip` takes these for its own words even after `dev`-less forms; an interface must not be called like them.
_KEYWORDS: Final = frozenset(
    {"all", "default", "dev", "group", "help", "lo", "type", "up", "down", "via", "vrf", "name"}
)
