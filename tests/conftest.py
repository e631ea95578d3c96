"""Settings that every test shares; fixtures live beside the tests that use them."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Before anything imports os-ken: its own thread hub loses events where a handler raises.
os.environ.setdefault("OSKEN_HUB_TYPE", "eventlet")

# A busy machine is slow at times, and the first text of all takes a second: its alphabet is made.
settings.register_profile("hvlab", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hvlab")
