"""What a command of the console is: its declaration, of which binding, help, completion and documentation are made.

A command is a function of a :class:`Call`. It is declared with the parameters of its page on Microsoft Learn, and
yields the objects that it outputs:

>>> @command("Get-VMSwitch", "Hyper-V", "Gets virtual switches.", (
...     Parameter("Name", "String", position=0, sets=("Name",), help="The name; wildcards are permitted."),
...     Parameter("Id", "Guid[]", position=0, sets=("Id",), pipe="VP"),
... ), default_set="Name", output="VMSwitch", examples=(Example("Get-VMSwitch", "Gets all switches."),))
... def get_vmswitch(call): ...

It is called once for each object that comes through the pipeline, with the parameters that take it bound; once without
a pipeline. One that needs all objects at once (Sort-Object) is declared with ``stream=True``: it is called once, and
takes them from ``call.input``; its parameters are bound before the first one comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

from lab.model.edit import Edit
from lab.shell.errors import ErrorRecord
from lab.shell.objects import ScriptBlock
from lab.shell.place import Machine, Place
from lab.shell.syntax import Extent

if TYPE_CHECKING:
    from lab.shell.files import Files
    from lab.shell.frames import Frame


class Support(StrEnum):
    """What a parameter, or a whole command, does here. ``RECORDED``: it is read back, and has no effect on frames.

    ``ACCEPTED``: it is taken, does nothing, and says so with -Verbose.
    """

    WORKS = "works"
    RECORDED = "recorded"
    ACCEPTED = "accepted"


class Impact(StrEnum):
    """How much harm a command can do (about_Functions_CmdletBindingAttribute, ConfirmImpact)."""

    NONE = "None"
    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a command.

    ``type`` is its .NET type in short: ``String``, ``String[]``, ``Int32``, ``UInt32``, ``Int64``, ``UInt64``,
    ``Boolean``, ``Switch``, ``Guid``, ``IPAddress``, ``TimeSpan``, ``DateTime``, ``ScriptBlock``, ``Hashtable``,
    ``Object``, or the name of a type of objects (``VMSwitch``, ``VirtualMachine[]``). ``values`` are those an
    enumeration has. ``sets`` are the parameter sets it belongs to, empty for all; one that is mandatory or has another
    position in some sets only is declared twice. ``pipe``: it takes an object from the pipeline by value (``V``), by
    the name of a property (``P``), or both. ``minimum`` and ``maximum`` of a number. ``rest``: it takes all arguments
    that are left (ValueFromRemainingArguments). ``wildcards``: it takes patterns. ``complete`` names what it is
    completed with: ``vm``, ``switch``, ``adapter``, ``nic``, ``host``, ``file``, ``command``.
    """

    name: str
    type: str = "String"
    sets: tuple[str, ...] = ()
    position: int | None = None
    mandatory: bool = False
    aliases: tuple[str, ...] = ()
    pipe: str = ""
    values: tuple[str, ...] = ()
    default: object = None
    minimum: int | None = None
    maximum: int | None = None
    rest: bool = False
    wildcards: bool = False
    help: str = ""
    support: Support = Support.WORKS
    complete: str = ""

    @property
    def is_switch(self) -> bool:
        return self.type == "Switch"

    @property
    def is_array(self) -> bool:
        return self.type.endswith("[]")


