r"""The files that scripts read and write: the user's own, and those on drive C: of the machine that a script runs on.

A path with a drive is one of that machine's (``C:\VMs``, ``\VMs``), any other the user's own, which may be written as
on Windows, too (``.\out\vms.csv``). Where the current location is on C:, paths without a root are there.
"""

from __future__ import annotations

import ntpath
import os
import re
from collections.abc import Iterable, Iterator
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lab.shell.command import Parameter
from lab.shell.drive import ROOT, Drive, in_full
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.wildcards import has_wildcards

if TYPE_CHECKING:
    from lab.shell.place import Machine, Place

NEWLINE: Final = "\r\n"
"""What ends a line in strings, as in [Environment]::NewLine of Windows. Files are written with the machine's own."""

ENCODINGS: Final = {
    "ascii": "ascii", "bigendianunicode": "utf-16-be", "default": "cp1252", "oem": "cp437", "string": "utf-16",
    "unicode": "utf-16", "unknown": "utf-16", "utf7": "utf-7", "utf8": "utf-8", "utf32": "utf-32",
}  # fmt: skip
ENCODING: Final = Parameter(
    "Encoding",
    values=(
        "Unknown", "String", "Unicode", "Byte", "BigEndianUnicode", "UTF8", "UTF7", "UTF32", "Default", "Oem", "Ascii",
    ),
    help="The encoding; by default UTF-8.",
)  # fmt: skip
_PROVIDER: Final = re.compile(r"^(?:Microsoft\.PowerShell\.Core\\)?FileSystem::", re.IGNORECASE)
_DEVICE: Final = re.compile(r"^\\\\[?.]\\(?=[A-Za-z]:)")
_DRIVE: Final = re.compile(r"^([A-Za-z]\w*):")


class Files:
    """The files as one session of the console sees them, from its current location."""

    def __init__(self, place: Place, machine: Machine) -> None:
        self._place = place
        self._machine = machine
        self._drive: Drive | None = None
        self._on_drive = ""
        self._last = ROOT
        self.kept: list[str] = []
        """The locations that Push-Location has kept, the last one at the end."""

    # From what a script says to a file

    def path(self, given: str) -> Path:
        """Return the file that a path means; ShellError for a path that cannot be, or on another drive than C:."""
        windows = self.windows(given)
        return self._opened().path(windows) if windows else _own(given)

    def matching(self, given: str) -> list[Path]:
        """Return what a path with wildcards means."""
        windows = self.windows(given)
        if windows:
            return self._opened().matching(windows)
        return [Path(found) for found in sorted(glob(str(_own(given))))]

    def written(self, given: str) -> Path:
        r"""Return the file that a path means to write to it: what is in C:\Temp can be written without making that."""
        windows = self.windows(given)
        if windows:
            self._opened().scratch(windows)
        return self.path(given)

    def windows(self, given: str) -> str:
        """Return the path on drive C: that is meant, in full; empty for one of the user's own files."""
        text = _DEVICE.sub("", _PROVIDER.sub("", given))
        if "\0" in text:
            raise _illegal(given)
        if drive := _DRIVE.match(text):
            if drive[1].casefold() != "c":
                raise _no_drive(drive[1])
            return in_full(text, self._last)
        if text.startswith("\\\\"):
            raise ShellError(missing(given, text))
        if text.startswith("\\"):
            return in_full(text)
        return in_full(text, self._on_drive) if self._on_drive and not text.startswith(("/", "~")) else ""

    def existing(self, given: Iterable[str], *, literal: bool = False) -> Iterator[Path | ErrorRecord]:
        """Yield the files and directories that paths with wildcards mean; the error of one that means nothing."""
        for each in given:
            try:
                if not literal and has_wildcards(each):
                    yield from self.matching(each)
                    continue
                path = self.path(each)
            except ShellError as error:
                yield error.record
                continue
            yield path if os.path.lexists(path) else missing(each, self.shown(path))

    def below(self, folder: Path, name: str) -> Path:
        """Return what a name in a directory means; ShellError if it is behind a link of a machine's drive."""
        return self.path(joined(self.shown(folder), name)) if self.is_on_drive(folder) else folder / name

    def beginning(self, word: str) -> list[str]:
        """Return the paths that begin with what somebody has typed so far; a directory's ends with a separator."""
        at = max(word.rfind("/"), word.rfind("\\"), word.find(":") if is_windows(word) else -1) + 1
        try:
            found = [] if has_wildcards(word) else self.matching(f"{word}*")
        except ShellError:
            return []  # what is no path, or not yet one, is nobody's mistake
        separator = "\\" if is_windows(word) or self.windows(word) else "/"
        return [f"{word[:at]}{each.name}{separator if each.is_dir() else ''}" for each in found]

    # From a file to what a script is told

    def shown(self, path: str | Path) -> str:
        """Return a path in full, without asking what is behind its links; as Windows has it on a drive."""
        full = os.path.normpath(os.path.join(_directory(), path))
        return (self._drive.windows(full) if self._drive else "") or full

    def is_on_drive(self, path: Path) -> bool:
        """Tell whether a file is on the machine's drive."""
        return self._drive is not None and bool(self._drive.windows(path))

    def is_root(self, path: Path) -> bool:
        """Tell whether a path is the root of the machine's drive, which stays where it is."""
        return self._drive is not None and self._drive.folder == path

    def refusal(self, error: OSError, path: Path, error_id: str) -> ErrorRecord:
        """Return the error of a file that this computer does not let be read or written."""
        where = self.shown(path)
        if isinstance(error, PermissionError):
            text, category = f"Access to the path '{where}' is denied.", "PermissionDenied"
            return ErrorRecord(text, category, error_id, "System.UnauthorizedAccessException", where)
        if isinstance(error, FileNotFoundError):
            text = f"Could not find a part of the path '{where}'."
            return ErrorRecord(text, "ObjectNotFound", error_id, "System.IO.DirectoryNotFoundException", where)
        text = f"{error.strerror or 'The file cannot be used'}: '{where}'."
        return ErrorRecord(text, "WriteError", error_id, "System.IO.IOException", where)

    # The current location

    @property
    def here(self) -> str:
        """The current location; the root, if the user's current directory does not exist any more."""
        return self._on_drive or _directory()

    def go(self, given: str) -> None:
        """Make a directory the current location; ShellError if there is none."""
        path, windows = self.path(given), self.windows(given)
        try:
            if not windows:
                os.chdir(path)
            elif not os.path.isdir(path):
                raise ShellError(missing(given, windows))
        except OSError:
            raise ShellError(missing(given, self.shown(path))) from None
        self._on_drive = self.shown(path) if windows else ""
        self._last = self._on_drive or self._last

    def _opened(self) -> Drive:
        """Return the machine's drive, which is elsewhere when a lab that was only described has been started."""
        folder = self._place.drive(self._machine)
        if self._drive is None or str(self._drive.folder) != folder or not os.listdir(folder):
            self._drive = Drive(folder)
        return self._drive


