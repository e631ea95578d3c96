"""Intents from OVSDB, and acknowledgements back into it.

Each database is watched through its own connection; a change arrives as a notification, nothing is polled. A database
that goes away is connected to again when it is back, and forgotten when its directory is gone. Only the keys that
belong to the controller are ever written, one at a time.
"""

from __future__ import annotations

import glob
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ovs.db.idl import Idl, SchemaHelper, Transaction
from ovs.poller import Poller

from controllers.documents import PortDocument, SwitchDocuments
from controllers.framework import spawn
from controllers.reconcile import Outcome
from lab.intent import APPLIED_KEY, FAULT_KEY, GENERATION_KEY, PORT_KEY, SWITCH_KEY

_LOG = logging.getLogger("controllers.intents")
_MIN_BACKOFF_MS: Final = 20
_MAX_BACKOFF_MS: Final = 250
_RETRY_S: Final = 1.0
"""How long to wait after a server has refused an acknowledgement, as it does while its disk is full."""


def _set_of(key: object, maximum: object = 1) -> dict[str, object]:
    return {"type": {"key": key, "min": 0, "max": maximum}}


_STRINGS: Final = {"type": {"key": "string", "value": "string", "min": 0, "max": "unlimited"}}
_SCHEMA: Final = {
    "name": "Open_vSwitch",
    "version": "8.0.0",
    "tables": {
        "Bridge": {
            "columns": {
                "name": {"type": "string"},
                "datapath_id": _set_of("string"),
                "ports": _set_of({"type": "uuid", "refTable": "Port"}, "unlimited"),
                "external_ids": _STRINGS,
            }
        },
        "Port": {"columns": {"interfaces": _set_of({"type": "uuid", "refTable": "Interface"}, "unlimited")}},
        "Interface": {
            "columns": {
                "name": {"type": "string"},
                "ofport": _set_of("integer"),
                "error": _set_of("string"),
                "external_ids": _STRINGS,
            }
        },
    },
}
"""The part of the schema that we read; the server knows the rest."""


@dataclass(frozen=True, slots=True)
class IntentChanged:
    """The intent of the switch with this datapath id is now `documents`; None if it has none any more."""

    dpid: int
    documents: SwitchDocuments | None


@dataclass(frozen=True, slots=True)
class _Document:
    """What a bridge shall have under a key, and who is told when it has it."""

    text: str
    told: tuple[Callable[[], None], ...]


class IntentSource:
    """All databases that match a glob."""

    def __init__(self, pattern: str, changed: Callable[[IntentChanged], None]) -> None:
        self._pattern = pattern
        self._changed = changed
        self._databases: dict[str, Database] = {}

    def discover(self) -> None:
        """Start to watch the databases that are new."""
        for path in sorted(glob.glob(self._pattern)):
            if path not in self._databases:
                self._follow(path)

    def _follow(self, path: str) -> None:
        database = self._databases[path] = Database(path, self._changed)

        def run() -> None:
            database.run()
            del self._databases[path]

        spawn(run)

    def report(self, dpid: int, outcome: Outcome) -> None:
        """Write an outcome to the bridge it is about."""
        for database in self._databases.values():
            if dpid in database.switches:
                database.report(dpid, outcome)

    def read(self, dpid: int, key: str) -> str | None:
        """Return what a bridge has under a key that belongs to the controller."""
        return next((each.read(dpid, key) for each in self._databases.values() if dpid in each.switches), None)

    def write(self, dpid: int, key: str, text: str, written: Callable[[], None]) -> None:
        """Write what a bridge shall have under such a key, and call `written` when it is there, or something newer."""
        for database in self._databases.values():
            if dpid in database.seen:
                database.keep(dpid, key, _Document(text, (written,)))


