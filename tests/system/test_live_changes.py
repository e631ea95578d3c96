"""Everything changes while the lab runs: prediction and measurement agree after it, others do not lose one packet.

Each case is a change of the file and its undoing. After the undoing the switches hold the same flows and every machine
has the same addresses and routes as before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.labs import RunningLab, difference, edited, pinging
from tests.system.offices import OFFICE

pytestmark = pytest.mark.system

EXTERNAL = 'hv1.external_switch("External", nic="Ethernet")\n'
BACKUP = 'hv1.management_adapter("Backup", "External", "192.168.1.21")\n'
INTERNAL = 'hv1.internal_switch("Internal", "10.0.1.1/24")\n'
PRIVATE = 'hv1.private_switch("Private")\n'
APP1 = 'hv1.vm("app1", "Internal", "10.0.1.11")\n'
APP2 = 'hv1.vm("app2", "Internal", "10.0.1.12")'
LEG = '.adapter("External", "192.168.1.42")'
DB1 = 'hv1.vm("db1", "Private", "10.0.2.11/24")\n'
DB2 = 'hv1.vm("db2", "Private", "10.0.2.12/24")\n'
WEB1 = 'hv1.vm("web1", "External", "192.168.1.31", "2001:db8:1::31")\n'
WEB2 = 'hv1.vm("web2", "External", "192.168.1.32", "2001:db8:1::32")\n'
HV2 = """
hv2 = lab.host("hv2")
hv2.nic("Ethernet", office, "192.168.1.24")
hv2.external_switch("External", nic="Ethernet")
hv2.vm("far", "External", "192.168.1.39", "2001:db8:1::39")
"""
PC2 = 'store.computer("pc2", "172.16.0.10")\n'
SPARE = 'hv1.vm("spare", None, "10.0.2.13/24")\n'

WEB = ("web1", "192.168.1.32")
APP = ("app1", "10.0.1.12")
DB = ("db1", "10.0.2.12")


@dataclass(frozen=True, slots=True)
class Case:
    """A change; ``others`` are two VMs it is not about, as (name, address of the other)."""

    name: str
    changes: tuple[tuple[str, str], ...]
    others: tuple[str, str] = WEB


def case(name: str, *changes: tuple[str, str], others: tuple[str, str] = WEB) -> Case:
    return Case(name, changes, others)


CASES = (
    case(
        "vms start and stop, come and go",
        ("running=False", "running=True"), (DB1, DB1 + 'hv1.vm("new", "External", "192.168.1.35", "2001:db8:1::35")\n'),
        (APP2 + LEG + "\n", ""), (DB2, DB2[:-2] + ", running=False)\n"),
    ),
    case(
        "adapters are added, removed and connected",
        (DB1, DB1[:-1] + '.adapter("External", "192.168.1.36")\n'), (LEG, ""),
        (SPARE, 'hv1.vm("spare", "External", "192.168.1.34")\n'),
    ),
    case(
        "adapters are disconnected and move between switches",
        (APP1, 'hv1.vm("app1", None, "10.0.1.11/24")\n'), (DB2, 'hv1.vm("db2", "External", "192.168.1.37")\n'),
    ),
    case("adapter is connected and keeps its address", (SPARE, SPARE.replace("None", '"Private"')), others=DB),
    case(
        "settings of adapters",
        (APP1, 'hv1.vm("app1", "Internal", "10.0.1.99")\n'), (LEG, LEG[:-1] + ", mac_spoofing=True)"),
        (DB1, DB1[:-2] + ", mtu=9000)\n"), (DB2, DB2[:-2] + ', mac="00155D0A0B0C")\n'),
    ),
    case(
        "settings of guests",
        (APP2, APP2[:-1] + ", forwarding=True)"), (DB2, DB2[:-2] + ", integration_services=False)\n"),
        ('"db1"', '"db9"'), ('lab.host("hv1")', 'lab.host("hv1", forwarding=True)'),
        (SPARE, SPARE[:-2] + ', generation=1).adapter("External", "192.168.1.38", legacy=True)\n'),
    ),
    case(
        "settings of switches",
        (EXTERNAL, EXTERNAL[:-2] + ', learning="Pinned")\n'), (INTERNAL, INTERNAL[:-2] + ", ageing_s=20)\n"),
    ),
    case(
        "physical world",
        (', router=("192.168.1.1", "2001:db8:1::1")', ""),
        (PC2, PC2 + 'store.computer("pc3", "172.16.0.11")\n'),
        ('hv1.nic("Ethernet 3", store)', 'hv1.nic("Ethernet 3", office, "192.168.1.23")'),
    ),
    case("switch is created", (SPARE, 'hv1.private_switch("New")\nhv1.vm("spare", "New", "10.0.2.13/24")\n')),
    case(
        "private and internal switch are deleted in use",
        (PRIVATE, ""), (DB1, 'hv1.vm("db1", None, "10.0.2.11/24")\n'), (DB2, 'hv1.vm("db2", None, "10.0.2.12/24")\n'),
        (INTERNAL, ""), (APP1, 'hv1.vm("app1", None, "10.0.1.11/24")\n'),
        (APP2, 'hv1.vm("app2", None, "10.0.1.12/24")'),
    ),
    case(
        "external switch is deleted in use",
        (EXTERNAL, ""), (BACKUP, ""),
        (WEB1, 'hv1.vm("web1", None, "192.168.1.31/24", "2001:db8:1::31/64")\n'),
        (WEB2, 'hv1.vm("web2", None, "192.168.1.32/24", "2001:db8:1::32/64")\n'),
        ('hv1.vm("web3", "External", "192.168.1.33", running=False)', ""), (LEG, ""),
        others=DB,
    ),
    case(
        "internal to private",
        (INTERNAL, 'hv1.private_switch("Internal")\n'),
        (APP1, 'hv1.vm("app1", "Internal", "10.0.1.11/24")\n'),
        (APP2, APP2[:-2] + '/24")'),
        others=APP,
    ),
    case(
        "internal to external",
        (INTERNAL, 'hv1.external_switch("Internal", nic="Ethernet 3")\n'),
        (APP1, 'hv1.vm("app1", "Internal", "172.16.0.31")\n'),
        (APP2, 'hv1.vm("app2", "Internal", "172.16.0.32")'),
    ),
    case("private to internal", (PRIVATE, 'hv1.internal_switch("Private", "10.0.2.1/24")\n'), others=DB),
    case("private to external", (PRIVATE, 'hv1.external_switch("Private", nic="Ethernet 3")\n'), others=DB),
    case(
        "external to internal",
        (EXTERNAL, 'hv1.internal_switch("External", "192.168.1.1/24", "2001:db8:1::1/64")\n'),
        (', router=("192.168.1.1", "2001:db8:1::1")', ""),
        ('"192.168.1.20", "2001:db8:1::20"', ""),
    ),
    case(
        "external to private",
        (EXTERNAL, 'hv1.private_switch("External")\n'),
        (BACKUP, ""),
        (LEG, '.adapter("External", "192.168.1.42/24")'),
        ('"192.168.1.31", "2001:db8:1::31"', '"192.168.1.31/24", "2001:db8:1::31/64"'),
        ('"192.168.1.32", "2001:db8:1::32"', '"192.168.1.32/24", "2001:db8:1::32/64"'),
        ('"192.168.1.33"', '"192.168.1.33/24"'),
    ),
    case(
        "management OS is not shared any more",
        (EXTERNAL, EXTERNAL[:-2] + ", allow_management_os=False)\n"),
        (BACKUP, ""),
    ),
    case(
        "management OS gets a third adapter",
        (BACKUP, BACKUP + 'hv1.management_adapter("Third", "External", "192.168.1.22")\n'),
    ),
    case("management OS keeps only the second adapter", (EXTERNAL, EXTERNAL[:-2] + ", allow_management_os=False)\n")),
    case(
        "switch moves to another NIC",
        (EXTERNAL, 'hv1.external_switch("External", nic="Ethernet 3")\n'),
        ('hv1.nic("Ethernet 3", store)', 'hv1.nic("Ethernet 3", office, "192.168.1.23")'),
    ),
    case(
        "second host comes",
        (SPARE, SPARE + HV2),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def office(lab: LabOf) -> Iterator[RunningLab]:
    """The office; every test leaves it as it was."""
    with lab(OFFICE) as found:
        found.agrees()
        found.agrees("-6")
        # A VM has its MAC addresses from its first start on, and keeps them.
        found.apply(edited(OFFICE, ("running=False", "running=True")))
        found.apply(OFFICE)
        yield found


class Known:
    """What the switches held and which settings all machines had after the last change."""

    def __init__(self) -> None:
        self.programs: Any = None
        self.settings: Any = None


@pytest.fixture(scope="module")
def known() -> Known:
    return Known()


@pytest.mark.switching
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_change_and_undo(office: RunningLab, known: Known, case: Case) -> None:
    programs = known.programs or office.switches()
    settings = known.settings or office.addresses()
    known.programs = known.settings = None
    node, target = case.others
    done = False
    try:
        with pinging(office, node, target):
            plan = office.apply(edited(OFFICE, *case.changes), "--json").json()
            assert plan["changes"]
            assert plan["steps"]
            assert [step for step in plan["steps"] if not step["reason"] or "running lab" in step["reason"]] == []
            office.agrees()
            again = office("apply", office.file, "--json").json()
            assert (again["changes"], again["steps"]) == ([], [])
            office.apply(OFFICE)
        done = True
    finally:
        if not done:
            office.apply(OFFICE)
    assert difference(programs, office.switches())[:4] == []
    # The kernel takes away the devices of a machine that has ended a moment later.
    eventually(lambda: difference(settings, office.addresses())[:4], lambda seen: not seen, timeout=3.0)
    known.programs, known.settings = programs, settings
