"""The backend of a pod: what the engine needs, done with real namespaces and Open vSwitch. Runs inside the pod."""

from __future__ import annotations

from lab.emulation.execution import Execution
from lab.emulation.observe import observe, pids, read_tables
from lab.emulation.pod.pod import Pod
from lab.engine.backend import Acknowledgement, Progress
from lab.engine.plan import Plan
from lab.engine.resources import Blueprint
from lab.intent import APPLIED_KEY, FAULT_KEY, GENERATION_KEY


class PodBackend:
    """The backend of one pod."""

    def __init__(self, pod: Pod) -> None:
        self._pod = pod

    def observe(self, known: Blueprint) -> Blueprint:
        """Return what exists of `known`; see :func:`lab.emulation.observe.observe`."""
        return observe(known, pids(self._pod))[0]

    def acknowledged(self, wanted: Blueprint) -> dict[tuple[str, str], Acknowledgement]:
        """Return what each virtual switch has confirmed, by (host, bridge device)."""
        found: dict[tuple[str, str], Acknowledgement] = {}
        for host in sorted({bridge.node for bridge in wanted.bridges if bridge.intent}):
            for name, row in sorted(read_tables(host).bridges.items()):
                ids = row["external_ids"]
                if GENERATION_KEY in ids:
                    generation, applied = int(ids[GENERATION_KEY]), int(ids.get(APPLIED_KEY, "0"))
                    found[host, name] = Acknowledgement(generation, applied, ids.get(FAULT_KEY, ""))
        return found

    def execute(
        self, plan: Plan, wanted: Blueprint, generation: int, interruption_s: float, progress: Progress
    ) -> None:
        """Carry out a plan. Every switch it touches gets the generation."""
        work = Execution(self._pod, plan, wanted, generation)
        with work.interruption(interruption_s):
            for title, act in work.phases():
                progress(title)
                act()
