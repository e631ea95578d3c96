"""One object at a time: Where-Object and ForEach-Object."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lab.shell.calculated import property_of
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.conversion import truth
from lab.shell.incoming import INPUT, incoming
from lab.shell.members import call_method, member, method_names
from lab.shell.objects import PSObject, ScriptBlock
from lab.shell.operators import binary

_MODULE = "Microsoft.PowerShell.Core"

_TESTS = (
    "EQ", "NE", "GT", "LT", "GE", "LE", "Like", "NotLike", "Match", "NotMatch",
    "Contains", "NotContains", "In", "NotIn",
)  # fmt: skip
_SETS = (
    "EqualSet", "ScriptBlockSet", *(f"{name}Set" for name in _TESTS[1:]), *(f"C{name}Set" for name in _TESTS),
    "IsSet", "IsNotSet", "Not",
)  # fmt: skip
_PROPERTY_SETS = tuple(name for name in _SETS if name != "ScriptBlockSet")


def _switches() -> Iterator[Parameter]:
    yield Parameter("EQ", "Switch", sets=("EqualSet",), aliases=("IEQ",), help="Equal.")
    for name in _TESTS[1:]:
        yield Parameter(name, "Switch", sets=(f"{name}Set",), mandatory=True, aliases=(f"I{name}",), help=f"-{name}.")
    for name in _TESTS:
        text = f"-{name}, where capitals count."
        yield Parameter(f"C{name}", "Switch", sets=(f"C{name}Set",), mandatory=True, help=text)
    yield Parameter("Is", "Switch", sets=("IsSet",), mandatory=True, help="The property's value is of a type.")
    yield Parameter("IsNot", "Switch", sets=("IsNotSet",), mandatory=True, help="It is not of that type.")
    yield Parameter("Not", "Switch", sets=("Not",), mandatory=True, help="The property does not exist, or is false.")


@command(
    "Where-Object",
    _MODULE,
    "Selects objects from a collection based on their property values.",
    (
        INPUT,
        Parameter("FilterScript", "ScriptBlock", sets=("ScriptBlockSet",), position=0, mandatory=True,
                  help="The objects for which this is true are passed on."),
        Parameter("Property", sets=_PROPERTY_SETS, position=0, mandatory=True, help="The name of a property."),
        Parameter("Value", "Object", sets=_PROPERTY_SETS[:-1], position=1, help="What it is compared with."),
        *_switches(),
    ),
    default_set="EqualSet",
    aliases=("?", "where"),
    stream=True,
    examples=(
        Example("Get-VM | Where-Object { $_.State -eq 'Running' }", "Gets the VMs that run."),
        Example("Get-VM | where State -eq Running", "Gets the same."),
    ),
)  # fmt: skip
def where_object(call: Call) -> Iterator[object]:
    """Output the objects that pass the test."""
    test = _test(call)
    for item in incoming(call):
        if test(item):
            yield item


def _test(call: Call) -> Callable[[object], bool]:
    block = call.get("FilterScript")
    if isinstance(block, ScriptBlock):
        return lambda item: truth(_result(list(call.runtime.invoke(block, item=item))))
    name, value = call.get("Property"), call.get("Value")
    operator = next((each.name for each in _switches() if call.is_on(each.name)), "")
    if operator == "Not":
        return lambda item: not truth(property_of(item, name))
    if not operator:
        if "Value" not in call:
            return lambda item: truth(property_of(item, name))
        operator = "EQ"
    if operator in ("Is", "IsNot") and isinstance(value, str):
        value = value.removeprefix("[").removesuffix("]")
    return lambda item: truth(binary(operator.casefold(), property_of(item, name), value))


def _result(found: list[object]) -> object:
    """Return what a script block gave as one value."""
    return (found[0] if found else None) if len(found) < 2 else found


@command(
    "ForEach-Object",
    _MODULE,
    "Performs an operation against each item in a collection of input objects.",
    (
        INPUT,
        Parameter("Process", "ScriptBlock[]", sets=("ScriptBlockSet",), position=0, mandatory=True,
                  help="What is run for each object, which is $_ in it."),
        Parameter("Begin", "ScriptBlock", sets=("ScriptBlockSet",), help="What is run before the first object."),
        Parameter("End", "ScriptBlock", sets=("ScriptBlockSet",), help="What is run after the last object."),
        Parameter("RemainingScripts", "ScriptBlock[]", sets=("ScriptBlockSet",), rest=True,
                  help="More script blocks; the first of all is then run before the first object."),
        Parameter("MemberName", sets=("PropertyAndMethodSet",), position=0, mandatory=True,
                  help="The property to get, or the method to call."),
        Parameter("ArgumentList", "Object[]", sets=("PropertyAndMethodSet",), rest=True, aliases=("Args",),
                  help="The arguments of the method."),
    ),
    default_set="ScriptBlockSet",
    aliases=("%", "foreach"),
    stream=True,
    examples=(
        Example('1..3 | ForEach-Object { New-VM "web$_" -NoVHD }', "Makes three VMs."),
        Example("Get-VM | ForEach-Object Name", "Gets the names of the VMs."),
    ),
)  # fmt: skip
def foreach_object(call: Call) -> Iterator[object]:
    """Run the script blocks for each object, or output a member of each."""
    items = incoming(call) if call.piped or "InputObject" in call else iter([None])
    if "MemberName" in call:
        for item in items:
            yield from _member(call, item)
        return
    begin, process, end = _blocks(call)
    for block in begin:
        yield from call.runtime.invoke(block)
    for item in items:
        for block in process:
            yield from call.runtime.invoke(block, item=item)
    for block in end:
        yield from call.runtime.invoke(block)


def _blocks(call: Call) -> tuple[list[ScriptBlock], list[ScriptBlock], list[ScriptBlock]]:
    """Return what is run before, for each and after: of several blocks without a name the first and the third."""
    scripts = [*call.get("Process", ()), *call.get("RemainingScripts", ())]
    begin = [call.get("Begin")] if call.get("Begin") else []
    end = [call.get("End")] if call.get("End") else []
    if not begin and len(scripts) > 1:
        begin = [scripts.pop(0)]
        if not end and len(scripts) > 1:
            end = [scripts.pop()]
    elif not end and len(scripts) > 2:
        end = [scripts.pop()]
    return begin, scripts, end


def _is_method(item: object, name: str) -> bool:
    """Tell whether a name is that of a method: one that its type has, and no property."""
    if isinstance(item, PSObject):
        return not item.has(name) and name.casefold() in item.methods
    return name.casefold() in (*method_names(item), "tostring", "gettype", "gethashcode")


def _member(call: Call, item: object) -> Iterator[object]:
    name = call.get("MemberName")
    frame = call.runtime.frame
    if "ArgumentList" in call or _is_method(item, name):
        found = call_method(item, name, call.get("ArgumentList", []), frame)
    else:
        found = member(item, name, frame)
    if isinstance(found, list):
        yield from found
    else:
        yield found
