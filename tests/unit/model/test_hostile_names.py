"""That no text of a topology becomes a command, an option, a path or a terminal's escape: refused, or kept as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab import Lab
from lab.emulation import firewall, links, nodes, ovs, shaping
from lab.emulation.pod.init.spec import Spec
from lab.engine.allocation import Allocation, allocate
from lab.engine.blueprint import lower
from lab.engine.graph.dot import dot
from lab.engine.graph.mermaid import mermaid
from lab.engine.graph.scene import scene
from lab.engine.graph.tree import tree
from lab.engine.resources import PHYSICAL, Role
from lab.errors import InputError, TopologyError, UnknownName
from lab.model.names import host_name, is_display_name, is_hyperv_name, is_node_name
from lab.model.objects import LabModel

FAST = settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)

WORST = (
    "; touch canary", "$(touch canary)", "`touch canary`", "| touch canary", "& touch canary", "a'b", 'a"b', "a\\b",
    "a\nb", "a\r\nb", "\n", "a\tb", "-h", "--", "--help", "-", "-- add-br x", "../x", "/etc/passwd", ".", "..", "a\0b",
    "\u202egnp.exe", "a\u200bb", "😀", "dev lo", "lo", "all", "default", "web1,actions=drop", "a=b", "%s%s%n", "{}", "{0}",
    "{name}", "\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\ud800", "*", "?", "[a]", "~", "#", "!x", "a b", "web 1.", "(a)",
    "é", "e\u0301", "x" * 65, "x" * 100_000, "", " ", "0", "-1", "None", "True", "Ethernet (2) #3", "a--b", "a -b", "a#b",
)  # fmt: skip
HOSTILE = st.one_of(
    st.sampled_from(WORST),
    st.text(max_size=80),
    st.builds("".join, st.lists(st.sampled_from([*WORST[:50], "a", "1", "-", " ", "_", "."]), max_size=4)),
    st.from_regex(r"[A-Za-z0-9_.#() -]{1,64}", fullmatch=True),
)
PLACES = ("lab", "internet", "network", "computer", "host", "nic", "switch", "management", "vm", "adapter")
GOOD = {
    "lab": "lab1", "internet": "internet", "network": "office", "computer": "pc1", "host": "hv1", "nic": "Ethernet",
    "switch": "External", "management": "Backup", "vm": "web1", "adapter": "Second",
}  # fmt: skip
NODES = frozenset(PLACES) - {"nic", "management", "adapter", "switch", "vm"}


def built(names: dict[str, str]) -> LabModel:
    """Return a lab in which everything has the name that it is given."""
    lab = Lab(names["lab"])
    lab.internet_host(names["internet"], "203.0.113.80/24")
    office = lab.physical_network(names["network"], "192.168.1.0/24", router="192.168.1.1")
    office.computer(names["computer"], "192.168.1.10")
    host = lab.host(names["host"])
    nic = host.nic(names["nic"], office, "192.168.1.20", speed=10**9)
    switch = host.external_switch(names["switch"], nic)
    host.management_adapter(names["management"], switch, "192.168.1.21")
    host.vm(names["vm"], switch, "192.168.1.31").adapter(switch, "192.168.1.32", name=names["adapter"])
    return lab.model()


def texts(value: object) -> Iterator[str]:
    """Yield every text in a value."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for each in fields(value):
            yield from texts(getattr(value, each.name))
    elif isinstance(value, dict):
        for pair in value.items():
            yield from texts(pair)
    elif isinstance(value, tuple | list | frozenset):
        for item in value:
            yield from texts(item)


@pytest.mark.parametrize("place", PLACES)
@FAST
@given(name=HOSTILE)
def test_a_name_is_refused_in_one_sentence_or_kept_as_it_is(place: str, name: str) -> None:
    names = GOOD | {place: name}
    try:
        model = built(names)
    except TopologyError as error:
        for record in error.records:
            assert str(record).isprintable()
            assert len(str(record)) < 600
        return
    assert name in set(texts(model)), "kept"
    if place in ("switch", "vm"):
        assert is_hyperv_name(name)
    assert is_node_name(name) or (place not in NODES and (is_display_name(name) or name == "")) or place == "adapter"
    harmless(model)


