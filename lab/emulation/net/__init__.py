"""Mininet over a running lab: its Python API, and its console.

>>> from lab.emulation.net import attach
>>> with attach() as net:  # doctest: +SKIP
...     net["web1"].cmd("ping -c1 web2")

Nothing here creates or ends anything of the lab; that is the engine's work. :mod:`substrate` is the only module that
imports Mininet, and says what is kept from it.
"""

from lab.emulation.net.labnet import LabNet, attach

__all__ = ["LabNet", "attach"]
