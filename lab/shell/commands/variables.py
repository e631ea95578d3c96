"""Variables as objects: Get-, Set-, New-, Remove- and Clear-Variable."""

from __future__ import annotations

from collections.abc import Iterator

from lab.shell.command import Call, Example, Impact, Parameter, command
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.incoming import incoming
from lab.shell.objects import PSObject
from lab.shell.scopes import Scope, Variable
from lab.shell.views import Column, show
from lab.shell.wildcards import has_wildcards, matches, matches_any

_MODULE = "Microsoft.PowerShell.Utility"
_VARIABLE = "System.Management.Automation.PSVariable"
_OPTIONS = ("None", "ReadOnly", "Constant", "Private", "AllScope", "Unspecified")

show(_VARIABLE, "table", Column("Name", width=30), "Value")

SCOPE = Parameter("Scope", help="Global, Local, Script, or a number: 0 for this scope, 1 for its parent.")
_FORCE = Parameter("Force", "Switch", help="Does it with read-only ones, too.")
_PASSTHRU = Parameter("PassThru", "Switch", help="Outputs it.")
_INCLUDE = Parameter("Include", "String[]", wildcards=True, help="Only those with one of these names.")
_EXCLUDE = Parameter("Exclude", "String[]", wildcards=True, help="Leaves those with one of these names out.")
_NAMES = Parameter("Name", "String[]", position=0, mandatory=True, pipe="P", wildcards=True, help="The names.")
DETAILS = (
    Parameter("Description", help="What it is for."),
    Parameter("Option", "ScopedItemOptions", values=_OPTIONS, default="None", help="ReadOnly, Constant, Private."),
    _FORCE,
    Parameter("Visibility", values=("Public", "Private"), help="Who sees it."),
    _PASSTHRU,
    SCOPE,
)


def scopes(call: Call) -> list[Scope]:
    """Return the scopes to look in: the one that is named, or all, the nearest first."""
    scope = call.runtime.frame.scope
    return [scope.named(call.get("Scope").casefold())] if "Scope" in call else list(scope.chain())


def target(call: Call) -> Scope:
    return call.runtime.frame.scope.named(call.get("Scope", "local").casefold())


def _object(variable: Variable) -> PSObject:
    about = {
        "Name": variable.name,
        "Description": variable.description,
        "Value": variable.value,
        "Visibility": "Public",
        "Module": None,
        "ModuleName": "",
        "Options": ", ".join(sorted(variable.options)) or "None",
        "Attributes": [],
    }
    return PSObject(_VARIABLE, about)


def _found(call: Call, names: list[str]) -> Iterator[tuple[Scope, Variable]]:
    """Yield the variables of names or patterns; a name that means nothing is a non-terminating error."""
    for name in names:
        some = False
        seen: set[str] = set()
        for scope in scopes(call):
            for folded, variable in sorted(scope.variables.items()):
                if folded not in seen and matches(name, variable.name):
                    seen.add(folded)
                    some = True
                    if _included(call, variable.name):
                        yield scope, variable
        if some or has_wildcards(name):
            continue
        value = call.runtime.variable(name)
        if value is not None:
            yield call.runtime.frame.scope, Variable(name, value, options=frozenset({"ReadOnly"}))
        else:
            call.error(
                ErrorRecord(
                    f"Cannot find a variable with the name '{name}'.", "ObjectNotFound", "VariableNotFound",
                    "System.Management.Automation.ItemNotFoundException", name,
                )
            )  # fmt: skip


def _included(call: Call, name: str) -> bool:
    if "Include" in call and not matches_any(call.get("Include"), name):
        return False
    return not matches_any(call.get("Exclude", ()), name)


@command(
    "Get-Variable",
    _MODULE,
    "Gets the variables in the current console.",
    (
        Parameter("Name", "String[]", position=0, pipe="VP", wildcards=True, help="The names."),
        Parameter("ValueOnly", "Switch", help="Outputs the values only."),
        _INCLUDE, _EXCLUDE, SCOPE,
    ),
    aliases=("gv",),
    examples=(Example("Get-Variable vm*", "Shows the variables whose names begin so."),),
)  # fmt: skip
def get_variable(call: Call) -> Iterator[object]:
    """Output variables, in the order of their names."""
    found = list(_found(call, call.get("Name", ["*"])))
    for _, variable in sorted(found, key=lambda each: each[1].name.casefold()) if "Name" not in call else found:
        yield variable.value if call.is_on("ValueOnly") else _object(variable)