def harmless(model: LabModel) -> None:
    """Check everything that a model becomes: devices, paths, command lines, transactions, pictures."""
    blueprint = lower(model, allocate(model, Allocation()))
    devices = {cable.a_device for cable in blueprint.cables} | {cable.b_device for cable in blueprint.cables}
    devices |= {bridge.device for bridge in blueprint.bridges} | {port.device for port in blueprint.ports}
    devices |= {interface.device for interface in blueprint.interfaces}
    for device in devices:
        assert re.fullmatch(r"[A-Za-z0-9.][A-Za-z0-9_.-]{0,14}", device), device
        assert device not in {"all", "default", "lo", "dev"}
        assert re.fullmatch(r"[A-Za-z0-9 _.-]+", shaping.shape(device, 1000))
    for node in blueprint.nodes:
        if node.role is not Role.PHYSICAL:
            assert node.name != PHYSICAL, "its own"
            spawned = nodes.process(node)
            assert is_node_name(spawned.hostname), node.name
            Spec(json.loads(json.dumps(spawned.to_json())))
    for instance in blueprint.instances:
        for each, other in zip(ovs.processes(instance.node), ovs.processes("other"), strict=True):
            no_option(each.argv, other.argv)
            assert ".." not in Path(each.cwd).parts
    for interface in blueprint.interfaces:
        no_option(links.segmentation(interface, None), links.segmentation(replace(interface, device="other"), None))
    for relay in blueprint.relays:
        for line in shaping.create_tree(relay):
            assert re.fullmatch(r'[A-Za-z0-9 _.:",-]+', line)
        assert firewall.relay(relay.near, relay.far).count('"') == 8
    for number, bridge in enumerate(blueprint.bridges):
        json.dumps(list(ovs.create_bridge(bridge, number, 1)))
    pictures(model)


def no_option(argv: tuple[str, ...] | None, same_of_another: tuple[str, ...] | None) -> None:
    """Check that the words of a command line that a name is in, and so another has not, are no options but ours."""
    for word, other in zip(argv or (), same_of_another or (), strict=True):
        assert word.isprintable()
        if word != other:
            assert not word.startswith("-") or re.match(r"--[a-z-]+=(punix:|unix:)?/", word), word


def pictures(model: LabModel) -> None:
    for text in (mermaid(scene(model)), dot(scene(model)), tree(model)):
        assert all(line.isprintable() for line in text.splitlines())


@FAST
@given(st.one_of(HOSTILE, st.text(alphabet="aA0-_.#() ", max_size=70)))
def test_an_allowed_name_means_nothing_to_anybody(name: str) -> None:
    """To no shell (the few characters that one acts upon are in display names, which get onto no command line), no path,
    no option, no flow, no format."""
    if is_node_name(name) or is_display_name(name) or is_hyperv_name(name):
        assert name.isascii() and name.isprintable()
        assert not set(name) & set("/\\\0\n\r\t'\"`$;&|<>*?[]{}~!%=,:@^")
        assert not name.startswith(("-", ".", "#", "(", " "))
    if is_hyperv_name(name):
        assert is_node_name(host_name(name))
    if is_node_name(name):
        assert not set(name) & set(" #().")


ADDRESSES = (
    "192.168.1.31; touch canary",
    "192.168.1.31/24 dev lo",
    "$(id)",
    "-4",
    "::1%lo; x",
    "fe80::1%$(id)",
    "\x1b[2J",
)


@pytest.mark.parametrize("where", ["address", "gateway", "subnet", "router", "mac", "learning", "switch"])
@FAST
@given(text=st.one_of(st.sampled_from([*ADDRESSES, *WORST]), st.text(max_size=40)))
def test_an_address_is_an_address_or_refused(where: str, text: str) -> None:
    lab = Lab("lab1")
    given_: dict[str, Any] = {"gateway": text} if where == "gateway" else {"mac": text} if where == "mac" else {}
    subnet = text if where == "subnet" else "192.168.1.0/24"
    office = lab.physical_network("office", subnet, router=text if where == "router" else ())
    office.computer("pc1", text if where == "address" else "192.168.1.10/24", **given_)
    host = lab.host("hv1")
    host.private_switch("Private", learning=text if where == "learning" else "Learning")
    host.vm("vm1", text if where == "switch" else "Private", "10.0.0.1/24")
    try:
        model = lab.model()
    except TopologyError as error:
        assert str(error.records[0]).isprintable()
        assert len(str(error)) < 2000 + 400 * len(error.records)
        return
    blueprint = lower(model, allocate(model, Allocation()))
    for said in (str(each) for interface in blueprint.interfaces for each in (interface.mac, *interface.addresses)):
        assert re.fullmatch(r"[0-9a-fA-F:./]+", said), said
    for route in blueprint.routes:
        assert re.fullmatch(r"[0-9a-fA-F:./ a-z]*", str(route.gateway or ""))


@FAST
@given(HOSTILE)
def test_what_does_not_exist_is_named_harmlessly(name: str) -> None:
    """A name from the command line, which may be anything."""
    with pytest.raises(InputError) as caught:
        raise UnknownName("machine of this lab", name, ["web1"])
    assert str(caught.value).isprintable()
