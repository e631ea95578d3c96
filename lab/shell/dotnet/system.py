"""Static members that are about the computer: Environment, Console, Stopwatch."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from typing import Any, Final

from lab.shell.casts import convert
from lab.shell.dotnet.table import MANY, Refused, Table, elements, integer
from lab.shell.drive import HOME
from lab.shell.flow import NOTHING, Exit
from lab.shell.objects import Live, PSObject, Version
from lab.shell.scalars import Byte
from lab.shell.text import to_text

ENVIRONMENT: Final = Table()
CONSOLE: Final = Table()
BITS: Final = Table()
STOPWATCH: Final = Table()
THREAD: Final = Table()


# The environment: what is called gets the frame first


def _exit(_frame: Any, code: object = 0) -> object:
    raise Exit(integer(code))


def _set_variable(frame: Any, name: object, value: object, *_: object) -> object:
    frame.session.set_environment(to_text(name), value)
    return NOTHING


def _system(_frame: Any) -> PSObject:
    version = Version((10, 0, 17763, 0))
    return PSObject(
        "System.OperatingSystem", {"Platform": "Win32NT", "ServicePack": "", "Version": version,
                                   "VersionString": f"Microsoft Windows NT {version}"},
        text=f"Microsoft Windows NT {version}",
    )  # fmt: skip


_FOLDERS: Final = {
    "desktop": f"{HOME}\\Desktop", "mydocuments": f"{HOME}\\Documents", "personal": f"{HOME}\\Documents",
    "userprofile": HOME, "applicationdata": f"{HOME}\\AppData\\Roaming",
    "localapplicationdata": f"{HOME}\\AppData\\Local", "commonapplicationdata": "C:\\ProgramData",
    "programfiles": "C:\\Program Files", "windows": "C:\\Windows", "system": "C:\\Windows\\system32",
}  # fmt: skip
ENVIRONMENT.prop("NewLine", lambda _: "\r\n")
ENVIRONMENT.prop("MachineName", lambda frame: frame.session.machine.name.upper())
ENVIRONMENT.prop("UserName", lambda frame: frame.variable("USERNAME", "env"))
ENVIRONMENT.prop("UserDomainName", lambda frame: frame.session.machine.name.upper())
ENVIRONMENT.prop("CurrentDirectory", lambda frame: frame.session.files.here)
ENVIRONMENT.prop("ProcessorCount", lambda _: os.cpu_count() or 1)
ENVIRONMENT.prop("TickCount", lambda _: int(time.monotonic() * 1000) % 2**31)
ENVIRONMENT.prop("Is64BitOperatingSystem", lambda _: True)
ENVIRONMENT.prop("OSVersion", _system)
ENVIRONMENT.prop("ExitCode", lambda frame: frame.session.exit_code or 0)
ENVIRONMENT.method("GetEnvironmentVariable", lambda frame, name, *_: frame.variable(to_text(name), "env"), 1, 2)
ENVIRONMENT.method("SetEnvironmentVariable", _set_variable, 2, 3)
ENVIRONMENT.method("Exit", _exit, 1)
ENVIRONMENT.method("GetFolderPath", lambda _, name: _FOLDERS.get(to_text(name).casefold(), ""), 1)

CONSOLE.prop("Title", lambda _: "Windows PowerShell")
CONSOLE.prop("WindowWidth", lambda frame: frame.session.ui.width)


def _write(frame: Any, *given: object, end: str) -> object:
    text = to_text(given[0]) if given else ""
    if len(given) > 1:
        from lab.shell.composite import composed

        text = composed(text, list(given[1:]))
    frame.session.ui.write(f"{text}{end}")
    return NOTHING


CONSOLE.method("WriteLine", lambda frame, *given: _write(frame, *given, end="\n"), 0, MANY)
CONSOLE.method("Write", lambda frame, *given: _write(frame, *given, end=""), 1, MANY)
CONSOLE.method("Beep", lambda frame, *_: NOTHING, 0, 2)


def _sleep(frame: Any, amount: object) -> object:
    seconds = amount.total_seconds() if isinstance(amount, timedelta) else integer(amount) / 1000
    frame.session.place.settle()
    time.sleep(max(seconds, 0))
    return NOTHING


THREAD.method("Sleep", _sleep, 1)


# Bytes


def _bytes(value: object) -> list[object]:
    number = int(convert(value, "long"))  # type: ignore[call-overload]
    size = 4 if -(2**31) <= number < 2**31 else 8
    return [Byte(each) for each in number.to_bytes(size, "little", signed=True)]


def _data(items: Any, start: object, size: int) -> bytes:
    at = integer(start)
    data = bytes(integer(each) & 255 for each in elements(items)[max(at, 0) : max(at, 0) + size])
    if at < 0 or len(data) < size:
        raise Refused(
            "Destination array is not long enough to copy all the items in the collection. Check array index and "
            "length."
        )
    return data


BITS.prop("IsLittleEndian", lambda _: True)
BITS.method("GetBytes", _bytes, 1)
BITS.method("ToString", lambda items, *_: "-".join(f"{integer(each):02X}" for each in elements(items)), 1, 3)
BITS.method("ToInt32", lambda items, at: int.from_bytes(_data(items, at, 4), "little", signed=True), 2)
BITS.method("ToUInt32", lambda items, at: int.from_bytes(_data(items, at, 4), "little"), 2)
BITS.method("ToUInt16", lambda items, at: int.from_bytes(_data(items, at, 2), "little"), 2)


# Stopwatch


def stopwatch(*, running: bool = True) -> PSObject:
    """Return a stopwatch, which runs unless told otherwise."""
    begun: float | None = time.monotonic() if running else None
    before = 0.0

    def seconds() -> float:
        return before + (time.monotonic() - begun if begun is not None else 0.0)

    def read() -> dict[str, object]:
        spent = timedelta(seconds=seconds())
        return {
            "IsRunning": begun is not None, "Elapsed": spent, "ElapsedMilliseconds": int(seconds() * 1000),
            "ElapsedTicks": int(seconds() * 10_000_000),
        }  # fmt: skip

    def change(running: bool, *, reset: bool = False) -> object:
        nonlocal begun, before
        before = 0.0 if reset else seconds()
        begun = time.monotonic() if running else None
        return NOTHING

    return Live(
        "System.Diagnostics.Stopwatch", read, object,
        methods={
            "Start": lambda: change(True), "Stop": lambda: change(False), "Reset": lambda: change(False, reset=True),
            "Restart": lambda: change(True, reset=True),
        },
    )  # fmt: skip


STOPWATCH.method("StartNew", stopwatch)
