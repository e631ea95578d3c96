"""All switches of the controller: brings together each switch's connection and its intent."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from controllers.dhcp_service import DhcpService
from controllers.framework import hub, spawn
from controllers.intent_source import IntentChanged, IntentSource
from controllers.openflow.channel import Channel
from controllers.patience import Patience
from controllers.reconcile import Reconciler

_LOG = logging.getLogger("controllers.fleet")


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The documents of one switch."""

    intents: IntentSource
    dpid: int

    def read(self, key: str) -> str | None:
        return self.intents.read(self.dpid, key)

    def write(self, key: str, text: str, written: Callable[[], None]) -> None:
        self.intents.write(self.dpid, key, text, written)


class Fleet:
    """Routes connections, answers and intents to one reconciler per switch, by datapath id."""

    def __init__(self, ovsdb_glob: str, patience: Patience) -> None:
        self._patience = patience
        self._intents = IntentSource(ovsdb_glob, self._intent_changed)
        self._reconcilers: dict[int, Reconciler] = {}
        self._channels: dict[Any, Channel] = {}
        self._services: dict[int, DhcpService] = {}

    def start(self) -> None:
        """Look for databases; everything else follows from what they and the switches say."""
        self._intents.discover()

    def connected(self, datapath: Any) -> None:
        """Take a switch into service. One that no database has mentioned makes us look for new databases."""
        channel = Channel(datapath, self._patience.answer_s)
        self._channels[datapath] = channel
        reconciler = self._reconciler(datapath.id)
        reconciler.connected(channel)
        if not reconciler.has_intent:
            self._intents.discover()

    def disconnected(self, datapath: Any) -> None:
        """Forget a connection. An older connection of a switch that has come back does not end the newer one."""
        channel = self._channels.pop(datapath, None)
        if channel is not None:
            channel.lost()
            self._reconciler(datapath.id).disconnected(channel)
            self._forget_if_idle(datapath.id)

    def answered(self, message: Any) -> None:
        """Hand a switch's message to the channel that may be waiting for it."""
        channel = self._channels.get(message.datapath)
        if channel is not None:
            channel.received(message)

    def asked(self, message: Any) -> None:
        """Answer a frame that a switch has given to the controller, if its own service is asked."""
        dpid, channel = message.datapath.id, self._channels.get(message.datapath)
        reconciler = self._reconcilers.get(dpid)
        view = reconciler.view if reconciler else None
        if channel is not None and view is not None and view.intent.default_switch is not None:
            if dpid not in self._services:
                self._services[dpid] = DhcpService(_Shelf(self._intents, dpid), _later)
            service = self._services[dpid]
            service.asked(view, message.match["in_port"], message.data, _now(), channel.send_in)

    def port_changed(self, message: Any) -> None:
        """Note that a port of a switch has come, gone, or got or lost its link."""
        self._reconciler(message.datapath.id).port_changed(message.desc.port_no)

    def _intent_changed(self, change: IntentChanged) -> None:
        self._reconciler(change.dpid).intended(change.documents)
        self._forget_if_idle(change.dpid)

    def _reconciler(self, dpid: int) -> Reconciler:
        if dpid not in self._reconcilers:
            self._reconcilers[dpid] = Reconciler(lambda outcome: self._intents.report(dpid, outcome), self._patience)
            spawn(self._reconcilers[dpid].run)
        return self._reconcilers[dpid]

    def _forget_if_idle(self, dpid: int) -> None:
        if self._reconcilers[dpid].is_idle:
            self._reconcilers.pop(dpid).end()
            self._services.pop(dpid, None)


def _now() -> float:
    """Return the seconds since the machine has started, by a clock that goes on while it sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _later(seconds: float, act: Callable[[], None]) -> None:
    """Do something in a while."""

    def wait() -> None:
        hub.sleep(seconds)
        act()

    spawn(wait)
