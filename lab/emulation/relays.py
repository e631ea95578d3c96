"""The relays of NICs with a speed, made, changed and removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from lab.emulation import firewall, links, netlink, shaping
from lab.emulation.netns import Batch, run_batches
from lab.engine.plan import Action, Plan
from lab.engine.resources import Relay


def build(plan: Plan, pids: Mapping[str, int]) -> None:
    """Make the relays that are new and change the others, when their cables are there."""
    relays: dict[str, list[tuple[Relay | None, Relay]]] = defaultdict(list)
    for step in plan.of(Relay, Action.CREATE, Action.CHANGE):
        old, new = step.old, step.new
        assert isinstance(new, Relay)
        relays[new.node].append((old if isinstance(old, Relay) else None, new))
    for node, steps in sorted(relays.items()):
        _build(pids[node], steps)


def _build(pid: int, steps: list[tuple[Relay | None, Relay]]) -> None:
    created = [new for old, new in steps if old is None]
    links.run({pid: [netlink.set_link(new.far, mtu=new.mtu, up=True) for _, new in steps]})
    shapes: list[str] = []
    stale: list[str] = []
    for old, new in steps:
        shapes += shaping.change_tree(new) if old else shaping.create_tree(new)
        shapes.append(shaping.shape(new.near, new.speed_bps))
        stale += shaping.remove_shares(new, old) if old else ()
    run_batches([links.tc_batch(pid, shapes)])
    if stale:
        # After an interrupted change they may be gone already.
        run_batches([links.tc_batch(pid, stale, may_fail=True)])
    if created:
        rules = "".join(firewall.relay(new.near, new.far) for new in created)
        run_batches([Batch(pid, firewall.NFT, rules)])


def remove(plan: Plan, pids: Mapping[str, int]) -> None:
    """Remove relays whose machine goes on, before their cables go."""
    gone: dict[str, list[Relay]] = defaultdict(list)
    for step in plan.of(Relay, Action.REMOVE):
        assert isinstance(step.old, Relay)
        gone[step.old.node].append(step.old)
    for node, old in sorted(gone.items()):
        if node in pids:
            rules = "".join(firewall.no_relay(each.near, each.far) for each in old)
            run_batches([Batch(pids[node], firewall.NFT, rules)])
