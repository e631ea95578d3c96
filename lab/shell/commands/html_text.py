"""Objects as a page: ConvertTo-Html."""

from __future__ import annotations

import html
from collections.abc import Iterator

from lab.shell.calculated import LABEL, Calculated, properties, resolved, value_of
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.formatting.cells import cell_text
from lab.shell.incoming import INPUT, evaluating, incoming
from lab.shell.objects import ScriptBlock

_PAGE = ("Page",)
_KEYS = (LABEL, "formatstring", "width", "alignment")

Column = tuple[str, str | ScriptBlock]


@command(
    "ConvertTo-Html",
    "Microsoft.PowerShell.Utility",
    "Converts Microsoft .NET Framework objects into HTML that can be displayed in a Web browser.",
    (
        INPUT,
        Parameter("Property", "Object[]", position=0, wildcards=True, help="The properties to show."),
        Parameter("Body", "String[]", sets=_PAGE, position=3, help="Text after the tag of the body."),
        Parameter("Head", "String[]", sets=_PAGE, position=1, help="The content of the head, instead of the title."),
        Parameter("Title", sets=_PAGE, position=2, default="HTML TABLE", help="The title of the page."),
        Parameter("As", values=("Table", "List"), default="Table", help="A table, or a list for each object."),
        Parameter("CssUri", "String", sets=_PAGE, aliases=("cu", "uri"), help="The style sheet."),
        Parameter("Fragment", "Switch", sets=("Fragment",), help="Makes the table only."),
        Parameter("PostContent", "String[]", help="Text after the table."),
        Parameter("PreContent", "String[]", help="Text before the table."),
    ),
    default_set="Page",
    stream=True,
    output="String",
    examples=(
        Example("Get-VM | ConvertTo-Html Name, State -Title VMs | Out-File vms.htm", "Makes a page of the VMs."),
    ),
)  # fmt: skip
def convertto_html(call: Call) -> Iterator[object]:
    """Output the lines of a page."""
    fragment = call.is_on("Fragment")
    if not fragment:
        yield '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"  "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">'
        yield '<html xmlns="http://www.w3.org/1999/xhtml">'
        yield "<head>"
        yield from call.get("Head") or [f"<title>{escape(call.get('Title'))}</title>"]
        if "CssUri" in call:
            yield f'<link rel="stylesheet" type="text/css" href="{escape(call.get("CssUri"))}" />'
        yield "</head><body>"
        yield from call.get("Body", ())
    yield from call.get("PreContent", ())
    yield "<table>"
    yield from _rows(call)
    yield "</table>"
    yield from call.get("PostContent", ())
    if not fragment:
        yield "</body></html>"


def _rows(call: Call) -> Iterator[str]:
    wanted = properties(call.get("Property", ("*",)), _KEYS)
    as_list = call.get("As") == "List"
    columns: list[Column] | None = None
    for item in incoming(call):
        if columns is None:
            columns = _columns(wanted, item)
            if not as_list:
                yield f"<colgroup>{'<col/>' * len(columns)}</colgroup>"
                yield f"<tr>{''.join(f'<th>{escape(title)}</th>' for title, _ in columns)}</tr>"
        elif as_list:
            yield "<tr><td><hr></td></tr>"
        if as_list:
            for title, value in _values(call, columns, item):
                yield f"<tr><td>{escape(title)}:</td><td>{escape(value)}</td></tr>"
        else:
            yield f"<tr>{''.join(f'<td>{escape(value)}</td>' for _, value in _values(call, columns, item))}</tr>"


def escape(text: str) -> str:
    """Return a text as HTML."""
    return html.escape(text).replace("&#x27;", "&#39;")


def _columns(wanted: tuple[Calculated, ...], item: object) -> list[Column]:
    found: list[Column] = []
    for each in wanted:
        meant = resolved(each, item)
        found += meant or ([] if each.is_pattern else [(each.title(), each.expression)])
    return found or [("*", "*")]


def _values(call: Call, columns: list[Column], item: object) -> Iterator[tuple[str, str]]:
    for title, expression in columns:
        value = item if expression == "*" else value_of(expression, item, evaluating(call))
        yield title, _text(value)


def _text(value: object) -> str:
    return "System.Object[]" if isinstance(value, list) else cell_text(value)
