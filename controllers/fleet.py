"""All switches of the controller: brings together each switch's connection and its intent."""

from __future__ import annotations

import logging
from typing import Any

from controllers.framework import spawn
from controllers.intent_source import IntentChanged, IntentSource
from controllers.openflow.channel import Channel
from controllers.patience import Patience
from controllers.reconcile import Reconciler

_LOG = logging.getLogger("controllers.fleet")


class Fleet:
    """Routes connections, answers and intents to one reconciler per switch, by datapath id."""

    def __init__(self, ovsdb_glob: str, patience: Patience) -> None:
        self._patience = patience
        self._intents = IntentSource(ovsdb_glob, self._intent_changed)
        self._reconcilers: dict[int, Reconciler] = {}
        self._channels: dict[Any, Channel] = {}

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
