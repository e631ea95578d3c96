"""The labs of the fault tests, as small as they can be: a lab is up in half a second, and its matrix takes as long.

And what several of them do to one: there is no space left in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from lab.emulation.pod.init import kernel
from tests.system.labs import RunningLab, edited

# One switch, two VMs that run, one that does not, and a physical network: every pair answers.
PAIR = """
from lab import Lab

lab = Lab("pair", interruption_s=0)
office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
office.computer("pc1", "192.168.1.10")

hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20")
hv1.external_switch("External", nic="Ethernet")
hv1.vm("web1", "External", "192.168.1.31")
hv1.vm("web2", "External", "192.168.1.32")
hv1.vm("web3", "External", "192.168.1.33", running=False)
"""

MORE = edited(PAIR, ("running=False", "running=True"))

# Both IP versions, routes, switches of two kinds, a NIC that no switch has.
OFFICE = """
from lab import Lab

lab = Lab("office", interruption_s=0)
office = lab.physical_network("office", "192.168.1.0/24", "2001:db8:1::/64", router=("192.168.1.1", "2001:db8:1::1"))
office.computer("pc1", "192.168.1.10", "2001:db8:1::10")

hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20", "2001:db8:1::20")
hv1.nic("Ethernet 2", office)
hv1.external_switch("External", nic="Ethernet")
hv1.management_adapter("Backup", "External", "192.168.1.21")
hv1.vm("web1", "External", "192.168.1.31", "2001:db8:1::31")
hv1.vm("web2", "External", "192.168.1.32")
hv1.private_switch("Private")
hv1.vm("db1", "Private", "10.0.2.11/24")
hv1.vm("db2", "Private", "10.0.2.12/24")
"""

# Something of every kind goes, comes and changes.
ELSE = edited(
    OFFICE,
    ('nic="Ethernet")', 'nic="Ethernet 2")'),
    ('hv1.nic("Ethernet 2", office)', 'hv1.nic("Ethernet 2", office, "192.168.1.22")'),
    ('"192.168.1.31", "2001:db8:1::31"', '"192.168.1.31", gateway=""'),
    ('"192.168.1.32"', '"192.168.1.35", "2001:db8:1::35"'),
    ('hv1.private_switch("Private")', 'hv1.internal_switch("Other", "10.0.2.1/24")'),
    ('hv1.vm("db1", "Private", "10.0.2.11/24")', 'hv1.vm("new", "Other", "10.0.2.11")'),
    ('hv1.vm("db2", "Private", "10.0.2.12/24")', 'hv1.vm("db2", "Other", "10.0.2.13", forwarding=True)'),
)


@contextmanager
def full(lab: RunningLab, left: int) -> Iterator[None]:
    """Leave only so many bytes in the file system that the lab keeps its state, databases and logs in."""
    flags = kernel.MS_REMOUNT | kernel.MS_NOSUID | kernel.MS_NODEV

    def limit() -> None:
        found = os.statvfs("/run")
        used = (found.f_blocks - found.f_bfree) * found.f_frsize
        kernel.mount("tmpfs", "/run", "tmpfs", flags, f"size={used + left}")

    lab.run_inside(limit)
    try:
        yield
    finally:
        lab.run_inside(lambda: kernel.mount("tmpfs", "/run", "tmpfs", flags, "size=50%"))


NO_SPACE = r"No space left|write failed|refused an acknowledgement|I/O error|timed out"
"""What programs say of that."""
