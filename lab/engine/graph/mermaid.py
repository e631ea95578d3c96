"""A picture in Mermaid, which Markdown and slides show: https://mermaid.js.org."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lab.engine.graph.scene import Box, Kind, Scene, all_boxes, identifiers

_SHAPES: Final = {
    Kind.SWITCH: ("[[", "]]"),
    Kind.MANAGEMENT: ("([", "])"),
    Kind.NIC: ("[/", "/]"),
    Kind.VM: ("[", "]"),
    Kind.NETWORK: ("{{", "}}"),
    Kind.COMPUTER: ("[", "]"),
    Kind.ROUTER: ("((", "))"),
    Kind.INTERNET: ("{{", "}}"),
}
_STYLES: Final = {
    Kind.SWITCH: "fill:#dbeafe,stroke:#1d4ed8",
    Kind.MANAGEMENT: "fill:#fef9c3,stroke:#a16207",
    Kind.NIC: "fill:#e5e7eb,stroke:#4b5563",
    Kind.VM: "fill:#dcfce7,stroke:#15803d",
    Kind.NETWORK: "fill:#f3e8ff,stroke:#7e22ce",
    Kind.COMPUTER: "fill:#ffffff,stroke:#4b5563",
    Kind.ROUTER: "fill:#ffedd5,stroke:#c2410c",
    Kind.INTERNET: "fill:#f3e8ff,stroke:#7e22ce",
}
_HARMLESS: Final = re.compile(r"[A-Za-z0-9 ,/:._-]")


def mermaid(picture: Scene) -> str:
    """Return the picture as a Mermaid flowchart."""
    return "\n".join(_lines(picture)) + "\n"


def _lines(picture: Scene) -> Iterator[str]:
    names = identifiers(all_boxes(picture))
    yield "flowchart TB"
    for at, group in enumerate(picture.groups, 1):
        yield f'  subgraph host{at}["{escaped(group.title)}"]'
        for box in group.boxes:
            yield f"    {_box(box, names[box])}"
        yield "  end"
    for box in picture.boxes:
        yield f"  {_box(box, names[box])}"
    for line in picture.lines:
        label = f'|"{escaped(line.label)}"|' if line.label else ""
        yield f"  {names[line.one]} {'-.-' if line.off else '---'}{label} {names[line.other]}"
    for kind in dict.fromkeys(box.kind for box in names):
        yield f"  classDef {kind} {_STYLES[kind]},color:#111827"
    if any(box.off for box in names):
        yield "  classDef off stroke-dasharray:4 4,opacity:0.6"


def _box(box: Box, name: str) -> str:
    before, after = _SHAPES[box.kind]
    label = "<br/>".join(map(escaped, box.lines))
    return f'{name}{before}"{label}"{after}:::{box.kind}' + (f"\n    class {name} off" if box.off else "")


def escaped(text: str) -> str:
    """Return a text for a quoted label: what Mermaid or Markdown might act upon becomes a character code."""
    return "".join(char if _HARMLESS.fullmatch(char) else f"#{ord(char)};" for char in text)
