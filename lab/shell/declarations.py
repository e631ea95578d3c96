"""The parameters of functions and scripts, as the declaration of a command (about_Functions_Advanced)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from lab.shell import syntax
from lab.shell.casts import truth
from lab.shell.command import Command, Impact, Parameter
from lab.shell.evaluation import evaluate
from lab.shell.frames import Frame
from lab.shell.text import to_text

ARGS: Final = "args"
_ADVANCED: Final = ("cmdletbinding", "parameter")


@dataclass(frozen=True, slots=True, eq=False)
class Declared:
    """What a script block declares. ``advanced``: it has the common parameters, and takes no others than its own."""

    command: Command
    advanced: bool
    piped: bool


def declared(body: syntax.ScriptBlock, name: str, frame: Frame) -> Declared:
    """Return the declaration of what is called by a name."""
    binding = _named(body.attributes, "cmdletbinding")
    advanced = binding is not None or any(_named(each.attributes, "parameter") for each in body.parameters)
    settings = _settings(binding, frame) if binding else {}
    by_position = truth(settings.get("positionalbinding", True)) and not _has_positions(body, frame)
    parameters: list[Parameter] = []
    at = 0
    for each in body.parameters:
        position = at if by_position and not is_switch(each) else None
        made = list(_declared_parameter(each, position, frame))
        at += position is not None
        parameters += made
    if not advanced:
        parameters.append(Parameter(ARGS, "Object[]", rest=True))
    impact = to_text(settings.get("confirmimpact", "Medium")).capitalize()
    command = Command(
        name, "", "", tuple(parameters), lambda call: None,
        default_set=to_text(settings.get("defaultparametersetname")),
        confirms=truth(settings.get("supportsshouldprocess", False)),
        impact=Impact(impact) if impact in list(Impact) else Impact.MEDIUM, error_class=name,
    )  # fmt: skip
    return Declared(command, advanced, any(parameter.pipe for parameter in parameters))


def is_switch(parameter: syntax.Parameter) -> bool:
    return parameter.type is not None and parameter.type.name.strip().casefold() in (
        "switch", "switchparameter", "system.management.automation.switchparameter",
    )  # fmt: skip


def _named(attributes: tuple[syntax.Attribute, ...], name: str) -> syntax.Attribute | None:
    return next((each for each in attributes if each.name.casefold().removesuffix("attribute") == name), None)


def _settings(attribute: syntax.Attribute, frame: Frame) -> dict[str, Any]:
    return {name.casefold(): evaluate(node, frame) for name, node in attribute.named}


def _has_positions(body: syntax.ScriptBlock, frame: Frame) -> bool:
    return any("position" in _settings(each, frame) for parameter in body.parameters for each in _own(parameter))


def _own(parameter: syntax.Parameter) -> list[syntax.Attribute]:
    return [each for each in parameter.attributes if each.name.casefold().removesuffix("attribute") == "parameter"]


def _declared_parameter(node: syntax.Parameter, position: int | None, frame: Frame) -> Iterator[Parameter]:
    """Yield the declarations of a parameter: one for each of its attributes [Parameter()]."""
    aliases = _named(node.attributes, "alias")
    names = tuple(to_text(evaluate(each, frame)) for each in aliases.positional) if aliases else ()
    kind = "Switch" if is_switch(node) else ("Object[]" if node.type and node.type.name.endswith("[]") else "Object")
    for settings in [_settings(each, frame) for each in _own(node)] or [{}]:
        by_value = truth(settings.get("valuefrompipeline", False))
        by_name = truth(settings.get("valuefrompipelinebypropertyname", False))
        in_set = to_text(settings.get("parametersetname"))
        at = settings.get("position", position)
        yield Parameter(
            node.name, kind, sets=() if in_set in ("", "__AllParameterSets") else (in_set,),
            position=at if isinstance(at, int) else None, mandatory=truth(settings.get("mandatory", False)),
            aliases=names, pipe=("V" if by_value else "") + ("P" if by_name else ""),
            rest=truth(settings.get("valuefromremainingarguments", False)), help=to_text(settings.get("helpmessage")),
        )  # fmt: skip
