"""Settings that every test shares; fixtures live beside the tests that use them."""

from __future__ import annotations

import os

# Before anything imports os-ken: its own thread hub loses events where a handler raises.
os.environ.setdefault("OSKEN_HUB_TYPE", "eventlet")
