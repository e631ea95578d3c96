"""What resource metering adds to the port ACL of an adapter."""

from __future__ import annotations

from lab import Lab, allow, meter
from lab.model.acl import AclAction, AclDirection, PortAcl
from lab.model.metering import EVERYTHING, added_entries


def entries(*written: object) -> tuple[PortAcl, ...]:
    lab = Lab("metering")
    host = lab.host("hv1")
    host.private_switch("Private")
    host.vm("web1", "Private", acls=list(written))  # type: ignore[arg-type]
    return lab.model().hosts[0].vms[0].adapters[0].acls


def test_without_metering_nothing_is_added() -> None:
    assert added_entries((), False) == ()
    assert added_entries(entries(meter(remote="ANY")), False) == ()


def test_everything_is_counted_by_direction_and_ip_version() -> None:
    assert [str(each) for each in added_entries(entries(allow(remote="10.0.1.0/24")), True)] == [
        "Meter Inbound RemoteIPAddress 0.0.0.0/0",
        "Meter Outbound RemoteIPAddress 0.0.0.0/0",
        "Meter Inbound RemoteIPAddress ::/0",
        "Meter Outbound RemoteIPAddress ::/0",
    ]


def test_an_adapter_s_own_meter_entries_are_the_classes() -> None:
    own = entries(meter(remote="10.0.1.0/24", direction=AclDirection.INBOUND))
    assert added_entries(own, True) == ()
    assert {each.action for each in EVERYTHING} == {AclAction.METER}
