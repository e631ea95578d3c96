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
_UNFIT: Final = re.compile(r"[^A-Za-z0-9_-]+")

NODE_RULE: Final = "1 to 63 letters (a-z), digits, '-' and '_', beginning with a letter or digit"
DISPLAY_RULE: Final = "1 to 64 letters (a-z), digits, spaces and any of '-_.#()', beginning with a letter or digit"


def is_node_name(name: object) -> bool:
    """Tell whether `name` may name a lab, host, VM, computer, network or switch."""
    return isinstance(name, str) and _NODE.fullmatch(name) is not None


def is_display_name(name: object) -> bool:
    """Tell whether `name` may name a network adapter or physical NIC, as Windows writes them ("Ethernet 2")."""
    return isinstance(name, str) and _DISPLAY.fullmatch(name) is not None


def quoted(name: object) -> str:
    """Return anything a user gave for a message: control characters made visible, and no longer than a line."""
    text = name if isinstance(name, str) else repr(name)
    start = text[: QUOTED_LENGTH + 1]
    shown = "".join(_visible(char) for char in start)
    if len(shown) > QUOTED_LENGTH:
        return f'"{shown[:QUOTED_LENGTH]}…" ({len(text)} characters)'
    return f'"{shown}"'


def _visible(char: str) -> str:
    """Escape what a terminal would act upon, or not show: controls, formats, surrogates, separators, the quote."""
    if char == '"':
        return '\\"'
    hidden = unicodedata.category(char)[0] in "CZ" and char != " "
    return ascii(char)[1:-1] if hidden else char


def device_name(*parts: str, separator: str = "-") -> str:
    """Return the Linux interface name for a thing whose full name is made of `parts`.

    With the separator "." it differs from every name that is made with another one.
    """
    plain = separator.join(_UNFIT.sub("", part) for part in parts)
    if 0 < len(plain) <= IFNAMSIZ and plain not in _KEYWORDS:
        return plain
    digest = hashlib.blake2s("\0".join(parts).encode(), digest_size=3).hexdigest()
    return f"{plain[: IFNAMSIZ - 7]}-{digest}"


def vethernet(name: str) -> str:
    """Return the name under which the management OS shows the adapter `name` (``vEthernet (External)``)."""
    return f"vEthernet ({name})"


def vethernet_device(name: str) -> str:
    """Return the Linux interface name of the management-OS adapter `name`."""
    return device_name("vE", name)


# `ip` takes these for its own words even after `dev`-less forms; an interface must not be called like them.
_KEYWORDS: Final = frozenset(
    {"all", "default", "dev", "group", "help", "lo", "type", "up", "down", "via", "vrf", "name"}
)
