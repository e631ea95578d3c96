"""Redirections: ``> file``, ``2>$null``, ``3>&1``, ``*>&1`` (about_Redirection)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from lab.shell import syntax
from lab.shell.error_objects import record_of
from lab.shell.error_text import render
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.evaluation import evaluate
from lab.shell.files import Files
from lab.shell.frames import ERROR, STREAMS, Frame, Message, Sink
from lab.shell.text import to_text

_OUTPUT: Final = "1"


class Redirected:
    """What the redirections of a command make of its frame and its output."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.takes_errors = False
        self._merged: deque[object] = deque()
        self._dropped = False
        self._file: str | None = None
        self._kept: list[object] = []

    def apply(self, node: syntax.Redirection) -> None:
        """Take one redirection into account."""
        streams = STREAMS if node.stream == "*" else () if node.stream == _OUTPUT else (int(node.stream),)
        self.takes_errors |= ERROR in streams
        if node.merge:
            self._sink(streams, self._merge)
            return
        assert node.target is not None
        target = evaluate(node.target, self.frame)
        if target is None:
            self._sink(streams, lambda item: None)
            self._dropped |= node.stream in (_OUTPUT, "*")
            return
        given, files = to_text(target), self.frame.session.files
        _write(files, given, "", append=node.append)
        self._sink(streams, lambda item: _write(files, given, f"{_shown(item)}\n", append=True))
        if node.stream in (_OUTPUT, "*"):
            self._file = given

    def _sink(self, streams: Sequence[int], sink: Sink) -> None:
        self.frame = self.frame.but(streams=self.frame.streams.but(dict.fromkeys(streams, sink)))

    def _merge(self, item: object) -> None:
        self._merged.append(item.as_object() if isinstance(item, Message) else item)

    def outputs(self, items: Iterator[object]) -> Iterator[object]:
        """Yield what a command outputs, with what is merged into it, in the order in which it comes."""
        try:
            for item in items:
                yield from self._waiting()
                if self._file:
                    self._kept.append(item)
                elif not self._dropped:
                    yield item
        except ShellError:
            yield from self._waiting()
            raise
        yield from self._waiting()

    def _waiting(self) -> Iterator[object]:
        while self._merged:
            item = self._merged.popleft()
            if self._file:
                self._kept.append(item)
            elif not self._dropped:
                yield item

    def close(self) -> None:
        """Write what is to stand in a file."""
        if self._file and self._kept:
            from lab.shell.formatting import formatted

            kept, self._kept = self._kept, []
            lines = formatted(iter(kept), self.frame.session.ui.width)
            _write(self.frame.session.files, self._file, "".join(f"{line}\n" for line in lines), append=True)


def redirected(nodes: Sequence[syntax.Redirection], frame: Frame) -> Redirected:
    """Return a command's frame and output as its redirections have them."""
    made = Redirected(frame)
    for node in nodes:
        made.apply(node)
    return made


def _shown(item: object) -> str:
    record = record_of(item)
    if record is not None:
        return render(record)
    return item.text if isinstance(item, Message) else to_text(item)


def _write(files: Files, given: str, text: str, *, append: bool) -> None:
    # The file is looked for each time: a lab can start in between, and have the drive that it is on.
    path = files.written(given)
    try:
        with path.open("a" if append else "w", encoding="utf-8") as file:
            file.write(text)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ShellError(
            ErrorRecord(f"Could not write to '{given}': {why}.", "OpenError", "FileOpenFailure",
                        "System.IO.IOException", given)
        ) from None  # fmt: skip
