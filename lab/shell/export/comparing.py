"""What a script does not rebuild of the lab that it was written of: it is run on an empty one, and the two compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from lab.model.changes import changes
from lab.model.objects import HypervHost, LabModel
from lab.shell.host import BufferedHost
from lab.shell.interpreter import Interpreter
from lab.shell.place import Description, Machine
from lab.shell.world import unconfigured


def rebuilt(model: LabModel, text: str) -> tuple[LabModel, tuple[str, ...]]:
    """Return what a script makes of a lab's hosts as they were before, and the errors that it shows."""
    place, ui = Description(unconfigured(model)), BufferedHost()
    first = model.hosts[0].name if model.hosts else model.name
    interpreter = Interpreter(place, Machine(first, first if model.hosts else ""), ui)
    for _ in interpreter.run(text, "export.ps1"):
        pass
    return place.model, tuple(ui.errors)


def missing(model: LabModel, text: str) -> tuple[str, ...]:
    """Return what of a lab a script does not rebuild, and what goes wrong in it.

    Settings that only the script leaves recorded, such as how it named what has no name in a lab, are of no account;
    and neither is when the Default Switch was made: on Windows it is there before all others.
    """
    found, errors = rebuilt(model, text)
    differing = changes(found, _with_records(_default_first(model), found))
    return (*(str(each) for each in differing), *(" ".join(each.split()) for each in errors))


def _default_first(model: LabModel) -> LabModel:
    """Return a lab in which the adapters of management OSs on Default Switches come before the others."""

    def ordered(host: HypervHost) -> HypervHost:
        default = host.default_switch
        mine = host.adapters_on(default.name) if default else ()
        others = tuple(each for each in host.management_adapters if each not in mine)
        return replace(host, management_adapters=(*mine, *others))

    return replace(model, hosts=tuple(map(ordered, model.hosts)))


def _with_records(model: Any, found: Any) -> Any:
    """Return a value of a model with what another one, of the same things, has recorded beyond it."""
    pairs = dict(_parts(model, found))
    if hasattr(model, "recorded") and hasattr(found, "recorded"):
        names = {each.name for each in model.recorded}
        more = [each for each in found.recorded if each.name not in names]
        pairs["recorded"] = tuple(sorted((*model.recorded, *more)))
    return replace(model, **pairs) if pairs else model


def _parts(model: Any, found: Any) -> Iterator[tuple[str, Any]]:
    for name in ("hosts", "switches", "management_adapters", "vms", "adapters"):
        mine, others = getattr(model, name, None), getattr(found, name, None)
        if isinstance(mine, Sequence) and isinstance(others, Sequence) and not isinstance(mine[:1], str):
            known = {each.name: each for each in others if hasattr(each, "name")}
            yield (
                name,
                tuple(
                    _with_records(each, known[each.name]) if getattr(each, "name", None) in known else each
                    for each in mine
                ),
            )
