"""What is used of Mininet: the only module that imports it, and what keeps it from touching the machine.

Mininet wants to be root, changes system-wide settings as soon as a network object is made, ends the whole process if a
program is missing, and cleans up by the names of other people's processes. None of that happens from here: the lab is
there already, and its programs are entered, not started by Mininet.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

from lab.errors import EnvironmentFault

try:
    with warnings.catch_warnings():
        # It was written for older Pythons, and says so in many ways.
        warnings.simplefilter("ignore")
        from mininet.cli import CLI as CLI
        from mininet.link import Intf as Intf
        from mininet.link import Link as Link
        from mininet.log import error as error
        from mininet.log import lg as log
        from mininet.log import output as output
        from mininet.net import Mininet as Mininet
        from mininet.node import Host as Host
        from mininet.node import Switch as Switch
        from mininet.term import makeTerms as make_terms  # noqa: N813
        from mininet.util import isShellBuiltin as is_shell_builtin  # noqa: N813
except ImportError as missing:
    raise EnvironmentFault(
        f"Mininet's Python package cannot be imported: {missing}", remedy="pip install mininet==2.3.0.dev6 setuptools"
    ) from missing

__all__ = [
    "CLI",
    "Host",
    "Intf",
    "Link",
    "Mininet",
    "Switch",
    "error",
    "is_shell_builtin",
    "log",
    "make_terms",
    "output",
    "untouched",
]


@contextlib.contextmanager
def untouched() -> Iterator[None]:
    """Let a Mininet object be made without its asking for root and changing the machine's limits and sysctls."""
    before = Mininet.inited
    Mininet.inited = True
    try:
        yield
    finally:
        Mininet.inited = before
