"""What all of one session shares: its lab, its machine, who it talks to, its global scope, its errors."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from lab.shell import syntax
from lab.shell.drive import HOME, TEMP
from lab.shell.error_objects import record_of
from lab.shell.error_text import render
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.files import Files, split
from lab.shell.frames import DEBUG, ERROR, INFORMATION, VERBOSE, WARNING, Frame, Message, Sink, Streams
from lab.shell.host import Host
from lab.shell.objects import Hashtable, PSObject, ScriptBlock, Version
from lab.shell.place import Machine, Place
from lab.shell.scalars import ArrayList
from lab.shell.scopes import Scope, Variable
from lab.shell.text import to_text

PREFERENCES: Final[dict[str, object]] = {
    "ErrorActionPreference": "Continue",
    "WarningPreference": "Continue",
    "VerbosePreference": "SilentlyContinue",
    "DebugPreference": "SilentlyContinue",
    "InformationPreference": "SilentlyContinue",
    "ProgressPreference": "Continue",
    "ConfirmPreference": "High",
    "WhatIfPreference": False,
    "OFS": " ",
    "OutputEncoding": "utf-8",
    "PSEmailServer": "",
    "MaximumHistoryCount": 4096,
    "FormatEnumerationLimit": 4,
    "NestedPromptLevel": 0,
}
_CONSTANT: Final = frozenset(
    {"true", "false", "null", "?", "pid", "host", "home", "shellid", "psversiontable", "error"}
)


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function or a filter. ``help`` is its comment-based help."""

    name: str
    block: ScriptBlock
    help: str = ""

    @property
    def body(self) -> syntax.ScriptBlock:
        return self.block.body


class Session:
    """See the module. ``using`` is the frame of whoever started it on another machine."""

    def __init__(self, place: Place, machine: Machine, ui: Host, using: Frame | None = None) -> None:
        self.place = place
        self.machine = machine
        self.ui = ui
        self.using = using
        self.files = Files(place, machine)
        self.errors = ArrayList()
        self.ok = True
        self.exit_code: int | None = None
        # What the last script file said with `exit`; the exit code above is that of the last program, too.
        self.script_code: int | None = None
        self.scope = Scope(kind="global")
        self.environment = _environment(machine)
        for name, value in PREFERENCES.items():
            self.scope.variables[name.casefold()] = Variable(name, value)
        self.scope.set("PSDefaultParameterValues", Hashtable())
        self.streams = using.streams if using else Streams(self._sinks())
        self.frame = Frame(self, self.scope, self.streams)

    # Variables that exist by themselves

    def automatic(self, name: str, frame: Frame) -> object:
        """Return the value of an automatic variable, None if there is none of that name (about_Automatic_Variables)."""
        found = _AUTOMATIC.get(name)
        return found(self, frame) if found else None

    def guard(self, name: str) -> None:
        """Refuse to set a variable that cannot be set."""
        if name in _CONSTANT:
            raise ShellError(
                ErrorRecord(
                    f"Cannot overwrite variable {name} because it is read-only or constant.", "WriteError",
                    "VariableNotWritable", "SessionStateUnauthorizedAccessException", name,
                )
            )  # fmt: skip

    def set_environment(self, name: str, value: object) -> None:
        """Set a variable of the environment; $null takes it away."""
        if value is None or value == "":
            self.environment.pop(name.casefold(), None)
        else:
            self.environment[name.casefold()] = to_text(value)

    def set_function(self, name: str, value: object, scope: Scope) -> None:
        """Define a function, as ``$function:name = { … }`` does."""
        if isinstance(value, Function):
            scope.functions[name.casefold()] = value
        elif isinstance(value, ScriptBlock):
            scope.functions[name.casefold()] = Function(name, value)
        elif value is None:
            scope.functions.pop(name.casefold(), None)

    # What is shown at once

    def remember(self, shown: PSObject) -> None:
        """Put an error at the head of $Error, unless it is there already; what happens elsewhere is told here, too."""
        if not any(each is shown for each in self.errors):
            self.errors.insert(0, shown)
            del self.errors[256:]
        if self.using:
            self.using.session.remember(shown)

    def _sinks(self) -> dict[int, Sink]:
        return {
            ERROR: self._show_error,
            WARNING: lambda item: self._show(item, "WARNING: ", "Yellow"),
            VERBOSE: lambda item: self._show(item, "VERBOSE: ", "Yellow"),
            DEBUG: lambda item: self._show(item, "DEBUG: ", "Yellow"),
            INFORMATION: self._inform,
        }

    def _show_error(self, item: object) -> None:
        record = record_of(item)
        self.ui.write_error(render(record) if record else to_text(item))

    def _show(self, item: object, prefix: str, color: str) -> None:
        text = item.text if isinstance(item, Message) else to_text(item)
        self.ui.write_line(f"{prefix}{text}", color=color)

    def _inform(self, item: object) -> None:
        if not isinstance(item, Message):
            self.ui.write_line(to_text(item))
        elif item.newline:
            self.ui.write_line(item.text, color=item.color, background=item.background)
        else:
            self.ui.write(item.text, color=item.color, background=item.background)


