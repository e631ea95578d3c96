"""The command lines of Windows' own network programs, whose options begin with a slash or a dash."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from lab.shell.command import Parameter

ARGUMENTS: Final = (
    Parameter("Arguments", "String[]", rest=True, position=0, help="Its command line, as Windows' program has it."),
)


class BadUsage(Exception):
    """A command line that a program does not understand, with what the program says of it."""


@dataclass(slots=True)
class Options:
    """What a command line says: options by their letters in lower case, with their values, and the other words."""

    given: dict[str, str] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)

    def __contains__(self, name: str) -> bool:
        return name in self.given

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Return a number that an option gives; BadUsage if it is none, or not in its range."""
        text = self.given.get(name)
        if text is None:
            return default
        if text.isdigit() and least <= int(text) <= most:
            return int(text)
        raise BadUsage(f"Bad value for option -{name}, valid range is from {least} to {most}.")


def read(words: Iterable[str], flags: Collection[str], valued: Collection[str]) -> Options:
    """Read a command line; BadUsage for an option that is neither a flag nor one that takes the next word.

    Letters count in whatever case, unless they stand there in upper case.
    """
    found = Options()
    waiting: Iterator[str] = iter(words)
    for word in waiting:
        if len(word) < 2 or word[0] not in "-/":
            found.words.append(word)
            continue
        name = word[1:] if word[1:] in (*flags, *valued) else word[1:].lower()
        if name in flags:
            found.given[name] = ""
        elif name in valued:
            value = next(waiting, None)
            if value is None:
                raise BadUsage(f"Value must be supplied for option {word}.")
            found.given[name] = value
        else:
            raise BadUsage(f"Bad option {word}.")
    return found
