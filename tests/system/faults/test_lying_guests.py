"""Guests whose root user puts something else in the place of what hvlab's programs have there: it is taken for what it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.labs import RunningLab, edited

pytestmark = [pytest.mark.system, pytest.mark.switching]

TEXT = """
from lab import Lab, dhcp_scope, nlb_rule
lab = Lab("lying")
hv1 = lab.host("hv1")
hv1.private_switch("Private")
web = lab.nlb_cluster("web", "10.0.1.100/24", mode="Multicast", rules=[nlb_rule(80, 80)])
hv1.vm("dhcp1", "Private", "10.0.1.2/24").dhcp_server(dhcp_scope("10.0.1.0/24", "10.0.1.110", "10.0.1.119"))
hv1.vm("client1", "Private", "dhcp")
hv1.vm("web1", "Private", "10.0.1.11/24").nlb_node(web, priority=1)
hv1.vm("web2", "Private", "10.0.1.12/24").nlb_node(web, priority=2)
"""

# Answers everybody who connects to a socket with the same octets, and again and again until nobody listens.
LIAR = """
import os, socket, sys
path, said, often = sys.argv[1], bytes.fromhex(sys.argv[2]), int(sys.argv[3])
if os.path.lexists(path):
    os.unlink(path)
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(8)
print("listens", flush=True)
while True:
    connection, _ = listener.accept()
    try:
        for _ in range(often):
            connection.sendall(said)
    except OSError:
        pass
    connection.close()
"""

LEASE = {"ip-address": "10.0.1.5", "hw-address": "x", "state": 0, "cltt": 1, "valid-lft": 1}
NODE = {"state": "Converged", "refusal": "", "mac": "", "bound": 1, "connections": 0, "view": [], "accepted": {},
        "history": []}  # fmt: skip
ESCAPE = "\x1b]0;gotcha\x07"
LIES = {
    "nothing": (b"", 1),
    "no JSON": (b"}", 1),
    "a number": (b"7", 1),
    "a list": (b"[[]]", 1),
    "nothing of what was asked": (b"{}", 1),
    "deep": (b"[" * 1000, 100),
    "too much": (b" " * 50_000, 2000),
    "other kinds": (json.dumps({"state": [], "result": 0, "arguments": {"leases": 5}}).encode(), 1),
    "words for the terminal": (
        json.dumps(NODE | {"state": ESCAPE, "refusal": ESCAPE, "result": 1, "text": ESCAPE}).encode(), 1,
    ),
    "no addresses": (
        json.dumps(NODE | {"view": ["x"], "result": 0, "arguments": {"leases": [LEASE | {"ip-address": "x"}]}}).encode(), 1,
    ),
    "large numbers": (
        json.dumps(NODE | {"history": [{"ago_s": 1e308, "text": "x"}], "result": 0,
                           "arguments": {"leases": [LEASE | {"valid-lft": 10**30}]}}).encode(), 1,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TEXT) as found:
        yield found


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("node", ["dhcp1", "web1"])
def test_whatever_is_answered_in_a_program_s_place_is_told_as_it_is(running: RunningLab, node: str, lie: str) -> None:
    said, often = LIES[lie]
    path = "/run/kea/control.sock" if node == "dhcp1" else "/run/nlb/eth0/control.sock"
    liar = running.hvlab.start(
        "--lab", running.name, "exec", node, "--", "python3", "-c", LIAR, path, said.hex(), str(often), stdout=-1
    )
    try:
        assert liar.stdout
        assert liar.stdout.readline() == b"listens\n"
        for words in (("status",), ("dhcp",), ("dhcp", "--json"), ("nlb",), ("nlb", "--json"), ("nlb", "--history")):
            done = running(*words, check=None)
            assert done.code in (0, 1)
            assert "\x1b" not in done.out + done.err
    finally:
        liar.terminate()
        liar.wait()
        assert liar.stdout
        liar.stdout.close()


@pytest.mark.parametrize("place", ["/run/nlb", "/run/nlb/eth0"])
def test_a_link_leads_nobody_out_of_the_machine(
    running: RunningLab, announce: Callable[[str], None], tmp_path: Path, place: str
) -> None:
    # The node's program loses its folder, and may be writing to it just then; it is started again.
    announce(r"^nlb-eth0@web2\.log: (Traceback|FileNotFoundError: )")
    kept = tmp_path / "eth0"
    kept.mkdir()
    (kept / "kept").touch()
    target = tmp_path if place == "/run/nlb" else kept
    running.apply(TEXT)
    running.exec("web2", "sh", "-c", f"rm -rf {place} && ln -s {target} {place}")
    running.apply(edited(TEXT, (".nlb_node(web, priority=2)", "")))
    assert (kept / "kept").exists()
    running.exec("web2", "rm", "-rf", "/run/nlb")
    running.apply(TEXT)


def test_what_a_client_writes_is_no_link_and_no_program(running: RunningLab, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("state=leased\nserver=the machine's own\n")
    for command in (
        f"ln -sf {secret} /run/dhcp/eth0",
        f"mv /run/dhcp /run/old && ln -s {tmp_path} /run/dhcp && mv {secret} {tmp_path}/eth0",
        "rm -f /run/dhcp && mkdir /run/dhcp && mkfifo /run/dhcp/eth0",
        f"rm -f /run/dhcp/eth0 && printf 'state=leased\\nserver=%s\\nlease=1e9\\n' '{ESCAPE}' >/run/dhcp/eth0",
    ):
        running.exec("client1", "sh", "-c", command)
        done = running("dhcp", check=None)
        assert "the machine's own" not in done.out
        assert "\x1b" not in done.out
    running.exec("client1", "sh", "-c", "rm -rf /run/dhcp /run/old; mkdir /run/dhcp")
    running("dhcp", "renew", "client1")
    eventually(lambda: "leased from 10.0.1.2" in running("dhcp").out)
