"""Finding commands: by name, by alias, by pattern. The modules that declare them are imported on the first question.

For one command one module of :mod:`lab.shell.cmdlets` or :mod:`lab.shell.commands` is imported: which, their files say,
in which every declaration starts with ``@command("Name"`` at the beginning of a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

from lab.shell.command import ALIASES, REGISTERED, Command

_FOLDERS: Final = ("commands", "cmdlets")
_DECLARATION: Final = re.compile(r'^@command\(\s*"([^"]+)"', re.MULTILINE)


def find(name: str) -> Command | None:
    """Return a command by its name or alias, in whatever case; None if there is none."""
    wanted = name.casefold()
    if wanted.endswith(".exe") and wanted not in _where():
        wanted = wanted.removesuffix(".exe")
    if found := REGISTERED.get(ALIASES.get(wanted, wanted)):
        return found
    if (module := _likely(wanted) or _where().get(wanted)) is None:
        return None
    import_module(module)
    return REGISTERED.get(ALIASES.get(wanted, wanted))


def commands() -> Iterator[Command]:
    """Yield every command, in the order of their names."""
    for module in sorted(set(_where().values())):
        import_module(module)
    for name in sorted(REGISTERED):
        yield REGISTERED[name]


def _likely(wanted: str) -> str | None:
    """Return the module called like a command's noun, if it declares the command: no other file is read for it."""
    noun = wanted.partition("-")[2]
    path = Path(__file__).parent / "cmdlets" / f"{noun}.py"
    if not noun.isalnum() or not path.is_file():
        return None
    names = (name.casefold() for name in _DECLARATION.findall(path.read_text(encoding="utf-8")))
    return f"lab.shell.cmdlets.{noun}" if wanted in names else None


@cache
def _where() -> dict[str, str]:
    """Return the modules by the names and aliases of the commands that they declare, without importing them."""
    found: dict[str, str] = {}
    for folder in _FOLDERS:
        for path in sorted((Path(__file__).parent / folder).glob("*.py")):
            module = f"lab.shell.{folder}.{path.stem}"
            text = path.read_text(encoding="utf-8")
            at = [match.start() for match in _DECLARATION.finditer(text)]
            for start, end in zip(at, [*at[1:], len(text)], strict=False):
                names = _names(text[start:end])
                found.update((name.casefold(), module) for name in names)
    return found


def _names(declaration: str) -> list[str]:
    """Return the name that a declaration gives, and the aliases of the command (not those of its parameters)."""
    head = declaration.partition("\ndef ")[0]
    match = _DECLARATION.match(head)
    assert match
    own = re.findall(r"^    aliases=\(([^)]*)\)", head, re.MULTILINE)
    return [match[1], *re.findall(r'"([^"]+)"', own[0] if own else "")]
