"""The save format: everything comes back as it was, and nothing else is let in."""

from __future__ import annotations

import json
from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_interface, ip_network

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.codec import CodecError, dumps, loads
from lab.intent import INTENT_VERSION, PortIntent, SwitchIntent
from lab.model.addresses import IpSettings
from lab.model.kinds import AdapterKind, LearningMode, PortKind, SwitchType, VMState
from lab.model.objects import (
    Computer,
    HypervHost,
    Internet,
    LabModel,
    NetworkAdapter,
    PhysicalNetwork,
    PhysicalNic,
    Router,
    VirtualMachine,
    VirtualSwitch,
)

FAST = settings(
    max_examples=30, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)

texts = st.text(max_size=8)
numbers = st.integers(-(2**31), 2**63)
flags = st.booleans()
v4 = st.builds(IPv4Interface, st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)))
v6 = st.builds(IPv6Interface, st.tuples(st.integers(0, 2**128 - 1), st.integers(0, 128)))
interfaces = st.one_of(v4, v6)
nets = interfaces.map(lambda each: each.network)


def several(items: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(items, max_size=2).map(tuple)


ips = st.builds(IpSettings, several(interfaces), several(interfaces.map(lambda each: each.ip)))
adapters = st.builds(
    NetworkAdapter, texts, st.none() | texts, st.sampled_from(AdapterKind), texts, st.none() | ips, flags, numbers
)
vms = st.builds(VirtualMachine, texts, several(adapters), numbers, st.sampled_from(VMState), flags, flags)
switches = st.builds(
    VirtualSwitch, texts, st.sampled_from(SwitchType), several(texts), st.sampled_from(LearningMode), numbers
)
nics = st.builds(PhysicalNic, texts, texts, ips, texts, numbers)
hosts = st.builds(HypervHost, texts, several(nics), several(switches), several(adapters), several(vms), flags)
computers = st.builds(Computer, texts, ips, texts, numbers)
routers = st.builds(Router, texts, ips, ips, flags)
networks = st.builds(PhysicalNetwork, texts, several(nets), several(computers), st.none() | routers, numbers)
models = st.builds(
    LabModel,
    texts,
    several(hosts),
    several(networks),
    st.builds(Internet, several(nets), several(computers)),
    st.floats(allow_nan=False, allow_infinity=False),
)
intents = st.one_of(
    st.builds(SwitchIntent, texts, texts, st.sampled_from(SwitchType), st.sampled_from(LearningMode), numbers),
    st.builds(PortIntent, texts, st.sampled_from(PortKind), texts, flags),
)


@FAST
@given(models)
def test_a_model_comes_back(model: LabModel) -> None:
    text = dumps(model)
    again = loads(LabModel, text)
    assert again == model
    assert dumps(again) == text
    assert loads(LabModel, text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass")) == model


@FAST
@given(intents)
def test_an_intent_comes_back(intent: SwitchIntent | PortIntent) -> None:
    assert loads(type(intent), dumps(intent)) == intent


@FAST
@given(models, st.data())
def test_a_changed_document_is_refused_and_never_crashes(model: LabModel, data: st.DataObject) -> None:
    content = json.loads(dumps(model))
    key = data.draw(st.sampled_from(sorted(content)))
    content[key] = data.draw(
        st.one_of(st.none(), flags, st.text(max_size=3), st.just([0]), st.just([{}]), st.just({"a": 1}))
    )
    try:
        found = loads(LabModel, json.dumps(content))
    except CodecError as error:
        assert key in str(error)
    else:
        assert loads(LabModel, dumps(found)) == found
        assert json.loads(dumps(found)).items() <= content.items()


def test_the_form_is_canonical() -> None:
    ip = IpSettings((ip_interface("10.0.0.1/24"),), (ip_address("10.0.0.254"),))
    assert dumps(ip) == '{"addresses":["10.0.0.1/24"],"gateways":["10.0.0.254"]}'
    assert dumps(Internet((ip_network("2001:db8::/32"),))) == '{"subnets":["2001:db8::/32"]}'
    assert dumps(IpSettings()) == "{}"


def test_the_version_is_always_written() -> None:
    text = dumps(PortIntent("vm1/Network Adapter", PortKind.VM))
    assert text == f'{{"adapter":"vm1/Network Adapter","kind":"{PortKind.VM.value}","version":{INTENT_VERSION}}}'
    with pytest.raises(CodecError, match="PortIntent has other keys than expected: version"):
        loads(PortIntent, '{"adapter":"vm1/Network Adapter","kind":"VM"}')


GOOD = json.loads(
    dumps(
        LabModel(
            "x",
            hosts=(HypervHost("hv1", switches=(VirtualSwitch("S", SwitchType.PRIVATE),)),),
            internet=Internet((ip_network("10.0.0.0/8"),)),
        )
    )
)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("name",), 7, r"LabModel\.name is 7, expected str"),
        (
            ("hosts", 0, "switches", 0, "type"),
            "Public",
            r"hosts\[0\]\.switches\[0\]\.type is 'Public', expected one of",
        ),
        (("hosts", 0, "switches", 0, "ageing_s"), True, "ageing_s is True, expected int"),
        (("hosts", 0, "switches", 0, "ageing_s"), 3.0, "ageing_s is 3.0, expected int"),
        (("hosts", 0, "switches", 0, "colour"), "red", "has other keys than expected: colour"),
        (("hosts", 0, "forwarding"), 0, "forwarding is 0, expected bool"),
        (("hosts", 0, "nics"), {}, "nics is {}, expected list"),
        (("internet", "subnets"), ["10.0.0.1/24"], r"subnets\[0\]: 10.0.0.1/24 has host bits set"),
        (("internet", "subnets"), ["nonsense"], r"subnets\[0\]: 'nonsense' does not appear to be an IPv4 or IPv6"),
        (("internet", "subnets"), [12], r"subnets\[0\] is 12, expected str"),
        (("interruption_s",), float("nan"), "is not JSON: NaN is not a number"),
        (("interruption_s",), float("inf"), "is not JSON: Infinity is not a number"),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_what_is_refused(path: tuple[str | int, ...], value: object, message: str) -> None:
    content = json.loads(json.dumps(GOOD))
    at = content
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    with pytest.raises(CodecError, match=message):
        loads(LabModel, json.dumps(content))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "7", '"x"', "{}", "\ufeff{}", "[" * 100000, b"\xff", '{"a":1,"a":1}'], ids=range(11)
)
def test_what_is_no_document_at_all(text: str | bytes) -> None:
    with pytest.raises(CodecError):
        loads(LabModel, text)


def test_a_missing_key_is_refused() -> None:
    with pytest.raises(CodecError, match="has other keys than expected: name"):
        loads(LabModel, json.dumps({key: value for key, value in GOOD.items() if key != "name"}))


def test_a_number_too_large_for_a_float_is_refused() -> None:
    with pytest.raises(CodecError, match="interruption_s is 1000"):
        loads(LabModel, json.dumps(GOOD | {"interruption_s": 10**400}))


def test_a_whole_number_is_a_float_where_one_is_expected() -> None:
    found = loads(LabModel, json.dumps(GOOD | {"interruption_s": 3}))
    assert (found.interruption_s, type(found.interruption_s)) == (3.0, float)
