"""One switch: whenever its intent or its connection changes, make it hold what it should, and say so.

Nothing is remembered that could be wrong: after every (re)connection what the switch holds is read back, and only the
difference is sent. While changes are under way newer intents replace one another; the newest is applied next.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from controllers.compiler import Program, compile_switch
from controllers.diff import Installed, diff, holdings
from controllers.documents import SwitchDocuments, view_of
from controllers.framework import hub
from controllers.openflow.channel import Channel, ChannelLost
from lab.errors import LabError

_LOG = logging.getLogger("controllers.reconcile")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to tell the lab: the generation that is in force, or (not None) why one could not be applied."""

    applied: int | None
    fault: str | None = None


class Reconciler:
    """Makes one switch follow its intent. Its methods only note what happened; :meth:`run` does the work."""

    def __init__(self, report: Callable[[Outcome], None]) -> None:
        self._report = report
        self._changed = hub.Event()
        self._documents: SwitchDocuments | None = None
        self._since = 0.0
        self._channel: Channel | None = None
        self._installed: Installed | None = None
        self._compiled: tuple[SwitchDocuments, Program] | None = None

    @property
    def has_intent(self) -> bool:
        return self._documents is not None

    def intended(self, documents: SwitchDocuments | None) -> None:
        """Note the switch's newest intent; None if it has none any more."""
        self._documents = documents
        self._since = time.monotonic()
        self._changed.set()

    def connected(self, channel: Channel) -> None:
        """Note that the switch has connected: what it holds is not known any more."""
        self._channel, self._installed = channel, None
        self._since = time.monotonic()
        self._changed.set()

    def disconnected(self, channel: Channel) -> None:
        """Note that a connection is gone."""
        if self._channel is channel:
            self._channel = self._installed = None

    def run(self) -> None:
        """Work for ever."""
        while True:
            self._changed.wait()
            self._changed.clear()
            if self._documents is not None and self._channel is not None:
                self._settle(self._documents, self._channel)

    def _settle(self, documents: SwitchDocuments, channel: Channel) -> None:
        since = self._since
        try:
            generation = documents.generation_number()
            count = self._apply(self._compile(documents), channel)
        except ChannelLost as lost:
            _LOG.info("switch %s: %s; it will be read back when it connects again", documents.bridge, lost)
            return
        except LabError as error:
            if self._channel is channel:
                self._installed = None
            _LOG.error("switch %s generation %s: %s", documents.bridge, documents.generation, error)
            self._report(Outcome(None, f"generation {documents.generation}: {error}"))
            return
        elapsed_ms = (time.monotonic() - since) * 1000
        if documents.waiting_for:
            names = ", ".join(documents.waiting_for)
            _LOG.info("switch %s generation %s: waits for ports %s", documents.bridge, generation, names)
            return
        _LOG.info("switch %s generation %s: %d changes, %.1f ms", documents.bridge, generation, count, elapsed_ms)
        self._report(Outcome(generation))

    def _compile(self, documents: SwitchDocuments) -> Program:
        if self._compiled is not None:
            before, program = self._compiled
            if (before.text, before.ports) == (documents.text, documents.ports):
                return program
        program = compile_switch(view_of(documents))
        self._compiled = documents, program
        return program

    def _apply(self, program: Program, channel: Channel) -> int:
        installed = self._installed if self._installed is not None else channel.read_back()
        changes = diff(installed, program)
        if changes:
            channel.apply(changes, program)
        if self._channel is channel:
            self._installed = holdings(program)
        return len(changes)