@command(
    "Set-Variable",
    _MODULE,
    "Sets the value of a variable. Creates the variable if one with the requested name does not exist.",
    (
        Parameter("Name", "String[]", position=0, mandatory=True, pipe="P", help="The names."),
        Parameter("Value", "Object", position=1, pipe="VP", help="The value."),
        _INCLUDE, _EXCLUDE, *DETAILS,
    ),
    aliases=("sv", "set"),
    confirms=True,
    impact=Impact.LOW,
    stream=True,
    examples=(Example("Set-Variable n 5 -Scope Global", "Sets a variable of the session."),),
)  # fmt: skip
def set_variable(call: Call) -> Iterator[object]:
    """Give variables a value; of several that come in all of them."""
    values = list(incoming(call)) if call.piped else [call.get("Value")]
    value = values[0] if len(values) == 1 else values
    for name in call.get("Name"):
        if not call.agreed(f"Name: {name} Value: {value}", "Set variable"):
            continue
        scope = target(call)
        known = scope.variables.get(name.casefold())
        if known is None:
            call.runtime.set_variable(name, value, call.get("Scope", ""))
            known = scope.variables[name.casefold()]
        else:
            known.set(value, force=call.is_on("Force"))
        _describe(call, known)
        if call.is_on("PassThru"):
            yield _object(known)


def _describe(call: Call, variable: Variable) -> None:
    if "Option" in call:
        variable.options = frozenset({call.get("Option")}) - {"None", "Unspecified"}
    if "Description" in call:
        variable.description = call.get("Description")


@command(
    "New-Variable",
    _MODULE,
    "Creates a new variable.",
    (
        Parameter("Name", position=0, mandatory=True, pipe="P", help="The name."),
        Parameter("Value", "Object", position=1, pipe="VP", help="The value."),
        *DETAILS,
    ),
    aliases=("nv",),
    confirms=True,
    impact=Impact.LOW,
    examples=(Example("New-Variable -Name max -Value 10 -Option Constant", "Makes a constant."),),
)
def new_variable(call: Call) -> Iterator[object]:
    """Make a variable; one of that name must not exist in the scope, unless it is forced."""
    name, scope = call.get("Name"), target(call)
    if name.casefold() in scope.variables and not call.is_on("Force"):
        raise ShellError(
            ErrorRecord(
                f"A variable with name '{name}' already exists.", "ResourceExists", "VariableAlreadyExists",
                "System.Management.Automation.SessionStateException", name,
            )
        )  # fmt: skip
    if call.agreed(f"Name: {name} Value: {call.get('Value')}", "New variable"):
        scope.variables.pop(name.casefold(), None)
        call.runtime.set_variable(name, call.get("Value"), call.get("Scope", ""))
        _describe(call, scope.variables[name.casefold()])
        if call.is_on("PassThru"):
            yield _object(scope.variables[name.casefold()])


@command(
    "Remove-Variable",
    _MODULE,
    "Deletes a variable and its value.",
    (_NAMES, _INCLUDE, _EXCLUDE, _FORCE, SCOPE),
    aliases=("rv",),
    confirms=True,
    impact=Impact.LOW,
    examples=(Example("Remove-Variable vm", "Deletes the variable $vm."),),
)
def remove_variable(call: Call) -> None:
    """Delete variables."""
    for scope, variable in list(_found(call, call.get("Name"))):
        if "Constant" in variable.options or ("ReadOnly" in variable.options and not call.is_on("Force")):
            call.error(_not_writable("remove", variable.name, "VariableNotRemovable"))
        elif call.agreed(f"Name: {variable.name}", "Remove variable"):
            scope.variables.pop(variable.name.casefold(), None)


@command(
    "Clear-Variable",
    _MODULE,
    "Deletes the value of a variable.",
    (_NAMES, _INCLUDE, _EXCLUDE, _FORCE, _PASSTHRU, SCOPE),
    aliases=("clv",),
    confirms=True,
    impact=Impact.LOW,
    examples=(Example("Clear-Variable vm", "Sets $vm to null."),),
)
def clear_variable(call: Call) -> Iterator[object]:
    """Set variables to null."""
    for _, variable in list(_found(call, call.get("Name"))):
        if call.agreed(f"Name: {variable.name}", "Clear variable"):
            variable.set(None, force=call.is_on("Force"))
            if call.is_on("PassThru"):
                yield _object(variable)


def _not_writable(act: str, name: str, error_id: str) -> ErrorRecord:
    text = f"Cannot {act} variable {name} because it is constant or read-only."
    if act == "remove":
        text += " If the variable is read-only, try the operation again specifying the Force option."
    return ErrorRecord(text, "WriteError", error_id, "SessionStateUnauthorizedAccessException", name)
