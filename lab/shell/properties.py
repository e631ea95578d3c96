"""``$x.PSObject``: what an object has, as objects (System.Management.Automation.PSObject)."""

from __future__ import annotations

from collections.abc import Sequence

from lab.shell.flow import NOTHING
from lab.shell.objects import CUSTOM_OBJECT, Hashtable, PSObject
from lab.shell.scalars import NamedList
from lab.shell.text import to_text
from lab.shell.type_names import type_name


class PropertyObject(PSObject):
    """A property of an object as an object: setting its Value sets the property."""

    __slots__ = ("_owner",)

    def __init__(self, owner: PSObject | Hashtable, name: str, value: object, kind: str) -> None:
        self._owner: PSObject | Hashtable | None = None
        super().__init__(
            "System.Management.Automation.PSNoteProperty" if kind == "NoteProperty" else
            "System.Management.Automation.PSProperty",
            {
                "MemberType": kind, "IsSettable": True, "IsGettable": True, "Value": value,
                "TypeNameOfValue": "System.Object" if value is None else type_name(value), "Name": name,
                "IsInstance": True,
            },
            text=f"{type_name(value)} {name}={to_text(value)}",
        )  # fmt: skip
        self._owner = owner

    def set(self, name: str, value: object) -> None:
        super().set(name, value)
        if self._owner is not None and name.casefold() == "value":
            key = to_text(self.get("Name"))
            if isinstance(self._owner, PSObject):
                self._owner.set(key, value)
            else:
                self._owner[key] = value


def adapted(target: object, methods: Sequence[str]) -> PSObject:
    """Return what ``.PSObject`` gives."""
    properties = _properties(target)
    return PSObject(
        "System.Management.Automation.PSObject",
        {
            "Members": [*properties, *(_method(name) for name in methods)],
            "Properties": properties,
            "Methods": NamedList([_method(name) for name in methods], methods),
            "BaseObject": target,
            "ImmediateBaseObject": target,
            "TypeNames": list(target.type_names)
            if isinstance(target, PSObject)
            else [type_name(target), "System.Object"],
        },
        methods={"Copy": lambda: _copy(target)},
    )


def _method(name: str) -> PSObject:
    return PSObject("System.Management.Automation.PSMethod", {"Name": name, "MemberType": "Method"})


def _properties(target: object) -> NamedList:
    if isinstance(target, PSObject):
        kind = "NoteProperty" if target.type_name == CUSTOM_OBJECT else "Property"
        return PropertyList(target, [PropertyObject(target, name, value, kind) for name, value in target.items()])
    if isinstance(target, Hashtable):
        items = [PropertyObject(target, to_text(key), value, "NoteProperty") for key, value in target.items()]
        return NamedList(items, [each.get("Name") for each in items])
    return NamedList()


class PropertyList(NamedList):
    """The properties of an object; one can be added or taken away."""

    __slots__ = ("owner",)

    def __init__(self, owner: PSObject, items: Sequence[PropertyObject]) -> None:
        super().__init__(items, [each.get("Name") for each in items])
        self.owner = owner

    def append(self, item: object) -> None:
        super().append(item)
        if isinstance(item, PSObject):
            name = to_text(item.get("Name"))
            self.names.append(name.casefold())
            self.owner.set(name, item.get("Value"))


def _copy(target: object) -> object:
    if isinstance(target, PSObject):
        return PSObject(
            target.type_names, target.items(), source=target.source, methods=target.methods, text=target.text
        )
    return NOTHING if target is None else target
