"""Names, device names, MAC addresses, and how anything at all is shown in a message."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.model.addresses import hyperv_mac, mac_pool, parse_mac, stable_mac
from lab.model.names import (
    IFNAMSIZ,
    device_name,
    host_name,
    is_display_name,
    is_hyperv_name,
    is_node_name,
    quoted,
    vethernet_device,
    visible,
)

FAST = settings(max_examples=100, deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize("name", ["a", "web1", "Web-1_x", "0", "x" * 63])
def test_node_names(name: str) -> None:
    assert is_node_name(name)


@pytest.mark.parametrize(
    "name", ["", "-a", "_a", "a b", "a.b", "a/b", "größe", "a\n", "x" * 64, "٣", 7, None, b"web1", ["web1"]]
)
def test_no_node_names(name: object) -> None:
    assert not is_node_name(name)


@pytest.mark.parametrize("name", ["Ethernet 2", "Network Adapter", "Port #1 (left)", "eth0.100"])
def test_display_names(name: str) -> None:
    assert is_display_name(name)


@pytest.mark.parametrize("name", ["", " a", "a ", "a\tb", "a\n", "a;b", 'a"b', "x" * 65, 7])
def test_no_display_names(name: object) -> None:
    assert not is_display_name(name)


@pytest.mark.parametrize("name", ["web1", "Web Server 1", "NAT Switch (1)", "srv01.contoso.com", "#1"[1:], "x" * 64])
def test_names_of_vms_and_switches(name: str) -> None:
    assert is_hyperv_name(name)


@pytest.mark.parametrize("name", ["", " a", "a ", "a/b", "a\n", "größe", "physical.networks", "x" * 65, 7])
def test_no_names_of_vms_and_switches(name: object) -> None:
    assert not is_hyperv_name(name)


@pytest.mark.parametrize(
    ("name", "known_as"),
    [("web1", "web1"), ("web-", "web-"), ("Web Server 1", "Web-Server-1"), ("SQL (2019) #2", "SQL-2019-2"),
     ("srv01.contoso.com", "srv01-contoso-com"), ("x" * 64, "x" * 63)],
)  # fmt: skip
def test_what_a_machine_is_called_on_its_network(name: str, known_as: str) -> None:
    assert host_name(name) == known_as


@FAST
@given(st.text(max_size=100))
def test_a_device_name_fits_and_is_always_the_same(name: str) -> None:
    found = device_name(name)
    assert 0 < len(found) <= IFNAMSIZ
    assert not set(found) & set(" /:%\t\n;\"'")
    assert found == device_name(name)
    assert len(vethernet_device(name)) <= IFNAMSIZ


@FAST
@given(st.text(max_size=200))
def test_what_is_quoted_is_one_printable_line(name: str) -> None:
    found = quoted(name)
    assert found.isprintable()
    assert found[0] == '"'
    assert len(found) <= 150


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("web1", '"web1"'),
        ('a"b', '"a\\"b"'),
        ("a\nb\x1b[2J", '"a\\nb\\x1b[2J"'),
        ("größe", '"größe"'),
        ("x" * 61, f'"{"x" * 60}…" (61 characters)'),
        (7, '"7"'),
        (None, '"None"'),
    ],
    ids=["plain", "quote", "control", "letters", "long", "number", "none"],
)
def test_quoted(value: object, shown: str) -> None:
    assert quoted(value) == shown


def test_visible_cuts() -> None:
    assert visible("a\tb", 9) == "a\\tb"
    assert visible("abcdef", 3) == "abc…"


@pytest.mark.parametrize("text", ["00155D010203", "00-15-5d-01-02-03", "00:15:5D:01:02:03"])
def test_mac_forms(text: str) -> None:
    assert parse_mac(text) == "00:15:5d:01:02:03"
    assert hyperv_mac(parse_mac(text)) == "00155D010203"


@pytest.mark.parametrize(
    "text", ["", "00155D01020", "00155D0102033", "0015.5D01.0203", "00155D01020G", "010000000000", "0" * 12, "٠" * 12]
)
def test_no_macs(text: str) -> None:
    with pytest.raises(ValueError):
        parse_mac(text)


def test_the_pool_follows_the_host_s_address() -> None:
    assert mac_pool("hv1", IPv4Address("10.0.3.77")) == "00:15:5d:03:4d"
    assert mac_pool("hv1", None) != mac_pool("hv2", None)


def test_stable_macs_are_local_and_unicast() -> None:
    first = int(stable_mac("a", "b")[:2], 16)
    assert (first & 1, first & 2) == (0, 2)
    assert stable_mac("a", "b") != stable_mac("ab")
