"""The interactive console: a prompt with history, colours, completion and more than one line."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.styles import Style

from lab.cli.shell import execute
from lab.cli.terminal import Terminal
from lab.errors import LabError
from lab.shell.completion import Surroundings, candidates
from lab.shell.flow import Exit
from lab.shell.interpreter import Interpreter
from lab.shell.parser import incomplete, tokens

if TYPE_CHECKING:
    from lab.shell.place import Machine, Place

_STYLE: Final = Style.from_dict(
    {
        "command": "ansibrightyellow",
        "parameter": "ansibrightblack",
        "string": "ansicyan",
        "number": "ansiwhite",
        "variable": "ansibrightgreen",
        "operator": "ansibrightblack",
        "keyword": "ansibrightgreen",
        "comment": "ansigreen",
        "type": "ansigray",
    }
)


class Colours(Lexer):
    """Syntax colours as those of PSReadLine."""

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        lines: list[StyleAndTextTuples] = [[]]
        for style, text in _painted(document.text):
            for at, piece in enumerate(text.split("\n")):
                if at:
                    lines.append([])
                lines[-1].append((style, piece))
        return lambda number: lines[number] if number < len(lines) else []


def _painted(text: str) -> Iterable[tuple[str, str]]:
    end = 0
    for token in tokens(text):
        yield "", text[end : token.start]
        yield f"class:{token.kind}", text[token.start : token.end]
        end = token.end
    yield "", text[end:]


class Names(Completer):
    """Completion of commands, parameters and the names of the lab."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        shell = self._interpreter
        try:
            scope = shell.global_scope
            variables = tuple(each.name for each in scope.variables.values())
            names = tuple(scope.functions)
            around = Surroundings(shell.place.model, shell.machine, variables, names, shell.session.files)
        except LabError:
            return  # while a name is typed nobody asked for an error; the command will say it
        place = document.cursor_position
        for found in candidates(document.text, place, around):
            yield Completion(found.text, start_position=found.start - place, display_meta=found.what)


def interact(place: Place, machine: Machine) -> int:
    """Read lines and run them until `exit` or the end of input; return the exit code."""
    _warm()
    ui = Terminal()
    ui.at_prompt = True
    sessions = [Interpreter(place, machine, ui)]
    prompt: PromptSession[str] = PromptSession(
        history=_history(),
        lexer=Colours(),
        style=_STYLE,
        complete_while_typing=False,
        key_bindings=_keys(),
        multiline=Condition(lambda: True),
        prompt_continuation=">> ",
        editing_mode=EditingMode.EMACS,
        enable_history_search=True,
    )
    while True:
        here = sessions[-1]
        try:
            text = prompt.prompt(_prompt(here, entered=len(sessions) > 1), completer=Names(here))
            if text.strip():
                execute(here, text, leaving=True)
        except KeyboardInterrupt:
            ui.write_line("")
        except EOFError:
            return 0
        except Exit as end:
            if len(sessions) == 1:
                return end.code
            ui.enter(None)
        _follow(ui, place, sessions)


def _prompt(session: Interpreter, *, entered: bool) -> str:
    name = session.machine.name
    return f"[{name}]: PS> " if entered else f"PS {name}> "


def _follow(ui: Terminal, place: Place, sessions: list[Interpreter]) -> None:
    """Begin the sessions that were entered (Enter-PSSession), and end those that were left."""
    for machine in ui.entering:
        if machine is not None:
            sessions.append(Interpreter(place, machine, ui))
        elif len(sessions) > 1:
            sessions.pop()
    ui.entering.clear()


def _keys() -> KeyBindings:
    """Return the keys that differ: Enter runs what is whole, and else begins another line."""
    keys = KeyBindings()

    @keys.add("enter")
    def enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.document.text.strip() and incomplete(buffer.document.text):
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def another_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys


def _history() -> History:
    """Return the lines of earlier sessions, kept where the user's programs keep such things."""
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    folder = Path(home, "hvlab")
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "console_history"
        path.touch(mode=0o600)
        return FileHistory(str(path))
    return InMemoryHistory()  # a home that cannot be written to is no reason to have no console


def _warm() -> None:
    """Import what changes of a lab need, before processes are forked that would each have to do it again."""
    import lab.emulation.backend
    import lab.emulation.running
    import lab.engine.session  # noqa: F401
