"""MAC address spoofing and other frames a sender may not send.

Every sender: a source address that is all zero, broadcast or multicast is invalid (27).

On a Pinned switch an adapter with MacAddressSpoofing Off may send from its own address only (16, spoofed MAC). If two
such adapters were given one address, it belongs to the one connected first, and the other may not use it (11,
unauthorised MAC). With AllowTeaming On it may send from the addresses of its VM's other adapters, too. The check notes
the reason, the next stage drops: so each adapter's drops are counted by reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from controllers.pipeline.fields import FIELDS, GROUP_BIT
from controllers.pipeline.priorities import Priority
from controllers.pipeline.reasons import DropReason
from controllers.pipeline.registers import VERDICT
from controllers.pipeline.values import Actions, Drop, Flow, Goto, Group, Match, Owner, SetRegister, match
from controllers.view import SwitchView

NAME = "guard"


def build(view: SwitchView) -> tuple[tuple[Flow, ...], tuple[Group, ...]]:
    """Check and drop what senders may not send."""
    duplicates = _duplicates(view)
    return (*_check(view, duplicates), *_apply(view, duplicates)), ()


def _check(view: SwitchView, duplicates: frozenset[int]) -> Iterator[Flow]:
    invalid = _note(DropReason.INVALID_SOURCE_MAC)
    yield _flow(Priority.ABOVE_EXCEPTION, match(eth_src=(GROUP_BIT, GROUP_BIT)), invalid)
    yield _flow(Priority.ABOVE_EXCEPTION, match(eth_src=(0, FIELDS["eth_src"].full_mask)), invalid)
    for port in view.guarded_ports():
        own = match(in_port=port.ofport, eth_src=port.mac)
        allowed = _note(DropReason.UNAUTHORISED_MAC) if port.ofport in duplicates else (Goto("guard_apply"),)
        yield _flow(Priority.EXCEPTION, own, allowed, port.ofport)
        for mac in port.teaming_macs:
            yield _flow(
                Priority.EXCEPTION, match(in_port=port.ofport, eth_src=mac), (Goto("guard_apply"),), port.ofport
            )
        yield _flow(Priority.ORDINARY, match(in_port=port.ofport), _note(DropReason.SPOOFED_MAC), port.ofport)
    yield _flow(Priority.FALLBACK, match(), (Goto("guard_apply"),))


def _apply(view: SwitchView, duplicates: frozenset[int]) -> Iterator[Flow]:
    guarded = {port.ofport for port in view.guarded_ports()}
    for port in view.sorted_ports():
        reasons = [DropReason.INVALID_SOURCE_MAC]
        if port.ofport in guarded:
            reasons.append(DropReason.SPOOFED_MAC)
            if port.ofport in duplicates:
                reasons.append(DropReason.UNAUTHORISED_MAC)
        for reason in reasons:
            noted = match(in_port=port.ofport, verdict=int(reason))
            yield Flow("guard_apply", Priority.ORDINARY, noted, (Drop(reason),), Owner(NAME, port.ofport))
    yield Flow("guard_apply", Priority.ORDINARY, match(verdict=0), (Goto("role_check"),), Owner(NAME))
    yield Flow("guard_apply", Priority.FALLBACK, match(), (Drop(DropReason.SECURITY_POLICY),), Owner(NAME))


def _duplicates(view: SwitchView) -> frozenset[int]:
    """Return the guarded ports whose address belongs to another."""
    owners = view.pinned_macs()
    return frozenset(port.ofport for port in view.guarded_ports() if owners[port.mac] != port)


def _note(reason: DropReason) -> Actions:
    return SetRegister(VERDICT, int(reason)), Goto("guard_apply")


def _flow(priority: Priority, wanted: Match, actions: Actions, ofport: int = 0) -> Flow:
    return Flow("guard_check", priority, wanted, actions, Owner(NAME, ofport))
