"""One switch: whenever its intent or its connection changes, make it hold what it should, and say so.

Nothing is remembered that could be wrong: after every (re)connection what the switch holds is read back, and only the
difference is sent. While changes are under way newer intents replace one another; the newest is applied next. What a
switch refuses is tried again, ever less often; a switch that is silent, or away, or lacks a device is a fault, and one
that has nothing to do is asked now and then whether it is there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from controllers.announce import ANNOUNCE_AFTER_S, announcements, have_moved, way_out, ways
from controllers.compiler import Program, compile_switch
from controllers.diff import Installed, diff, holdings
from controllers.documents import SwitchDocuments, missing_ports, view_of
from controllers.framework import hub, spawn
from controllers.openflow.channel import Channel, ChannelLost, Refused, Silent
from controllers.patience import Patience
from controllers.view import SwitchView
from lab.errors import LabError

_LOG = logging.getLogger("controllers.reconcile")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to tell the lab: the generation that is in force, or (not None) why one could not be applied."""

    applied: int | None
    fault: str | None = None


class Reconciler:
    """Makes one switch follow its intent. Its methods only note what happened; :meth:`run` does the work."""

    def __init__(self, report: Callable[[Outcome], None], patience: Patience) -> None:
        self._report = report
        self._patience = patience
        self._changed = hub.Event()
        self._documents: SwitchDocuments | None = None
        self._since = 0.0
        self._channel: Channel | None = None
        self._away_since = time.monotonic()
        self._installed: Installed | None = None
        self._compiled: tuple[SwitchDocuments, Program] | None = None
        self._ways: Mapping[int, tuple[int, ...]] | None = None
        self._unfinished = False
        self._refusals = 0
        self._fault = ""
        self._ended = False

    @property
    def has_intent(self) -> bool:
        return self._documents is not None

    @property
    def view(self) -> SwitchView | None:
        """Return what the switch was last compiled from; None before that."""
        return self._compiled[1].view if self._compiled else None

    @property
    def is_idle(self) -> bool:
        """Tell whether the switch has neither an intent nor a connection."""
        return self._documents is None and self._channel is None

    def intended(self, documents: SwitchDocuments | None) -> None:
        """Note the switch's newest intent; None if it has none any more."""
        self._documents = documents
        self._refusals = 0
        self._happened()

    def connected(self, channel: Channel) -> None:
        """Note that the switch has connected: what it holds is not known any more."""
        self._channel, self._installed = channel, None
        self._happened()

    def disconnected(self, channel: Channel) -> None:
        """Note that a connection is gone."""
        if self._channel is channel:
            self._channel = self._installed = None
            self._away_since = time.monotonic()
            self._changed.set()

    def port_changed(self, ofport: int) -> None:
        """Let the wire know where the switch's adapters are, if the port is a member of its team."""
        view = self.view
        if view and ofport in {member.ofport for member in view.team()}:
            spawn(self._announce)

    def _announce(self) -> None:
        for pause_s in ANNOUNCE_AFTER_S:
            hub.sleep(pause_s)
            view = self.view
            if self._channel and view and ways(view) and not self._ended:
                self._channel.send_by(way_out(view), announcements(view))

    def end(self) -> None:
        """Make :meth:`run` return."""
        self._ended = True
        self._changed.set()

    def run(self) -> None:
        """Work until :meth:`end`."""
        pause_s: float | None = None
        while True:
            happened = self._changed.wait(pause_s)
            self._changed.clear()
            if self._ended:
                return
            pause_s = self._work(happened) if self._documents is not None else None

    def _happened(self) -> None:
        self._since = time.monotonic()
        self._changed.set()

    def _work(self, happened: bool) -> float | None:
        """Do what there is to do; return how long to rest if nothing happens meanwhile (None: for ever)."""
        documents, channel = self._documents, self._channel
        assert documents is not None
        if channel is None:
            return self._await_connection(documents)
        try:
            if happened or self._unfinished:
                return self._settle(documents, channel)
            channel.probe()
        except Silent as silent:
            self._fail(documents, str(silent))
        except ChannelLost as lost:
            _LOG.info("switch %s: %s; it will be read back when it connects again", documents.bridge, lost)
        except LabError as error:
            return self._failed(documents, channel, error)
        return self._patience.probe_s

    def _settle(self, documents: SwitchDocuments, channel: Channel) -> float:
        """Make the switch hold what it should. Raises ChannelLost, and LabError for what cannot be."""
        since, self._unfinished = self._since, False
        generation = documents.generation_number()
        count = self._apply(self._compile(documents), channel)
        self._refusals = 0
        if documents.waiting_for:
            return self._await_ports(documents)
        elapsed_ms = (time.monotonic() - since) * 1000
        _LOG.info("switch %s generation %s: %d changes, %.1f ms", documents.bridge, generation, count, elapsed_ms)
        self._fault = ""
        self._report(Outcome(generation))
        return self._patience.probe_s

    def _compile(self, documents: SwitchDocuments) -> Program:
        if self._compiled is not None:
            before, program = self._compiled
            if (before.text, before.ports) == (documents.text, documents.ports):
                return program
        program = compile_switch(view_of(documents))
        self._compiled = documents, program
        return program

    def _apply(self, program: Program, channel: Channel) -> int:
        known = self._installed is not None
        installed = self._installed if self._installed is not None else channel.read_back()
        changes = diff(installed, program)
        if changes:
            channel.apply(changes, program)
        if self._channel is channel:
            self._installed = holdings(program)
        now, before = ways(program.view), self._ways or {}
        self._ways = now
        was_team = any(len(way) > 1 for way in before.values())
        # While the switch was not connected a link may have changed; one that is new has nothing to tell.
        away = not known and bool(installed.flows) and bool(program.view.team())
        if away or ((was_team or program.view.team()) and have_moved(before, now)):
            spawn(self._announce)
        return len(changes)

    def _failed(self, documents: SwitchDocuments, channel: Channel, error: LabError) -> float:
        """Tell why the intent is not in force; what the switch refused may be possible later."""
        if self._channel is channel:
            self._installed = None
        self._fail(documents, str(error))
        if not isinstance(error, Refused):
            return self._patience.probe_s
        self._unfinished = True
        self._refusals += 1
        return self._patience.retry_s(self._refusals)

    def _await_connection(self, documents: SwitchDocuments) -> float | None:
        left = self._away_since + self._patience.connection_s - time.monotonic()
        if left > 0:
            return left
        self._fail(documents, f"the switch has not been connected for {self._patience.connection_s:g} s")
        return None

    def _await_ports(self, documents: SwitchDocuments) -> float:
        _LOG.info(
            "switch %s generation %s: waits for ports %s",
            documents.bridge, documents.generation, ", ".join(documents.waiting_for),
        )  # fmt: skip
        broken = any(port.error for port in documents.ports)
        grace_s = self._patience.device_s if broken else self._patience.connection_s
        left = self._since + grace_s - time.monotonic()
        self._unfinished = left > 0
        if left > 0:
            return left
        self._fail(documents, missing_ports(documents))
        return self._patience.probe_s

    def _fail(self, documents: SwitchDocuments, why: str) -> None:
        fault = f"generation {documents.generation}: {why}"
        if fault != self._fault:
            _LOG.error("switch %s %s", documents.bridge, fault)
        self._fault = fault
        self._report(Outcome(None, fault))
