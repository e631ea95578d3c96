"""Objects as such: Get-Member, New-Object and Add-Member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from lab.shell.calculated import names_of, property_of
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.incoming import INPUT, incoming
from lab.shell.members import member
from lab.shell.objects import CUSTOM_OBJECT, Hashtable, PSObject, ScriptBlock
from lab.shell.statics import call_static
from lab.shell.text import to_text
from lab.shell.type_names import accelerator, full_name, type_name
from lab.shell.views import Column, show
from lab.shell.wildcards import matches_any

_MODULE = "Microsoft.PowerShell.Utility"
_DEFINITION = "Microsoft.PowerShell.Commands.MemberDefinition"
_OBJECT_METHODS: Final = {
    "Equals": "bool Equals(System.Object obj)",
    "GetHashCode": "int GetHashCode()",
    "GetType": "type GetType()",
    "ToString": "string ToString()",
}
_KINDS = (
    "AliasProperty", "CodeProperty", "Property", "NoteProperty", "ScriptProperty", "Properties", "PropertySet",
    "Method", "CodeMethod", "ScriptMethod", "Methods", "ParameterizedProperty", "MemberSet", "Event", "Dynamic", "All",
)  # fmt: skip

show(_DEFINITION, "table", "Name", "MemberType", "Definition", group_by=(Column("TypeName"),))


@command(
    "Get-Member",
    _MODULE,
    "Gets the properties and methods of objects.",
    (
        INPUT,
        Parameter("Name", "String[]", position=0, wildcards=True, help="The names of members."),
        Parameter("MemberType", aliases=("Type",), values=_KINDS, default="All", help="The kind of members."),
        Parameter("View", values=("Extended", "Adapted", "Base", "All"), help="Which properties; here all the same."),
        Parameter("Static", "Switch", help="Gets the members of the type; not emulated."),
        Parameter("Force", "Switch", help="Shows hidden members, too."),
    ),
    aliases=("gm",),
    stream=True,
    examples=(Example("Get-VM | Get-Member", "Shows what a VM has."),),
)  # fmt: skip
def get_member(call: Call) -> Iterator[object]:
    """Output the members of each type of object that comes in."""
    seen: set[str] = set()
    some = False
    for item in incoming(call):
        if item is None:
            continue
        some = True
        kind = type_name(item)
        if kind not in seen:
            seen.add(kind)
            yield from _members(call, item, kind)
    if not some:
        raise ShellError(
            ErrorRecord(
                "You must specify an object for the Get-Member cmdlet.", "CloseError", "NoObjectInGetMember",
                "System.InvalidOperationException",
            )
        )  # fmt: skip


def _members(call: Call, item: object, kind: str) -> Iterator[PSObject]:
    wanted = call.get("MemberType")
    found = [*_methods(item), *_properties(item)]
    order = ("Method", "ScriptMethod", "NoteProperty", "Property")
    for member_type, name, definition in sorted(found, key=lambda each: (order.index(each[0]), each[1].casefold())):
        plural = {"Properties": member_type.endswith("Property"), "Methods": member_type.endswith("Method")}
        if wanted not in ("All", member_type) and not plural.get(wanted, False):
            continue
        if matches_any(call.get("Name", ("*",)), name):
            about = {"TypeName": kind, "Name": name, "MemberType": member_type, "Definition": definition}
            yield PSObject(_DEFINITION, about, text=definition)


def _methods(item: object) -> Iterator[tuple[str, str, str]]:
    for name, definition in _OBJECT_METHODS.items():
        yield "Method", name, definition
    for name in item.methods if isinstance(item, PSObject) else ():
        if name.casefold() not in (each.casefold() for each in _OBJECT_METHODS):
            scripted = isinstance(item, PSObject) and isinstance(item.methods[name], ScriptBlock)
            yield ("ScriptMethod" if scripted else "Method"), name, f"System.Object {name}();"


def _properties(item: object) -> Iterator[tuple[str, str, str]]:
    note = isinstance(item, PSObject) and item.type_names[-1] == CUSTOM_OBJECT
    for name in names_of(item):
        value = property_of(item, name)
        kind = "System.Object" if value is None else _short(type_name(value))
        if note:
            yield "NoteProperty", name, f"{kind} {name}={'null' if value is None else to_text(value)}"
        else:
            yield "Property", name, f"{kind} {name} {{get;}}"


def _short(full: str) -> str:
    return f"{accelerator(full[:-2])}[]" if full.endswith("[]") else accelerator(full)


@command(
    "New-Object",
    _MODULE,
    "Creates an instance of a Microsoft .NET Framework or COM object.",
    (
        Parameter("TypeName", sets=("Net",), position=0, mandatory=True, help="The type."),
        Parameter("ArgumentList", "Object[]", sets=("Net",), position=1, aliases=("Args",),
                  help="The arguments of its constructor."),
        Parameter("ComObject", sets=("Com",), position=0, mandatory=True, help="A COM object; not emulated."),
        Parameter("Property", "Object", help="The properties to set, as a hash table."),
        Parameter("Strict", "Switch", sets=("Com",), help="Refuses COM objects that are .NET objects."),
    ),
    default_set="Net",
    examples=(Example("New-Object PSObject -Property @{Name='web1'; Ram=512}", "Makes an object."),),
)  # fmt: skip
def new_object(call: Call) -> Iterator[object]:
    """Output a new object."""
    given, arguments = call.get("TypeName", ""), call.get("ArgumentList", [])
    full = full_name(given) if given else None
    if full is None:
        what = given or call.get("ComObject")
        text = f"Cannot find type [{what}]: verify that the assembly containing this type is loaded."
        raise ShellError(
            ErrorRecord(text, "InvalidType", "TypeNotFound", "System.Management.Automation.PSArgumentException")
        )
    if full in (CUSTOM_OBJECT, "System.Management.Automation.PSObject", "System.Object"):
        made: object = arguments[0] if arguments else PSObject(CUSTOM_OBJECT)
    else:
        made = call_static(full, "new", arguments, call.runtime.frame)
    _set(call, made, call.get("Property"))
    yield made


def _set(call: Call, made: object, properties: object) -> None:
    if not isinstance(properties, Mapping):
        return
    for name, value in properties.items():
        if isinstance(made, PSObject):
            made.set(to_text(name), value)
        elif isinstance(made, Hashtable):
            made[name] = value
        else:
            call.error(
                ErrorRecord(
                    f"The member \"{to_text(name)}\" was not found for the specified .NET object.", "InvalidOperation",
                    "InvalidOperationException", "System.InvalidOperationException",
                )
            )  # fmt: skip


@command(
    "Add-Member",
    _MODULE,
    "Adds custom properties and methods to an instance of a PowerShell object.",
    (
        Parameter("InputObject", "PSObject", pipe="V", help="The object, usually from the pipeline."),
        Parameter("MemberType", sets=("MemberSet",), position=0, mandatory=True, aliases=("Type",), values=_KINDS,
                  help="The kind of member."),
        Parameter("Name", sets=("MemberSet",), position=1, mandatory=True, help="Its name."),
        Parameter("Value", "Object", sets=("MemberSet",), position=2, help="Its value, or its script block."),
        Parameter("SecondValue", "Object", sets=("MemberSet",), position=3, help="What sets a script property."),
        Parameter("NotePropertyName", sets=("NotePropertySingleMemberSet",), position=0, mandatory=True,
                  help="The name of a property."),
        Parameter("NotePropertyValue", "Object", sets=("NotePropertySingleMemberSet",), position=1, mandatory=True,
                  help="Its value."),
        Parameter("NotePropertyMembers", "Hashtable", sets=("NotePropertyMultiMemberSet",), position=0, mandatory=True,
                  help="The names and values of properties."),
        Parameter("TypeName", help="A name of a type to add to the object's."),
        Parameter("Force", "Switch", help="Replaces a member of the same name."),
        Parameter("PassThru", "Switch", help="Outputs the object."),
    ),
    default_set="MemberSet",
    stream=True,
    examples=(Example("$vm | Add-Member NoteProperty Owner 'Anna' -PassThru", "Adds a property."),),
)  # fmt: skip
def add_member(call: Call) -> Iterator[object]:
    """Add members to the objects."""
    for item in incoming(call):
        if isinstance(item, PSObject):
            if "TypeName" in call:
                item.type_names = (call.get("TypeName"), *item.type_names)
            _add(call, item)
        if call.is_on("PassThru"):
            yield item


def _add(call: Call, item: PSObject) -> None:
    if call.get("MemberType") in ("ScriptMethod", "Method"):
        item.methods[call.get("Name").casefold()] = call.get("Value")
        return
    if "NotePropertyMembers" in call:
        added = {to_text(name): value for name, value in call.get("NotePropertyMembers").items()}
    elif "NotePropertyName" in call:
        added = {call.get("NotePropertyName"): call.get("NotePropertyValue")}
    elif call.get("MemberType") in ("NoteProperty", "AliasProperty", "ScriptProperty"):
        added = {call.get("Name"): _value(call, item)}
    else:
        raise ShellError(
            ErrorRecord(
                f"Members of type {call.get('MemberType') or 'unknown'} are not emulated.", "NotImplemented",
                "NotImplemented", "System.NotImplementedException",
            )
        )  # fmt: skip
    for name, value in added.items():
        if item.has(name) and not call.is_on("Force"):
            call.error(
                ErrorRecord(
                    f'Cannot add a member with the name "{name}" because a member with that name already exists. To '
                    "overwrite the member anyway, add the Force parameter to your command.", "InvalidOperation",
                    "MemberAlreadyExists", "System.InvalidOperationException", item,
                )
            )  # fmt: skip
        else:
            item.set(name, value)


def _value(call: Call, item: PSObject) -> object:
    """Return the value of a new property: of an alias or a script property the one that it has now."""
    value = call.get("Value")
    match call.get("MemberType"):
        case "AliasProperty":
            return property_of(item, to_text(value))
        case "ScriptProperty" if isinstance(value, ScriptBlock):
            computed = PSObject("System.Management.Automation.PSScriptProperty", {"GetterScript": value})
            owner = PSObject(item.type_names, [*item.items(), ("it", computed)])
            return member(owner, "it", call.runtime.frame)
    return value