@dataclass(frozen=True, slots=True)
class Example:
    """A line that shows the command, and what it does in a sentence."""

    code: str
    remark: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command's declaration.

    ``error_class`` is what follows the comma of its errors' FullyQualifiedErrorId; unless given, that of the module:
    ``Microsoft.HyperV.PowerShell.Commands.GetVM`` in Hyper-V, the command's own name elsewhere. ``confirms``: it
    supports -WhatIf and -Confirm, and asks by itself if its ``impact`` is as high as $ConfirmPreference. ``output`` is
    the type of what it outputs, in short. ``guest``: it can also be used inside a VM; ``host``: on a Hyper-V host.
    """

    name: str
    module: str
    synopsis: str
    parameters: tuple[Parameter, ...]
    run: Callable[[Call], Iterable[object] | None]
    default_set: str = ""
    aliases: tuple[str, ...] = ()
    confirms: bool = False
    impact: Impact = Impact.MEDIUM
    output: str = ""
    examples: tuple[Example, ...] = ()
    stream: bool = False
    guest: bool = False
    host: bool = True
    error_class: str = ""
    support: Support = Support.WORKS
    remarks: str = ""

    @property
    def sets(self) -> tuple[str, ...]:
        """The names of its parameter sets, the default one first; one without a name if it has no others."""
        found = dict.fromkeys([self.default_set] if self.default_set else [])
        found.update(dict.fromkeys(name for parameter in self.parameters for name in parameter.sets))
        return tuple(found) or ("",)

    @property
    def class_name(self) -> str:
        """What follows the comma in its errors' FullyQualifiedErrorId."""
        if self.error_class:
            return self.error_class
        if self.module == "Hyper-V":
            return f"Microsoft.HyperV.PowerShell.Commands.{self.name.replace('-', '')}"
        if self.module.startswith("Microsoft.PowerShell"):
            return f"Microsoft.PowerShell.Commands.{self.name.replace('-', '')}Command"
        return self.name


class Runtime(Protocol):
    """What a command can ask of whoever evaluates the script."""

    @property
    def place(self) -> Place: ...

    @property
    def machine(self) -> Machine: ...

    @property
    def frame(self) -> Frame:
        """What the call is evaluated in, for commands that are about the interpreter itself (Get-Variable)."""

    def write_error(self, record: ErrorRecord) -> None:
        """Report a non-terminating error, or throw it if -ErrorAction Stop says so."""

    def write_warning(self, text: str) -> None: ...

    def write_verbose(self, text: str) -> None: ...

    def write_debug(self, text: str) -> None: ...

    def write_information(self, text: str) -> None: ...

    def write_host(self, text: str, *, newline: bool = True, color: str = "", background: str = "") -> None: ...

    def write_progress(self, activity: str, status: str, percent: int | None, *, completed: bool) -> None: ...

    def read_line(self, prompt: str, *, secret: bool = False) -> str:
        """Ask the user; a terminating error where nobody can be asked."""

    def confirm(self, title: str, question: str) -> bool:
        """Ask Yes, Yes to All, No, No to All; True if it shall be done."""

    def variable(self, name: str) -> object:
        """Return a variable's value, None if there is none."""

    def set_variable(self, name: str, value: object, scope: str = "") -> None: ...

    def invoke(
        self, block: ScriptBlock, arguments: Iterable[object] = (), *, item: object = ..., own_scope: bool = False
    ) -> Iterator[object]:
        """Run a script block; ``item`` is ``$_`` in it. Without ``own_scope`` it sets the variables of its caller."""

    def on(self, machine: Machine, block: ScriptBlock, arguments: Iterable[object] = ()) -> Iterator[object]:
        """Run a script block on another machine, in a session of its own there."""

    def ended(self, code: int) -> None:
        """Say how a program ended: $LASTEXITCODE, and $? is false unless that is 0."""

    def enter(self, machine: Machine | None) -> None:
        """Go on in a session on another machine, or back (None); a terminating error where nobody is at a prompt."""

    def call(self, name: str, /, *arguments: object, **parameters: object) -> Iterator[object]:
        """Run another command by name, as from a script."""


