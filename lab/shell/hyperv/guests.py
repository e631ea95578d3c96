"""What the guest of a new VM, and of a new adapter, is like until somebody configures it."""

from __future__ import annotations

from typing import Final

from lab.model.addresses import IpSettings

FRESH_IP: Final = IpSettings(dhcp=True)
"""A fresh Windows asks DHCP servers, and takes an address of 169.254/16 if none answers."""
