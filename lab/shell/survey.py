"""The words of a text that need not be a script yet: for colours while it is typed, and for completion.

The same reader as for scripts goes over it and takes notes. Where it finds a mistake it begins anew, behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

from lab.shell import syntax
from lab.shell.errors import ParseError
from lab.shell.lexer import DASHES, Draft, Notes, Token
from lab.shell.parse_definitions import Definitions

_OF_A_WORD = ("argument", "string", "variable", "number")


@dataclass(frozen=True, slots=True)
class Typed:
    """What is being typed.

    ``kind`` is command, parameter (of ``command``), value (of ``command``), variable, member (of ``target``), type,
    operator or nothing. ``start`` and ``text`` are how far it has been typed, with quotes if there are any.
    ``arguments`` are those of the command before it, as far as they are complete; ``parameter`` is the one right before
    a value, if it has none yet, or the one that was written with a colon.
    """

    kind: str
    start: int
    text: str
    command: str = ""
    arguments: tuple[syntax.CommandParameter | syntax.Splat | syntax.Expression, ...] = ()
    parameter: str = ""
    target: syntax.Expression | None = None


def tokens(text: str) -> list[Token]:
    """Return the words of a text in their order, none over another; what is not understood may have none."""
    found = []
    end = 0
    for token in sorted(_survey(text).marks.values(), key=lambda token: token.start):
        if token.start >= end:
            found.append(token)
            end = token.end
    return found


def at(text: str, offset: int) -> Typed:
    """Return what is being typed at a place, judging by what is before it."""
    before = text[:offset]
    notes = _survey(before)
    end = len(before)
    draft = _open_draft(notes, end)
    token = next((each for each in notes.marks.values() if each.end == end), None)
    return _between(notes, draft, before) if token is None else _in_word(notes, draft, token, before)


def _in_word(notes: Notes, draft: Draft | None, token: Token, before: str) -> Typed:
    """Return what the word is that ends at the end."""
    end = len(before)
    word = before[token.start :]
    kind = "command" if token.kind == "keyword" else token.kind
    if before.endswith("$") and kind in ("string", "argument", "command"):
        return Typed("variable", end - 1, "$")
    if kind in ("command", "variable", "type"):
        return Typed(kind, token.start, word)
    if kind == "member" or (kind == "argument" and word == "."):
        return _member(notes, draft, token, before)
    if kind == "operator" and draft is None and word[0] in DASHES:
        return Typed("operator", token.start, word)
    if draft is None or kind in ("comment", "operator"):
        return Typed("nothing", end, "")
    if kind == "parameter" and draft.pending:
        return _of_command("value", draft, end, before)
    kind = "parameter" if kind == "parameter" or word in tuple(DASHES) else "value"
    return _of_command(kind, draft, _word(notes, token) if kind == "value" else token.start, before)


def _survey(text: str) -> Notes:
    """Read a text and return the notes on it; of the drafts, those since the last mistake."""
    notes = Notes()
    reader = Definitions(text, notes=notes)
    place = 0
    while True:
        try:
            reader.script()
        except ParseError as mistake:
            if mistake.record.error_id == "ScriptTooComplicated":
                return notes
            found = mistake.record.extent
            marked = notes.marks.get(found.start) if found else None
            place = max(place + 1, reader.pos, marked.end if marked else 0)
        except RecursionError:
            return notes
        else:
            return notes
        if not text[place : place + 1]:
            return notes
        notes.drafts.clear()
        reader.restart(place)


def _open_draft(notes: Notes, end: int) -> Draft | None:
    """Return the innermost command that goes on at the end; None if an expression is innermost."""
    draft = next((each for each in reversed(notes.drafts) if each.end is None or each.end == end), None)
    return draft if draft is not None and draft.name is not None else None


def _between(notes: Notes, draft: Draft | None, before: str) -> Typed:
    """Return what can begin at the end, where no word ends."""
    end = len(before)
    if end in notes.targets:
        return Typed("member", end, "", target=notes.targets[end])
    if notes.element_start in (end, -1):
        return Typed("command", end, "")
    if draft is None or before.endswith((")", "}", "]")):
        return Typed("nothing", end, "")
    return _of_command("value", draft, end, before)


def _member(notes: Notes, draft: Draft | None, token: Token, before: str) -> Typed:
    start = token.end if before[token.start :] == "." else token.start
    target = notes.targets.get(start)
    if target is None and draft is not None and before[token.start :] == ".":
        target = _argument_before(draft, token.start)
    if target is None:
        return Typed("nothing", token.end, "")
    return Typed("member", start, before[start:], target=target)


def _argument_before(draft: Draft, place: int) -> syntax.Expression | None:
    """Return the argument that ends there."""
    for each in draft.arguments:
        if each.extent.end == place and not isinstance(each, syntax.CommandParameter | syntax.Splat):
            return each
    return None


def _word(notes: Notes, token: Token) -> int:
    """Return where the argument begins that a word belongs to: its pieces follow each other without a gap."""
    ends = {each.end: each for each in notes.marks.values() if each.kind in _OF_A_WORD}
    while token.start in ends:
        token = ends[token.start]
    return token.start


def _of_command(kind: str, draft: Draft, start: int, before: str) -> Typed:
    """Return what is typed as an argument of a command."""
    end = len(before)
    arguments = draft.arguments
    parameter = draft.pending
    if arguments and arguments[-1].extent.end == end and start < end:
        last = arguments[-1]
        arguments = arguments[:-1]
        if isinstance(last, syntax.CommandParameter) and last.argument is not None:
            parameter = last.name
    if not parameter and kind == "value" and arguments:
        last = arguments[-1]
        if isinstance(last, syntax.CommandParameter) and last.argument is None:
            parameter = last.name
    name = draft.name.value if isinstance(draft.name, syntax.Constant) else ""
    return Typed(kind, start, before[start:], str(name), tuple(arguments), parameter)