def _environment(machine: Machine) -> dict[str, str]:
    """Return the variables of the environment by their names in lower case: those of Windows, and our own."""
    windows = {
        "COMPUTERNAME": machine.name.upper(), "USERNAME": "Administrator", "USERDOMAIN": machine.name.upper(),
        "OS": "Windows_NT", "PROCESSOR_ARCHITECTURE": "AMD64", "NUMBER_OF_PROCESSORS": str(os.cpu_count() or 1),
        "USERPROFILE": HOME, "HOMEDRIVE": "C:", "HOMEPATH": HOME[2:], "APPDATA": f"{HOME}\\AppData\\Roaming",
        "LOCALAPPDATA": f"{HOME}\\AppData\\Local", "TEMP": TEMP, "TMP": TEMP, "PUBLIC": "C:\\Users\\Public",
        "SystemDrive": "C:", "SystemRoot": "C:\\Windows", "windir": "C:\\Windows", "ProgramData": "C:\\ProgramData",
        "ALLUSERSPROFILE": "C:\\ProgramData", "ProgramFiles": "C:\\Program Files",
        "ProgramW6432": "C:\\Program Files", "ProgramFiles(x86)": "C:\\Program Files (x86)",
        "CommonProgramFiles": "C:\\Program Files\\Common Files", "ComSpec": "C:\\Windows\\system32\\cmd.exe",
    }  # fmt: skip
    return {name.casefold(): value for name, value in {**os.environ, **windows}.items()}


def _version_table(_session: Session, _frame: Frame) -> object:
    return Hashtable({
        "PSVersion": Version((5, 1, 17763, 1)), "PSEdition": "Desktop",
        "PSCompatibleVersions": [Version((1, 0)), Version((2, 0)), Version((3, 0)), Version((4, 0)), Version((5, 0)),
                                 Version((5, 1, 17763, 1))],
        "BuildVersion": Version((10, 0, 17763, 1)), "CLRVersion": Version((4, 0, 30319, 42000)),
        "WSManStackVersion": Version((3, 0)), "PSRemotingProtocolVersion": Version((2, 3)),
        "SerializationVersion": Version((1, 1, 0, 1)),
    })  # fmt: skip


def _host(session: Session, _frame: Frame) -> object:
    size = PSObject("System.Management.Automation.Host.Size", {"Width": session.ui.width, "Height": 50})
    raw = PSObject(
        "System.Management.Automation.Internal.Host.InternalHostRawUserInterface",
        {"BufferSize": size, "WindowSize": size, "WindowTitle": "Windows PowerShell", "ForegroundColor": "Gray",
         "BackgroundColor": "Black"},
    )  # fmt: skip
    ui = PSObject("System.Management.Automation.Internal.Host.InternalHostUserInterface", {"RawUI": raw})
    return PSObject(
        "System.Management.Automation.Internal.Host.InternalHost",
        {"Name": "ConsoleHost", "Version": Version((5, 1, 17763, 1)), "UI": ui, "CurrentCulture": "en-US",
         "CurrentUICulture": "en-US"},
    )  # fmt: skip


def _root(_session: Session, frame: Frame) -> object:
    found = frame.scope.find("pscommandpath")
    return split(to_text(found.value))[0] if found and found.value else ""


def _location(session: Session, _frame: Frame) -> object:
    path = session.files.here
    return PSObject("System.Management.Automation.PathInfo", {"Path": path, "ProviderPath": path}, text=path)


_AUTOMATIC: Final[dict[str, Callable[[Session, Frame], Any]]] = {
    "true": lambda session, frame: True,
    "false": lambda session, frame: False,
    "null": lambda session, frame: None,
    "?": lambda session, frame: session.ok,
    "lastexitcode": lambda session, frame: session.exit_code,
    "error": lambda session, frame: session.errors,
    "pid": lambda session, frame: os.getpid(),
    "home": lambda session, frame: HOME,
    "pwd": _location,
    "shellid": lambda session, frame: "Microsoft.PowerShell",
    "pshome": lambda session, frame: "C:\\Windows\\System32\\WindowsPowerShell\\v1.0",
    "psuiculture": lambda session, frame: "en-US",
    "psculture": lambda session, frame: "en-US",
    "psversiontable": _version_table,
    "host": _host,
    "psscriptroot": _root,
    "args": lambda session, frame: [],
    "input": lambda session, frame: [],
}
