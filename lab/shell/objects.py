"""The values that travel through pipelines.

========================  =======================================================================
PowerShell                Python
========================  =======================================================================
$null                     None
Boolean                   bool
Int32, Int64, …           int
Double, Single            float
Decimal                   decimal.Decimal
String                    str; an enumeration's value is a StrEnum
Char                      str of length 1 (there is no type of its own)
Object[]                  list; it is not changed once it has been made, but for its elements
Hashtable                 :class:`Hashtable`, in order of insertion; its keys know no case
PSCustomObject            :class:`PSObject` of type ``System.Management.Automation.PSCustomObject``
ScriptBlock               :class:`ScriptBlock`
DateTime, TimeSpan        datetime.datetime, datetime.timedelta
IPAddress                 ipaddress.IPv4Address, ipaddress.IPv6Address
Guid, Version             uuid.UUID, :class:`Version`
Type                      :class:`TypeValue`
everything else           :class:`PSObject`
========================  =======================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from lab.shell import syntax

CUSTOM_OBJECT: Final = "System.Management.Automation.PSCustomObject"

Method = Callable[..., object]


@dataclass(frozen=True, slots=True)
class Later:
    """The value of a property that is worked out whenever somebody reads it: it costs much, or changes by itself."""

    read: Callable[[], object]


def _now(value: object) -> object:
    return value.read() if isinstance(value, Later) else value


class PSObject:
    """An object with named properties, in their order, whose names know no case.

    ``type_names`` are its .NET type and those it inherits from, the most special first. ``source`` is what it stands
    for where commands need more than its properties: a key into the model, never shown. ``methods`` can be called from
    scripts. ``text`` is what it is in a string, if that is not its type's name.
    """

    __slots__ = ("_names", "_properties", "methods", "source", "text", "type_names")

    def __init__(
        self,
        type_name: str | tuple[str, ...] = CUSTOM_OBJECT,
        properties: Mapping[str, object] | Iterable[tuple[str, object]] = (),
        *,
        source: Any = None,
        methods: Mapping[str, Method] | None = None,
        text: str | None = None,
    ) -> None:
        self.type_names = (type_name,) if isinstance(type_name, str) else type_name
        self._properties: dict[str, object] = {}
        self._names: dict[str, str] = {}
        self.source = source
        self.methods: dict[str, Method] = {name.casefold(): method for name, method in (methods or {}).items()}
        self.text = text
        for name, value in properties.items() if isinstance(properties, Mapping) else properties:
            self.set(name, value)

    @property
    def type_name(self) -> str:
        return self.type_names[0]

    def is_a(self, name: str) -> bool:
        """Tell whether it is of a type, named with or without its namespace."""
        wanted = name.casefold()
        return any(wanted in (each.casefold(), each.rpartition(".")[2].casefold()) for each in self.type_names)

    def names(self) -> list[str]:
        """Return the names of its properties, in order."""
        return list(self._current())

    def has(self, name: str) -> bool:
        self._current()
        return name.casefold() in self._names

    def get(self, name: str, default: object = None) -> object:
        """Return a property's value."""
        properties = self._current()
        real = self._names.get(name.casefold())
        return default if real is None else _now(properties[real])

    def set(self, name: str, value: object) -> None:
        """Set a property, or add it at the end."""
        real = self._names.setdefault(name.casefold(), name)
        self._properties[real] = value

    def items(self) -> Iterator[tuple[str, object]]:
        """Yield its properties, in order."""
        for name, value in self._current().items():
            yield name, _now(value)

    def _current(self) -> dict[str, object]:
        """Return its properties as they are now."""
        return self._properties

    def __repr__(self) -> str:
        return f"{self.type_name}({self._properties!r})"


class Live(PSObject):
    """An object whose properties are those of something in the lab, as it is at the moment of reading.

    As on Windows: ``$vm.State`` is Running after ``Start-VM``, in a variable that was set before. Of something that no
    longer exists it keeps what it knew last. ``read`` returns the properties by name, or None if it no longer exists;
    ``version`` returns something that is identical (``is``) as long as nothing has changed.
    """

    __slots__ = ("_added", "_read", "_seen", "_version")

    def __init__(  # noqa: PLR0913 - settings given by name
        self,
        type_name: str | tuple[str, ...],
        read: Callable[[], Mapping[str, object] | None],
        version: Callable[[], object],
        *,
        source: Any = None,
        methods: Mapping[str, Method] | None = None,
        text: str | None = None,
    ) -> None:
        super().__init__(type_name, source=source, methods=methods, text=text)
        self._read = read
        self._version = version
        self._seen: object = self  # no version is identical to that
        self._added: dict[str, object] = {}
        self._current()

    def set(self, name: str, value: object) -> None:
        self._added[name] = value
        super().set(name, value)

    def _current(self) -> dict[str, object]:
        now = self._version()
        if now is not self._seen:
            found = self._read()
            self._seen = now
            if found is not None:
                self._properties = {**found, **self._added}
                self._names = {name.casefold(): name for name in self._properties}
        return self._properties


def custom(**properties: object) -> PSObject:
    """Return a PSCustomObject."""
    return PSObject(CUSTOM_OBJECT, properties)


class Hashtable(MutableMapping[Any, object]):
    """A hash table as ``@{}`` makes: keys that are strings know no case."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[Any, object] | Iterable[tuple[Any, object]] = ()) -> None:
        self._items: dict[Any, tuple[Any, object]] = {}
        for key, value in items.items() if isinstance(items, Mapping) else items:
            self[key] = value

    def __getitem__(self, key: Any) -> object:
        return self._items[_folded(key)][1]

    def __setitem__(self, key: Any, value: object) -> None:
        folded = _folded(key)
        self._items[folded] = (self._items[folded][0] if folded in self._items else key, value)

    def __delitem__(self, key: Any) -> None:
        del self._items[_folded(key)]

    def __iter__(self) -> Iterator[Any]:
        return iter([key for key, _ in self._items.values()])

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"Hashtable({dict(self)!r})"


def _folded(key: Any) -> Any:
    return key.casefold() if isinstance(key, str) else key


@dataclass(frozen=True, slots=True, eq=False)
class ScriptBlock:
    """``{ … }`` as a value; ``scope`` is where it was written, for the interpreter alone."""

    body: syntax.ScriptBlock
    scope: Any = None

    def __str__(self) -> str:
        return self.body.extent.text


@dataclass(frozen=True, slots=True)
class TypeValue:
    """A type as a value: ``[int]``; ``name`` in full, as ``System.Int32``."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version: ``8.0``, ``10.0.17763.1``; each part is a number."""

    parts: tuple[int, ...]

    def __str__(self) -> str:
        return ".".join(map(str, self.parts))
