"""Pipelines: each command takes what the one before it yields, object by object, and stops it when it has enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from lab.shell import syntax
from lab.shell.argument import Argument
from lab.shell.calls import Stage, stage_of
from lab.shell.errors import ShellError
from lab.shell.evaluation import enumerated, evaluate, executes, raw
from lab.shell.frames import ERROR, WARNING, Frame
from lab.shell.objects import Hashtable
from lab.shell.redirections import Redirected, redirected
from lab.shell.reporting import placed, settle
from lab.shell.scalars import ArrayList
from lab.shell.text import to_text


@executes(syntax.Pipeline)
def pipeline(node: syntax.Pipeline, frame: Frame) -> Iterator[object]:
    first = node.elements[0]
    if len(node.elements) == 1 and isinstance(first, syntax.CommandExpression) and not first.redirections:
        found = raw(first.expression, frame)
        frame.session.ok = True
        yield from enumerated(found)
        return
    yield from _Run(node, frame).outputs()


class _Run:
    """One run of a pipeline."""

    def __init__(self, node: syntax.Pipeline, frame: Frame) -> None:
        self._node = node
        self._frame = frame
        self._stages: list[Stage] = []
        self._made: list[Redirected] = []

    def outputs(self) -> Iterator[object]:
        """Yield what comes out at the end; tell ``$?`` then."""
        chain: list[Iterator[object]] = []
        try:
            yield from self._connected(chain)
        except ShellError as error:
            self._ended(error)
            return
        finally:
            for each in reversed(chain):
                close = getattr(each, "close", None)
                if close:
                    close()
            for made in self._made:
                made.close()
        self._frame.session.ok = not any(stage.failed for stage in self._stages)

    def _ended(self, error: ShellError) -> None:
        """Report an error to where the errors of its command go, or raise it."""
        quiet = next((made for made in self._made if made.takes_errors), None)
        if quiet is None or self._frame.catching:
            raise error
        settle(error, self._node.extent, quiet.frame)

    def _connected(self, chain: list[Iterator[object]]) -> Iterator[object]:
        frames = [redirected(element.redirections, self._frame) for element in self._node.elements]
        self._made = frames
        upstream: Iterator[object] | None = None
        pairs = list(zip(self._node.elements, frames, strict=True))
        first = pairs[0][0]
        if isinstance(first, syntax.CommandExpression):
            made = pairs.pop(0)[1]
            upstream = made.outputs(enumerated(raw(first.expression, made.frame)))
            chain.append(upstream)
        started = []
        for element, made in pairs:
            assert isinstance(element, syntax.Command)
            stage, frame = _stage(element, made.frame)
            self._stages.append(stage)
            started.append((stage, made, frame))
        piped = upstream is not None
        for stage, made, frame in started:
            before = stage.begin(piped)
            piped = True
            upstream = made.outputs(_watched(stage, frame, before, upstream))
            chain.append(upstream)
        assert upstream is not None
        yield from upstream


def _stage(element: syntax.Command, frame: Frame) -> tuple[Stage, Frame]:
    """Return the stage of a command, and the frame that it runs in."""
    name: object = evaluate(element.name, frame)
    arguments = arguments_of(element, frame)
    try:
        frame = _with_variables(arguments, frame)
        return stage_of(name, arguments, frame, element.extent, dot=element.invocation == "."), frame
    except ShellError as error:
        unknown = error.record.error_id == "CommandNotFoundException"
        raise placed(error, element.name.extent if unknown else element.extent) from error.__cause__


def arguments_of(element: syntax.Command, frame: Frame) -> list[Argument]:
    """Return a command's arguments, evaluated."""
    found: list[Argument] = []
    for each in element.arguments:
        match each:
            case syntax.CommandParameter(argument=None):
                found.append(Argument(each.name, None, False, each.extent))
            case syntax.CommandParameter():
                assert each.argument is not None
                found.append(
                    Argument(each.name, evaluate(each.argument, frame), True, each.extent, _bare(each.argument))
                )
            case syntax.Splat():
                found += _splatted(each, frame)
            case _:
                found.append(Argument(None, evaluate(each, frame), True, each.extent, _bare(each)))
    return found


def _bare(node: syntax.Expression) -> str | None:
    if isinstance(node, syntax.Constant) and node.bare:
        return node.value if isinstance(node.value, str) else node.extent.text or to_text(node.value)
    return None


def _splatted(node: syntax.Splat, frame: Frame) -> Iterator[Argument]:
    """Yield the arguments of ``@name``: those of a hash table by name, those of an array by position."""
    found = frame.variable(node.variable.name, node.variable.scope)
    if isinstance(found, Hashtable):
        for name, value in found.items():
            yield Argument(to_text(name), value, True, node.extent)
    elif isinstance(found, (list, tuple)):
        for value in found:
            if isinstance(value, str) and value[:1] == "-" and value[1:2].isalpha():
                name, colon, rest = value[1:].partition(":")
                yield (
                    Argument(name, rest, True, node.extent)
                    if colon and rest
                    else Argument(name, None, False, node.extent)
                )
            else:
                yield Argument(None, value, True, node.extent)
    elif found is not None:
        yield Argument(None, found, True, node.extent)


# Common parameters that collect


def _with_variables(arguments: Sequence[Argument], frame: Frame) -> Frame:
    """Return the frame of a call that is told where to collect its errors and warnings."""
    for stream, names in ((ERROR, ("errorvariable", "ev")), (WARNING, ("warningvariable", "wv"))):
        name = _value_of(arguments, names)
        if name:
            frame = frame.but(streams=frame.streams.watched(stream, _collector(name, frame)))
    return frame


def _value_of(arguments: Sequence[Argument], names: tuple[str, ...]) -> str:
    for at, argument in enumerate(arguments):
        if argument.name is not None and argument.name.casefold() in names:
            if argument.given:
                return to_text(argument.value)
            following = arguments[at + 1 : at + 2]
            return to_text(following[0].value) if following and following[0].name is None else ""
    return ""


def _collector(name: str, frame: Frame) -> Callable[[object], None]:
    """Return what adds to a variable; one that is named without ``+`` begins anew."""
    items = ArrayList()
    plain = name.lstrip("+")
    if name.startswith("+"):
        found = frame.variable(plain)
        items.extend(found if isinstance(found, list) else [] if found is None else [found])
    frame.set_variable(plain, items)
    return items.append


def _watched(stage: Stage, frame: Frame, before: list[object], upstream: Iterator[object] | None) -> Iterator[object]:
    """Yield what a stage outputs; tell -OutVariable and -PipelineVariable."""
    name, current = to_text(stage.common.get("outvariable")), to_text(stage.common.get("pipelinevariable"))
    add = _collector(name, frame) if name else None
    for source in (before, stage.outputs(upstream)):
        for item in source:
            if add:
                add(item)
            if current:
                frame.set_variable(current, item)
            yield item
