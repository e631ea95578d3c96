"""The Ryu application. It only receives: every handler hands its event on in one line, guarded."""

from __future__ import annotations

from typing import Any

from controllers.fleet import Fleet
from controllers.framework import DEAD, MAIN, App, events, handles, ofproto
from controllers.patience import Patience


class Application(App):  # type: ignore[misc]  # the framework is untyped
    """Connects the framework's events to the fleet of switches."""

    OFP_VERSIONS = [ofproto.OFP_VERSION]

    def __init__(self, *args: Any, ovsdb_glob: str, patience: Patience, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._fleet = Fleet(ovsdb_glob, patience)

    def start(self) -> None:
        super().start()
        self._fleet.start()

    @handles(events.EventOFPStateChange, MAIN)
    def connected(self, event: Any) -> None:
        self._fleet.connected(event.datapath)

    @handles(events.EventOFPStateChange, DEAD)
    def disconnected(self, event: Any) -> None:
        self._fleet.disconnected(event.datapath)

    @handles(events.EventOFPPortStatus, MAIN)
    def port_changed(self, event: Any) -> None:
        self._fleet.port_changed(event.msg)

    @handles(events.EventOFPPacketIn, MAIN)
    def asked(self, event: Any) -> None:
        self._fleet.asked(event.msg)

    @handles(events.EventOFPFlowStatsReply, MAIN)
    def flows_read(self, event: Any) -> None:
        self._fleet.answered(event.msg)

    @handles(events.EventOFPGroupDescStatsReply, MAIN)
    def groups_read(self, event: Any) -> None:
        self._fleet.answered(event.msg)

    @handles(events.EventOFPMeterConfigStatsReply, MAIN)
    def meters_read(self, event: Any) -> None:
        self._fleet.answered(event.msg)

    @handles(events.EventOFPBarrierReply, MAIN)
    def barrier_passed(self, event: Any) -> None:
        self._fleet.answered(event.msg)

    @handles(events.EventOFPErrorMsg, MAIN)
    def refused(self, event: Any) -> None:
        self._fleet.answered(event.msg)
