"""The conditions of parameters and variables: ValidateSet and the like (about_Functions_Advanced_Parameters)."""

from __future__ import annotations

from typing import Any, Final

from lab.shell import syntax
from lab.shell.casts import truth
from lab.shell.comparison import compare
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.evaluation import evaluate, gathered
from lab.shell.flow import NOTHING
from lab.shell.frames import Frame
from lab.shell.objects import Hashtable, ScriptBlock
from lab.shell.patterns import pattern
from lab.shell.scopes import Check
from lab.shell.text import block_text, to_text

_AGAIN: Final = "and then try the command again."


def objection(attribute: syntax.Attribute, found: object, frame: Frame) -> str:
    """Return what an attribute has against a value, in PowerShell's words; empty if nothing."""
    check = _CHECKS.get(attribute.name.casefold().removesuffix("attribute"))
    if check is None:
        return ""
    arguments = [evaluate(each, frame) for each in attribute.positional]
    settings = {name.casefold(): evaluate(each, frame) for name, each in attribute.named}
    return str(check(found, arguments, settings, frame))


def is_condition(attribute: syntax.Attribute) -> bool:
    return attribute.name.casefold().removesuffix("attribute") in _CHECKS


def variable_check(attribute: syntax.Attribute, name: str, frame: Frame) -> Check:
    """Return the condition of a variable that an attribute before it states."""

    def check(found: object) -> object:
        if objection(attribute, found, frame):
            shown = to_text(found)
            raise ShellError(
                ErrorRecord(
                    f"The variable cannot be validated because the value {shown} is not a valid value for the {name} "
                    "variable.",
                    "MetadataError", "ValidateSetFailure", "ValidationMetadataException",
                )
            )  # fmt: skip
        return found

    return check


def _elements(found: object) -> list[Any]:
    return list(found) if isinstance(found, list) else [found]


def _set(found: object, arguments: list[object], settings: dict[str, object], _frame: Frame) -> str:
    allowed = [to_text(each) for argument in arguments for each in _elements(argument)]
    case = not truth(settings.get("ignorecase", True))
    for each in _elements(found):
        text = to_text(each)
        if not any(text == name or (not case and text.casefold() == name.casefold()) for name in allowed):
            return (
                f'The argument "{text}" does not belong to the set "{",".join(allowed)}" specified by the ValidateSet '
                f"attribute. Supply an argument that is in the set {_AGAIN}"
            )
    return ""


def _range(found: object, arguments: list[object], _settings: dict[str, object], _frame: Frame) -> str:
    low, high = arguments
    for each in _elements(found):
        if compare(each, high) > 0:
            top = to_text(high)
            return (
                f"The {to_text(each)} argument is greater than the maximum allowed range of {top}. Supply an argument "
                f"that is less than or equal to {top} {_AGAIN}"
            )
        if compare(each, low) < 0:
            bottom = to_text(low)
            return (
                f"The {to_text(each)} argument is less than the minimum allowed range of {bottom}. Supply an argument "
                f"that is greater than or equal to {bottom} {_AGAIN}"
            )
    return ""


def _length(found: object, arguments: list[Any], _settings: dict[str, object], _frame: Frame) -> str:
    for each in _elements(found):
        long, (least, most) = len(to_text(each)), arguments
        if long < least:
            return (
                f"The character length ({long}) of the argument is too short. Specify an argument with a length that "
                f'is greater than or equal to "{least}", {_AGAIN}'
            )
        if long > most:
            return (
                f"The character length of the {long} argument is too long. Shorten the character length of the "
                f'argument so it is fewer than or equal to "{most}" characters, {_AGAIN}'
            )
    return ""


def _count(found: object, arguments: list[Any], _settings: dict[str, object], _frame: Frame) -> str:
    many, (least, most) = len(_elements(found)), arguments
    if many < least:
        return (
            f"The number of provided arguments ({many}) is fewer than the minimum number of allowed arguments "
            f"({least}). Provide more than {least} arguments, {_AGAIN}"
        )
    if many > most:
        return (
            f"The number of provided arguments, ({many}), exceeds the maximum number of allowed arguments ({most}). "
            f"Provide fewer than {most} arguments, {_AGAIN}"
        )
    return ""


def _pattern(found: object, arguments: list[object], _settings: dict[str, object], _frame: Frame) -> str:
    wanted = to_text(arguments[0])
    for each in _elements(found):
        if not pattern(wanted).search(to_text(each)):
            return (
                f'The argument "{to_text(each)}" does not match the "{wanted}" pattern. Supply an argument that '
                f'matches "{wanted}" and try the command again.'
            )
    return ""


def _script(found: object, arguments: list[object], _settings: dict[str, object], frame: Frame) -> str:
    from lab.shell.functions import run_block

    test = arguments[0]
    assert isinstance(test, ScriptBlock)
    for each in _elements(found):
        result = gathered(run_block(test, frame.but(catching=True), each))
        if result is NOTHING or not truth(result):
            return (
                f'The "{block_text(test)}" validation script for the argument with value "{to_text(each)}" did not '
                "return a result of True. Determine why the validation script failed, and then try the command again."
            )
    return ""


def _not_null(found: object, _arguments: list[object], _settings: dict[str, object], _frame: Frame) -> str:
    if any(each is None for each in _elements(found)):
        return "The argument is null. Provide a valid value for the argument, and then try running the command again."
    return ""


def _not_empty(found: object, _arguments: list[object], _settings: dict[str, object], _frame: Frame) -> str:
    empty = found == [] or (isinstance(found, Hashtable) and not found)
    if empty or any(each is None or each == "" for each in _elements(found)):
        return (
            "The argument is null or empty. Provide an argument that is not null or empty, and then try the command "
            "again."
        )
    return ""


_CHECKS: Final[dict[str, Any]] = {
    "validateset": _set,
    "validaterange": _range,
    "validatelength": _length,
    "validatecount": _count,
    "validatepattern": _pattern,
    "validatescript": _script,
    "validatenotnull": _not_null,
    "validatenotnullorempty": _not_empty,
}
