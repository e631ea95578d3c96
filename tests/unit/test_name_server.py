"""Which names the DNS of a Default Switch knows: the lab's, and those of clients that have a lease."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from lab.emulation.name_server import Leases, merged

LAB = "127.0.0.1 localhost\n172.20.16.1 laptop\n192.168.1.10 pc\n172.20.20.20 vm1\n"


def lease(address: str, name: str, adapter: str = "vm9/Network Adapter", **more: object) -> dict[str, object]:
    return {"address": address, "host_name": name, "adapter": adapter, "expires": 1000, **more}


def names(leases: list[dict[str, object]], now: float = 500.0) -> dict[str, list[str]]:
    """Return the addresses of each name."""
    found: dict[str, list[str]] = {}
    for line in merged(LAB, leases, now).splitlines():
        address, name = line.split()
        found.setdefault(name, []).append(address)
    return found


def test_without_leases_they_are_those_of_the_lab() -> None:
    assert merged(LAB, [], 0.0) == LAB


def test_a_client_is_known_by_its_name_while_its_lease_goes_on() -> None:
    leases = [lease("172.20.17.1", "printer"), lease("172.20.17.2", "")]
    assert names(leases)["printer"] == ["172.20.17.1"]
    assert "printer" not in names(leases, now=1000.0)
    assert "printer" not in names([lease("172.20.17.1", "printer", declined=True)])


def test_a_machine_that_has_another_address_now_is_found_there() -> None:
    assert names([lease("172.20.21.21", "vm1", "vm1/Network Adapter")])["vm1"] == ["172.20.21.21"]


@pytest.mark.parametrize("name", ["pc", "PC", "laptop", "localhost", "vm1"])
def test_nobody_takes_the_name_of_another_machine(name: str) -> None:
    assert names([lease("172.20.17.1", name)]) == names([])


def test_of_two_with_one_name_the_machine_that_is_called_so_has_it() -> None:
    leases = [lease("172.20.17.1", "vm2", "vm3/Network Adapter"), lease("172.20.17.2", "vm2", "vm2/Network Adapter")]
    assert names(leases)["vm2"] == ["172.20.17.2"]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[tuple[Path, socket.socket]]:
    """Return the path of a socket, and one that listens there."""
    path = tmp_path / "db"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        yield path, listener


def update(name: str, leases: list[dict[str, object]]) -> dict[str, object]:
    row = {"name": name, "external_ids": ["map", [["hvlab-leases", json.dumps({"leases": leases})]]]}
    return {"Bridge": {"a-row": {"new": row}}}


def test_leases_are_followed_whatever_the_pieces_they_come_in(database: tuple[Path, socket.socket]) -> None:
    path, listener = database
    first, second = [lease("172.20.17.1", "one")], [lease("172.20.17.1", "one"), lease("172.20.17.2", "zwei-ü")]
    told = [
        {"id": 0, "result": update("sw", first), "error": None},
        {"id": "echo", "method": "echo", "params": ["hello"]},
        {"id": None, "method": "update", "params": [None, update("another", [])]},
        {"id": None, "method": "update", "params": [None, update("sw", second)]},
    ]
    octets = "".join(json.dumps(each, ensure_ascii=False) for each in told).encode()
    answers: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            for at in range(len(octets)):
                connection.sendall(octets[at : at + 1])
            answers.append(connection.recv(65536))

    thread = Thread(target=serve)
    thread.start()
    leases = Leases(str(path), "sw", "hvlab-leases")
    assert leases.descriptor is None
    leases.connect()
    while leases.descriptor is not None:
        leases.read()
    thread.join(timeout=5)
    assert leases.found == second, "they stay when the database goes"
    assert json.loads(answers[0]) == {"id": "echo", "result": ["hello"], "error": None}


def test_a_database_that_is_not_there_is_no_connection(tmp_path: Path) -> None:
    leases = Leases(str(tmp_path / "none"), "sw", "key")
    leases.connect()
    assert leases.descriptor is None