@dataclass(slots=True)
class Call:
    """One call of a command. ``bound`` has the parameters that were given, by their declared names, converted.

    ``set`` is the parameter set that was chosen. ``machine`` is where it acts: the host named by -ComputerName, or
    where the script runs. ``common`` are the common parameters that were given, in lower case.
    """

    command: Command
    bound: dict[str, Any]
    runtime: Runtime
    machine: Machine
    set: str = ""
    input: Iterator[object] = field(default_factory=lambda: iter(()))
    common: Mapping[str, Any] = field(default_factory=dict)
    extent: Extent | None = None
    piped: bool = False

    @property
    def place(self) -> Place:
        return self.runtime.place

    @property
    def files(self) -> Files:
        """The files as the script sees them: the user's own, and those on the drive of its machine."""
        return self.runtime.frame.session.files

    def __contains__(self, name: str) -> bool:
        return name in self.bound

    def get(self, name: str, default: Any = None) -> Any:
        """Return what a parameter was given, or its declared default, or `default`."""
        if name in self.bound:
            return self.bound[name]
        declared = next((each.default for each in self.command.parameters if each.name == name), None)
        return default if declared is None else declared

    def is_on(self, name: str) -> bool:
        """Tell whether a switch parameter was given, and not as ``-Name:$false``."""
        return bool(self.bound.get(name))

    def error(self, record: ErrorRecord) -> None:
        """Report a non-terminating error of this command."""
        self.runtime.write_error(record.at(self.command.name, self.command.class_name, self.extent))

    def warn(self, text: str) -> None:
        self.runtime.write_warning(text)

    def verbose(self, text: str) -> None:
        self.runtime.write_verbose(text)

    def agreed(self, target: str, action: str = "") -> bool:
        """Return whether to go on (ShouldProcess): not with -WhatIf, and with -Confirm only if the user says so."""
        return agreed(self, target, action)

    def change(self, target: str, edit: Edit, action: str = "", *, settle: bool = False) -> bool:
        """Change the lab, if the user agrees; with -WhatIf print the plan instead. Return whether it was changed.

        What the model forbids is a terminating error. The lab itself follows when somebody could notice. A change that
        takes something away, or that would mean nothing together with the next one (stop, start), has to `settle`: the
        lab follows before anything but another change of that kind, so that fifty VMs are stopped at once.
        """
        if not agreed(self, target, action, edit):
            return False
        self.place.change(edit, settle=settle)
        return True


def agreed(call: Call, target: str, action: str = "", edit: Edit | None = None) -> bool:
    """See :meth:`Call.agreed` (about_CommonParameters, Everything you wanted to know about ShouldProcess)."""
    runtime, what = call.runtime, action or call.command.name
    whatif = call.common.get("whatif", runtime.variable("WhatIfPreference"))
    if whatif:
        runtime.write_host(f'What if: Performing the operation "{what}" on target "{target}".')
        for line in call.place.preview(edit) if edit else ():
            runtime.write_host(f"What if:   {line}")
        return False
    call.verbose(f'Performing the operation "{what}" on target "{target}".')
    wanted = call.common.get("confirm")
    if wanted is None:
        preference = str(runtime.variable("ConfirmPreference") or "High")
        wanted = _HEIGHT.get(call.command.impact, 0) >= _HEIGHT.get(preference.capitalize(), 3) > 0
    if not wanted or call.is_on("Force"):
        return True
    question = f'Performing the operation "{what}" on target "{target}".'
    return runtime.confirm("Are you sure you want to perform this action?", question)


_HEIGHT: Final = {"None": 0, "Low": 1, "Medium": 2, "High": 3}

REGISTERED: Final[dict[str, Command]] = {}
"""Every command that has been declared, by its name in lower case; see :mod:`lab.shell.registry` for finding them."""

ALIASES: Final[dict[str, str]] = {}
"""The names of commands by their aliases, both in lower case."""

Run = Callable[[Call], Iterable[object] | None]


def command(  # noqa: PLR0913 - what is declared of a command
    name: str,
    module: str,
    synopsis: str,
    parameters: tuple[Parameter, ...] = (),
    *,
    default_set: str = "",
    aliases: tuple[str, ...] = (),
    confirms: bool = False,
    impact: Impact = Impact.MEDIUM,
    output: str = "",
    examples: tuple[Example, ...] = (),
    stream: bool = False,
    guest: bool = False,
    host: bool = True,
    error_class: str = "",
    support: Support = Support.WORKS,
    remarks: str = "",
) -> Callable[[Run], Run]:
    """Declare a command; see :class:`Command`."""

    def declared(run: Run) -> Run:
        found = Command(
            name=name, module=module, synopsis=synopsis, parameters=parameters, run=run, default_set=default_set,
            aliases=aliases, confirms=confirms, impact=impact, output=output, examples=examples, stream=stream,
            guest=guest, host=host, error_class=error_class, support=support, remarks=remarks,
        )  # fmt: skip
        assert name.casefold() not in REGISTERED, name
        REGISTERED[name.casefold()] = found
        ALIASES.update((alias.casefold(), name.casefold()) for alias in aliases)
        return run

    return declared