class Database:
    """One OVSDB: publishes what changed in its switches, writes outcomes until it has them."""

    def __init__(self, path: str, changed: Callable[[IntentChanged], None]) -> None:
        self._path = path
        self._changed = changed
        self._outcomes: dict[int, Outcome] = {}
        self._documents: dict[tuple[int, str], _Document] = {}
        self._in_flight: dict[tuple[int, str], _Document] = {}
        self._writing: Any = None
        self._refused_at = -_RETRY_S
        self._idl: Any = None
        self.switches: dict[int, SwitchDocuments] = {}
        self.seen: set[int] = set()  # those that are there again when a server has been away, too

    def run(self) -> None:
        """Work until the database's directory is gone, as it is when its host has been removed."""
        helper = SchemaHelper(None, _SCHEMA)
        helper.register_all()
        self._idl = Idl(f"unix:{self._path}", helper, probe_interval=0)
        reconnect = self._idl._session.reconnect  # whose set_backoff() allows no less than a second
        reconnect.min_backoff, reconnect.max_backoff = _MIN_BACKOFF_MS, _MAX_BACKOFF_MS
        seen = self._idl.change_seqno
        while self._idl._session.is_connected() or Path(self._path).parent.exists():
            self._idl.run()
            if self._idl.change_seqno != seen:
                seen = self._idl.change_seqno
                self._publish()
            self._write()
            poller = Poller()
            self._idl.wait(poller)
            if (self._outcomes or self._can_store()) and self._writing is None:
                poller.timer_wait(int(_RETRY_S * 1000))
            poller.block()
        _LOG.info("%s is gone", self._path)
        self._idl.close()
        self._gone(self.switches)

    def report(self, dpid: int, outcome: Outcome) -> None:
        """Note an outcome and write it now if nothing is being written; :meth:`run` does otherwise."""
        self._outcomes[dpid] = outcome
        self._write()

    def read(self, dpid: int, key: str) -> str | None:
        """Return what a bridge has under a key."""
        row = next((row for row in self._bridges() if int(row.datapath_id[0], 16) == dpid), None)
        found: str | None = row.external_ids.get(key) if row else None
        return found

    def keep(self, dpid: int, key: str, document: _Document) -> None:
        """Note a document, in place of an older one, and write it as soon as nothing else is being written."""
        older = self._documents.get((dpid, key))
        told = (older.told if older else ()) + document.told
        self._documents[dpid, key] = _Document(document.text, told)
        self._write()

    def _publish(self) -> None:
        found = {int(row.datapath_id[0], 16): _documents(row) for row in self._bridges()}
        self._gone(set(self.switches) - set(found))
        self.seen.update(found)
        for dpid, documents in sorted(found.items()):
            if self.switches.get(dpid) != documents:
                self.switches[dpid] = documents
                self._changed(IntentChanged(dpid, documents))

    def _gone(self, dpids: Iterable[int]) -> None:
        for dpid in sorted(dpids):
            del self.switches[dpid]
            self._outcomes.pop(dpid, None)
            self._changed(IntentChanged(dpid, None))

    def _bridges(self) -> Iterator[Any]:
        for row in self._idl.tables["Bridge"].rows.values():
            if row.datapath_id and SWITCH_KEY in row.external_ids:
                yield row

    def _write(self) -> None:
        if self._writing is None:
            self._begin()
            return
        status = self._writing.commit()
        if status == Transaction.INCOMPLETE:
            return
        if status == Transaction.ERROR:
            self._refused_at = time.monotonic()
            _LOG.error("%s refused an acknowledgement: %s", self._path, self._writing.get_error())
        self._writing = None
        told = self._landed(written=status in (Transaction.SUCCESS, Transaction.UNCHANGED))
        self._begin()
        for tell in told:  # last, as it may let others run, who write
            tell()

    def _begin(self) -> None:
        """Write what there is to write."""
        rows = {int(row.datapath_id[0], 16): row for row in self._bridges()}
        for dpid, outcome in list(self._outcomes.items()):
            if dpid not in rows or not _differences(rows[dpid], outcome):
                del self._outcomes[dpid]
        # A bridge that is not there may only wait for its server to be back.
        ready = {place: each for place, each in self._documents.items() if place[0] in rows}
        refused = time.monotonic() < self._refused_at + _RETRY_S
        if not (self._outcomes or ready) or refused or not self._idl.has_ever_connected():
            return
        self._writing = Transaction(self._idl)
        for dpid, outcome in self._outcomes.items():
            for key, value in _differences(rows[dpid], outcome).items():
                if value is None:
                    rows[dpid].delkey("external_ids", key)
                else:
                    rows[dpid].setkey("external_ids", key, value)
        self._documents = {place: each for place, each in self._documents.items() if place not in ready}
        self._in_flight = ready
        for (dpid, key), document in self._in_flight.items():
            rows[dpid].setkey("external_ids", key, document.text)
        self._writing.commit()

    def _can_store(self) -> bool:
        """Tell whether there is a document to be written whose bridge is there."""
        there = {int(row.datapath_id[0], 16) for row in self._bridges()} if self._documents else set()
        return any(dpid in there for dpid, _ in self._documents)

    def _landed(self, *, written: bool) -> list[Callable[[], None]]:
        """Return who is to be told that their documents are written; what was not written is to be written still."""
        landed, self._in_flight = self._in_flight, {}
        if written:
            return [tell for document in landed.values() for tell in document.told]
        for place, document in landed.items():
            newer = self._documents.get(place, _Document(document.text, ()))
            self._documents[place] = _Document(newer.text, document.told + newer.told)
        return []


def _differences(row: Any, outcome: Outcome) -> dict[str, str | None]:
    """Return which keys of a bridge must change to say what happened; None stands for a key to delete."""
    wanted = {FAULT_KEY: outcome.fault}
    if outcome.applied is not None:
        wanted[APPLIED_KEY] = str(outcome.applied)
    return {key: value for key, value in wanted.items() if row.external_ids.get(key) != value}


def _documents(bridge: Any) -> SwitchDocuments:
    interfaces = (interface for port in bridge.ports for interface in port.interfaces)
    ports = (
        PortDocument(row.name, _ofport(row), row.external_ids[PORT_KEY], "".join(row.error))
        for row in interfaces
        if PORT_KEY in row.external_ids
    )
    ids = bridge.external_ids
    ordered = tuple(sorted(ports, key=lambda port: port.device))
    return SwitchDocuments(bridge.name, ids.get(GENERATION_KEY, ""), ids[SWITCH_KEY], ordered)


def _ofport(interface: Any) -> int | None:
    return interface.ofport[0] if interface.ofport and interface.ofport[0] > 0 else None
