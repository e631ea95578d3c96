"""A picture in the language of Graphviz: https://graphviz.org."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.engine.graph.scene import Box, Kind, Scene, all_boxes, identifiers

_LOOKS: Final = {
    Kind.SWITCH: 'shape=box3d, fillcolor="#dbeafe", color="#1d4ed8"',
    Kind.MANAGEMENT: 'shape=box, style="filled,rounded", fillcolor="#fef9c3", color="#a16207"',
    Kind.NIC: 'shape=component, fillcolor="#e5e7eb", color="#4b5563"',
    Kind.VM: 'shape=box, fillcolor="#dcfce7", color="#15803d"',
    Kind.NETWORK: 'shape=hexagon, fillcolor="#f3e8ff", color="#7e22ce"',
    Kind.COMPUTER: 'shape=box, fillcolor="#ffffff", color="#4b5563"',
    Kind.ROUTER: 'shape=ellipse, fillcolor="#ffedd5", color="#c2410c"',
    Kind.INTERNET: 'shape=hexagon, fillcolor="#f3e8ff", color="#7e22ce"',
}


def dot(picture: Scene) -> str:
    """Return the picture as an undirected graph for `dot`."""
    return "\n".join(_lines(picture)) + "\n"


def _lines(picture: Scene) -> Iterator[str]:
    names = identifiers(all_boxes(picture))
    yield f"graph {quoted(picture.title)} {{"
    yield f"  graph [label={quoted(picture.title)}, labelloc=t, fontname=Helvetica, ranksep=0.6]"
    yield "  node [style=filled, fontname=Helvetica, fontsize=11]"
    yield "  edge [fontname=Helvetica, fontsize=9]"
    for at, group in enumerate(picture.groups, 1):
        yield f"  subgraph cluster{at} {{"
        yield f'    label={quoted(group.title)}; style=rounded; color="#6b7280"; bgcolor="#f9fafb"'
        for box in group.boxes:
            yield f"    {_box(box, names[box])}"
        yield "  }"
    for box in picture.boxes:
        yield f"  {_box(box, names[box])}"
    for line in picture.lines:
        options = [f"label={quoted(line.label)}"] if line.label else []
        options += ["style=dashed"] if line.off else []
        yield f"  {names[line.one]} -- {names[line.other]}" + (f" [{', '.join(options)}]" if options else "")
    yield "}"


def _box(box: Box, name: str) -> str:
    off = ', style="filled,dashed", fontcolor="#6b7280"' if box.off else ""
    return f"{name} [label={quoted(*box.lines)}, {_LOOKS[box.kind]}{off}]"


def quoted(*lines: str) -> str:
    """Return lines as one quoted string of the language."""
    return '"' + "\\n".join(map(_escaped, lines)) + '"'


def _escaped(line: str) -> str:
    # Graphviz reads character references of HTML too.
    return line.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
