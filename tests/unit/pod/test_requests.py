"""What init accepts as a request, and how it answers a line of them."""

from __future__ import annotations

import json

import pytest

from lab.emulation.pod.init.server import Line, decode
from lab.emulation.pod.init.spec import BadRequest, Spec, names, seconds, signal_number
from lab.emulation.pod.process import OWN_RUN, OWN_SYS, Mount, Process, ProcessState, node

MINIMAL: dict[str, object] = {"op": "spawn", "name": "a", "argv": ["true"]}


def through_json(process: Process) -> Spec:
    decoded = json.loads(json.dumps(process.to_json()))
    assert isinstance(decoded, dict)
    return Spec(decoded)


def test_a_full_process_survives_the_way_to_init() -> None:
    process = Process(
        name="switch.1",
        argv=("daemon", "-x", "ü"),
        env={"A": "1"},
        cwd="/tmp",
        unshare=("pid", "mnt"),
        enter={"net": "host1"},
        mounts=(Mount("tmpfs", "/mnt", options="mode=0700"), Mount("bind", "/a", "/b", readonly=True)),
        sysctls={"net.ipv4.ip_forward": "1"},
        log="/run/x.log",
        restart=True,
        listen=("/run/x.sock",),
        after_restart=("touch", "/x"),
        ready="/run/x.pid",
        ready_timeout_s=3,
    )
    spec = through_json(process)
    for key in ("name", "argv", "env", "cwd", "enter", "sysctls", "log", "restart", "listen", "after_restart"):
        assert getattr(spec, key) == getattr(process, key), key
    assert spec.unshare == ("mnt", "pid")
    assert (spec.ready, spec.ready_timeout_s) == ("/run/x.pid", 3.0)
    assert [(m.fstype, m.source, m.target, m.options, m.readonly) for m in spec.mounts] == [
        ("tmpfs", "tmpfs", "/mnt", "mode=0700", False),
        ("bind", "/b", "/a", "", True),
    ]


def test_a_node_has_its_own_sys_and_may_have_its_own_run() -> None:
    assert node("vm").mounts == (OWN_SYS,)
    assert node("vm", own_run=True).mounts == (OWN_SYS, OWN_RUN)
    assert through_json(node("vm", hostname="web1")).hostname == "web1"
    assert through_json(node("vm")).argv is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, '"name" is'),
        ({"name": "a\tb"}, "expected up to 100"),
        ({"name": " a"}, "expected up to 100"),
        ({"name": "a;b"}, "expected up to 100"),
        ({"name": "../a"}, "expected up to 100"),
        ({"name": 3}, "expected a text"),
        ({"argv": []}, "expected a list of texts"),
        ({"argv": "true"}, "expected a list"),
        ({"argv": ["a\0b"]}, "expected a list of texts"),
        ({"argv": ["\ud800"]}, "expected a list of texts"),
        ({"argw": ["true"]}, "unknown key 'argw'; known: after_restart"),
        ({"env": {"A": 1}}, "expected a text"),
        ({"cwd": "tmp"}, "expected an absolute path"),
        ({"unshare": ["user"]}, "names the namespace 'user'"),
        ({"enter": {"user": "b"}}, "names the namespace 'user'"),
        ({"enter": {"net": "b"}, "unshare": ["net"]}, 'not in "unshare"'),
        ({"enter": {"net": "a"}}, "enter itself"),
        ({"hostname": "x"}, 'needs "uts"'),
        ({"mounts": [{"type": "tmpfs", "target": "/x"}]}, 'needs "mnt"'),
        ({"mounts": [{"type": "bind", "target": "/x"}], "unshare": ["mnt"]}, '"source" of a bind mount'),
        ({"mounts": [3], "unshare": ["mnt"]}, "expected an object"),
        ({"argv": None, "log": "/run/x.log"}, "a machine, which has no"),
        ({"restart": 1}, "expected true or false"),
        ({"listen": ["/x"]}, "expected an object"),
        ({"ready": "/x"}, 'expected an object with "path"'),
        ({"ready": {"path": "/x", "timeout_s": -1}}, "expected seconds"),
    ],
)
def test_a_request_that_cannot_be_is_told_in_words(change: dict[str, object], words: str) -> None:
    with pytest.raises(BadRequest) as caught:
        Spec({**MINIMAL, **change})
    assert words in str(caught.value)


def test_small_values() -> None:
    assert names({"name": "a"}) == ("a",)
    assert names({"names": ["a", "b"]}) == ("a", "b")
    assert signal_number({}, 15) == 15
    assert seconds({"t": 2}, "t", 1) == 2.0
    for bad in (0, "9", 1000, None):
        with pytest.raises(BadRequest):
            signal_number({"signal": bad}, 15)
    with pytest.raises(BadRequest):
        seconds({"t": True}, "t", 1)


@pytest.mark.parametrize("line", [b"", b"{", b"\xff", b"3", b'"x"', b"[3]", b"[" * 100_000, b"[[]]"])
def test_a_line_that_is_no_request_is_refused(line: bytes) -> None:
    with pytest.raises(BadRequest):
        decode(line)


def test_a_line_is_one_request_or_a_list() -> None:
    assert decode(b'{"op": "list"}') == ([{"op": "list"}], False)
    assert decode(b"[{}, {}]") == ([{}, {}], True)
    assert decode(b"[]") == ([], True)


def test_a_line_is_answered_once_and_in_order() -> None:
    sent: list[bytes] = []
    line = Line(2, True, sent.append)
    line.slot(1)({"n": 1})
    line.slot(1)({"n": "again"})
    assert not sent
    line.slot(0)({"n": 0})
    assert json.loads(sent[0]) == [{"n": 0}, {"n": 1}]
    Line(1, False, sent.append).slot(0)({"n": 2})
    Line(0, True, sent.append)
    assert [json.loads(answer) for answer in sent[1:]] == [{"n": 2}, []]


def test_a_state_is_read_back() -> None:
    found: dict[str, object] = {
        "name": "a",
        "pid": None,
        "start_ticks": None,
        "state": "exited",
        "restarts": 2,
        "started_at": 1.5,
        "last_exit": -9,
        "argv": ["x"],
    }
    assert ProcessState.from_json(found) == ProcessState("a", None, None, "exited", 2, 1.5, -9, ("x",))
