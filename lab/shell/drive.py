r"""Drive C: of a machine: a folder of this computer whose files have paths of Windows (``C:\VMs\web1.vhdx``).

Names know no case. Nothing leads out of the folder: ``..`` ends at the root, and links are not followed.
"""

from __future__ import annotations

import ntpath
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.wildcards import has_wildcards, matches, unescaped

ROOT: Final = "C:\\"
HOME: Final = "C:\\Users\\Administrator"
TEMP: Final = f"{HOME}\\AppData\\Local\\Temp"
_SCRATCH: Final = "temp"
_FOLDERS: Final = (
    "PerfLogs", "Program Files", "Program Files (x86)", "ProgramData", "Users/Administrator/AppData/Local/Temp",
    "Users/Administrator/AppData/Roaming", "Users/Administrator/Desktop", "Users/Administrator/Documents",
    "Users/Administrator/Downloads", "Users/Public/Documents/Hyper-V/Virtual Hard Disks", "Windows/System32",
    "Windows/Temp",
)  # fmt: skip
"""What Windows Server has when it is installed, as far as scripts write there."""


class Drive:
    """The drive whose files are in `folder`, which exists; the folders that every Windows has are made in an empty one.

    Paths of Windows are given in full: see :func:`in_full`.
    """

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        if not os.listdir(folder):
            for each in _FOLDERS:
                (self.folder / each).mkdir(parents=True, exist_ok=True)

    def path(self, windows: str) -> Path:
        """Return where a file is, or would be; ShellError for a path that Windows does not have, and behind a link."""
        found = self.folder
        for name in parts(windows):
            _check(name, windows)
            found /= _as_written(found, name)
            if _is_link(found):
                raise _denied(windows)
        return found

    def matching(self, windows: str) -> list[Path]:
        """Return what a path with wildcards means, in the order of the names; links are left out."""
        found = [self.folder]
        for name in parts(windows):
            found = [each for folder in found for each in _matching(folder, name)]
        return found

    def windows(self, path: str | Path) -> str:
        """Return the path of Windows of a file of this drive; empty for one that is not on it."""
        full = os.path.normpath(path)
        root = str(self.folder)
        if full == root:
            return ROOT
        return ROOT + full[len(root) + 1 :].replace("/", "\\") if full.startswith(f"{root}/") else ""

    def scratch(self, windows: str) -> None:
        r"""Make C:\Temp if a file is to be written there: no Windows has it, and every script takes it for granted."""
        names = parts(windows)
        if len(names) > 1 and names[0].casefold() == _SCRATCH:
            self.path(ROOT + names[0]).mkdir(exist_ok=True)


def in_full(windows: str, location: str = ROOT) -> str:
    r"""Return a path of drive C: in full: ``C:x`` and ``x`` begin at `location`, ``\x`` at the root.

    >>> in_full("C:/VMs\\..\\..\\x"), in_full("c:x", "C:\\VMs"), in_full("\\x", "C:\\VMs")
    ('C:\\x', 'C:\\VMs\\x', 'C:\\x')
    """
    rest = windows.replace("/", "\\")
    rest = rest[2:] if rest[1:2] == ":" else rest
    path = rest if rest.startswith("\\") else f"{location[2:]}\\{rest}"
    return "C:" + ntpath.normpath("\\" + path.lstrip("\\"))


def parts(windows: str) -> list[str]:
    """Return the names of the folders that lead to a file, and its own."""
    return [name for name in windows[len(ROOT) :].split("\\") if name]


def _as_written(folder: Path, name: str) -> str:
    """Return how a name is written in a folder, for one in whatever case; the name itself if nothing has it."""
    if os.path.lexists(folder / name):
        return name
    wanted = name.casefold()
    return next((each for each in _names(folder) if each.casefold() == wanted), name)


def _matching(folder: Path, name: str) -> Iterator[Path]:
    if not has_wildcards(name):
        name = _as_written(folder, unescaped(name))
        found = [name] if os.path.lexists(folder / name) else []
    else:
        found = [each for each in _names(folder) if matches(name, each)]
    yield from (folder / each for each in found if not _is_link(folder / each))


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder), key=str.casefold)
    except OSError:
        return []  # no folder, or one that cannot be read, has nothing that could be meant


def _is_link(path: Path) -> bool:
    try:
        return stat.S_ISLNK(os.lstat(path).st_mode)
    except OSError:
        return False


def _check(name: str, windows: str) -> None:
    if ":" in name:
        raise ShellError(
            ErrorRecord("The given path's format is not supported.", "InvalidOperation", "NotSupported",
                        "System.NotSupportedException", windows)
        )  # fmt: skip
    if any(char in '<>"|*?' or char < " " for char in name):
        raise ShellError(
            ErrorRecord("Illegal characters in path.", "InvalidArgument", "ItemExistsArgumentError",
                        "System.ArgumentException", windows)
        )  # fmt: skip


def _denied(windows: str) -> ShellError:
    return ShellError(
        ErrorRecord(
            f"Access to the path '{windows}' is denied.", "PermissionDenied", "UnauthorizedAccess",
            "System.UnauthorizedAccessException", windows, remedy="links are not followed on the drive of a machine",
        )
    )  # fmt: skip