def _own(given: str) -> Path:
    return Path(os.path.expanduser(_PROVIDER.sub("", given).replace("\\", "/") or "."))


def _directory() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return "/"


def missing(given: str, path: str) -> ErrorRecord:
    """Return the error of a path that does not exist; `path` is how it is shown."""
    return ErrorRecord(
        f"Cannot find path '{path}' because it does not exist.", "ObjectNotFound", "PathNotFound",
        "System.Management.Automation.ItemNotFoundException", given,
    )  # fmt: skip


def _no_drive(name: str) -> ShellError:
    return ShellError(
        ErrorRecord(
            f"Cannot find drive. A drive with the name '{name}' does not exist.", "ObjectNotFound", "DriveNotFound",
            "System.Management.Automation.DriveNotFoundException", name,
            remedy="a machine of a lab has drive C: only; your own files have paths such as ./file",
        )
    )  # fmt: skip


def _illegal(given: str) -> ShellError:
    return ShellError(
        ErrorRecord("Illegal characters in path.", "InvalidArgument", "ItemExistsArgumentError",
                    "System.ArgumentException", given)
    )  # fmt: skip


# Paths as texts


def is_windows(path: str) -> bool:
    """Tell whether a path is written as one of a drive, or with Windows' separator only."""
    return bool(_DRIVE.match(path)) or ("\\" in path and "/" not in path)


def joined(path: str, child: str) -> str:
    r"""Return a path with another below it, with the separator that the first one has.

    >>> joined("C:", "VMs/a"), joined("/home/u/", "a"), joined("out", "a")
    ('C:\\VMs\\a', '/home/u/a', 'out/a')
    """
    if not path:
        return child
    if is_windows(path):
        return path.rstrip("\\/") + "\\" + child.lstrip("\\/").replace("/", "\\")
    return path.rstrip("\\/") + "/" + child.lstrip("\\/")


def split(path: str) -> tuple[str, str]:
    r"""Return all but the last part of a path, and the last one.

    >>> split("C:\\VMs\\a"), split("C:\\VMs"), split("/a"), split("a")
    (('C:\\VMs', 'a'), ('C:\\', 'VMs'), ('/', 'a'), ('', 'a'))
    """
    drive = found[0] if (found := re.match(r"[A-Za-z]\w*:[\\/]?", path)) else ""
    text = path.rstrip("\\/")
    if len(text) < len(drive) or text == drive:
        return "", path
    text = text or path[:1]
    at = max(text.rfind("/"), text.rfind("\\"))
    if at < len(drive):
        return (drive, text[len(drive) :]) if drive else (text[: at + 1] if len(text) > 1 else "", text[at + 1 :])
    return text[:at] or (text[:1] if len(text) > 1 else ""), text[at + 1 :]


def relative(path: str, start: str) -> str:
    """Return a path as it is from another one, both in full."""
    if path.startswith("/") != start.startswith("/"):
        return path
    return os.path.relpath(path, start) if path.startswith("/") else ntpath.relpath(path, start)


# Texts


def codec(name: str | None) -> str:
    """Return Python's name of an encoding; without one UTF-8, with a mark or without."""
    return "utf-8-sig" if name is None else ENCODINGS.get(name.casefold(), "utf-8")


def read_text(path: Path, encoding: str | None = None) -> str:
    """Return a file's text; UTF-16 is known by its mark. What is no text in that encoding is replaced."""
    data = path.read_bytes()
    if encoding is None and data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    return data.decode(codec(encoding), "replace")


def write_text(path: Path, text: str, encoding: str | None = None, *, append: bool = False) -> None:
    """Write a text to a file, with the machine's line ends."""
    name = "utf-8" if encoding is None else codec(encoding)
    with path.open("a" if append else "w", encoding=name, errors="replace", newline="") as file:
        file.write(text.replace("\r\n", "\n"))
