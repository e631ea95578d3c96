"""What the parameters of a function become: converted, validated; by default what is written, or their type has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from lab.shell import syntax
from lab.shell.assignments import type_check
from lab.shell.casts import convert
from lab.shell.command import Command, Parameter
from lab.shell.declarations import is_switch
from lab.shell.errors import ErrorRecord, NotConverted, ShellError
from lab.shell.evaluation import evaluate
from lab.shell.frames import Frame
from lab.shell.scalars import INTEGERS
from lab.shell.scopes import Check, Variable
from lab.shell.text import to_text
from lab.shell.type_names import full_name
from lab.shell.validation import is_condition, objection

_DEFAULTS: Final[dict[str, object]] = {
    "System.String": "", "System.Boolean": False, "System.Double": 0.0, "System.Single": 0.0,
    **dict.fromkeys(INTEGERS, 0),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """A bare argument that is no text: ``010`` is 10, but where text is asked for it is what was written."""

    value: object
    text: str | None = None

    def __str__(self) -> str:
        return to_text(self.value) if self.text is None else self.text

    def taken(self, *, as_text: bool) -> object:
        """Return what a parameter gets of it."""
        return self.text if as_text and self.text is not None else self.value


def bind_values(parameters: tuple[syntax.Parameter, ...], bound: dict[str, Any], frame: Frame) -> dict[str, object]:
    """Set the variables of all parameters; return the values of those that were given."""
    given: dict[str, object] = {}
    for node in parameters:
        name = next((each for each in bound if each.casefold() == node.name.casefold()), None)
        checks: tuple[Check, ...] = (type_check(node.type.name),) if node.type and not is_switch(node) else ()
        if name is not None:
            found = given[name] = _given(node, bound[name], frame)
        elif node.default is not None:
            found = evaluate(node.default, frame)
            for check in checks:
                found = check(found)
        else:
            found = _without(node)
        frame.scope.variables[node.name.casefold()] = Variable(node.name, found, checks)
    return given


def _without(node: syntax.Parameter) -> object:
    if is_switch(node):
        return False
    full = full_name(node.type.name) if node.type else None
    return _DEFAULTS.get(full) if full else None


def _given(node: syntax.Parameter, value: Any, frame: Frame) -> object:
    full = full_name(node.type.name) if node.type else None
    if isinstance(value, Word):
        value = value.taken(as_text=full in ("System.String", "System.String[]"))
    elif (
        isinstance(value, list) and len(value) == 1 and isinstance(value[0], Word) and isinstance(value[0].value, list)
    ):
        value = value[0].value
    elif isinstance(value, list):
        texts = full == "System.String[]"
        value = [each.taken(as_text=texts) if isinstance(each, Word) else each for each in value]
    if node.type and not is_switch(node):
        value = _converted(node, node.type.name, value)
    _permitted(node, value, frame)
    return value


def _converted(node: syntax.Parameter, kind: str, value: object) -> object:
    if full_name(kind) == "System.Boolean" and not isinstance(value, (bool, int, float)):
        from lab.shell.type_names import type_name

        raise _transformation(
            node,
            f'Cannot convert value "{type_name(value) if value is not None else ""}" to type "System.Boolean". Boolean '
            "parameters accept only Boolean values and numbers, such as $True, $False, 1 or 0.",
        )
    if full_name(kind) == "System.String" and isinstance(value, list):
        raise _transformation(node, "Cannot convert value to type System.String.")
    try:
        return convert(value, kind)
    except NotConverted as error:
        raise _transformation(node, error.record.message) from None


def _transformation(node: syntax.Parameter, why: str) -> ShellError:
    return ShellError(
        ErrorRecord(
            f"Cannot process argument transformation on parameter '{node.name}'. {why}", "InvalidData",
            "ParameterArgumentTransformationError", "ParameterBindingArgumentTransformationException",
        )
    )  # fmt: skip


def _permitted(node: syntax.Parameter, value: object, frame: Frame) -> None:
    names = {each.name.casefold().removesuffix("attribute") for each in node.attributes}
    mandatory = any(
        name.casefold() == "mandatory" and evaluate(setting, frame)
        for each in node.attributes
        for name, setting in each.named
    )
    if mandatory:
        _not_empty(node, value, names)
    for attribute in node.attributes:
        if is_condition(attribute) and (why := objection(attribute, value, frame)):
            raise _invalid(f"Cannot validate argument on parameter '{node.name}'. {why}")


def _not_empty(node: syntax.Parameter, value: object, names: set[str]) -> None:
    full = (full_name(node.type.name) if node.type else None) or ""
    if value is None and "allownull" not in names:
        raise _unbound(node, "it is null", "ParameterArgumentValidationErrorNullNotAllowed")
    if isinstance(value, str) and value == "" and full == "System.String" and "allowemptystring" not in names:
        raise _unbound(node, "it is an empty string", "ParameterArgumentValidationErrorEmptyStringNotAllowed")
    if isinstance(value, list) and not value and "allowemptycollection" not in names:
        raise _unbound(node, "it is an empty array", "ParameterArgumentValidationErrorEmptyArrayNotAllowed")


def _unbound(node: syntax.Parameter, why: str, error_id: str) -> ShellError:
    return _invalid(f"Cannot bind argument to parameter '{node.name}' because {why}.", error_id)


def _invalid(message: str, error_id: str = "ParameterArgumentValidationError") -> ShellError:
    return ShellError(ErrorRecord(message, "InvalidData", error_id, "ParameterBindingValidationException"))


def asker(frame: Frame, command: Command) -> Callable[[Parameter], object] | None:
    """Return who is asked for a mandatory parameter that is missing; None if nobody can be asked."""
    ui = frame.session.ui
    if not ui.interactive:
        return None
    told = False

    def ask(parameter: Parameter) -> object:
        nonlocal told
        if not told:
            ui.write_line(f"cmdlet {command.name} at command pipeline position 1")
            ui.write_line("Supply values for the following parameters:")
            told = True
        if not parameter.is_array:
            return ui.read_line(f"{parameter.name}: ")
        answers: list[str] = []
        while answer := ui.read_line(f"{parameter.name}[{len(answers)}]: "):
            answers.append(answer)
        return answers

    return ask
