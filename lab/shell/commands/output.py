"""Where pipelines end: Out-Default, Out-Host, Out-String, Out-File, Out-Null and Tee-Object."""

from __future__ import annotations

from collections.abc import Iterator

from lab.shell.command import Call, Example, Parameter, command
from lab.shell.commands.formats import enumeration_limit
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.files import ENCODING, NEWLINE, write_text
from lab.shell.formatting import Output
from lab.shell.incoming import INPUT, incoming, unrolled
from lab.shell.objects import PSObject

_UTILITY = "Microsoft.PowerShell.Utility"
_CORE = "Microsoft.PowerShell.Core"
_USUAL_WIDTH = 120


def console_width(call: Call) -> int:
    """Return how many columns may be used: all but the last of those that $Host has."""
    host = call.runtime.variable("Host")
    for name in ("UI", "RawUI", "BufferSize", "Width"):
        host = host.get(name) if isinstance(host, PSObject) else None
    return (host if isinstance(host, int) and host > 1 else _USUAL_WIDTH) - 1


def lines(call: Call, width: int) -> Iterator[str]:
    """Yield the lines of the objects that come in."""
    output = Output(width, limit=enumeration_limit(call))
    for item in unrolled(call):
        yield from output.shown(item)
    yield from output.ended()


@command(
    "Out-Default",
    _CORE,
    "Sends the output to the default formatter and to the default output cmdlet.",
    (
        Parameter("Transcript", "Switch", help="Writes to the transcript only; there is none."),
        INPUT,
    ),
    stream=True,
    examples=(Example("Get-VM | Out-Default", "Shows the VMs, as if nothing came behind the pipe."),),
)
def out_default(call: Call) -> None:
    """Show the objects."""
    for line in lines(call, console_width(call)):
        call.runtime.write_host(line)


@command(
    "Out-Host",
    _CORE,
    "Sends output to the command line.",
    (
        Parameter("Paging", "Switch", help="Shows a page at a time; here everything is shown."),
        INPUT,
    ),
    aliases=("oh",),
    stream=True,
    examples=(Example("Get-VM | Out-Host", "Shows the VMs at once, even where output is collected."),),
)
def out_host(call: Call) -> None:
    """Show the objects."""
    for line in lines(call, console_width(call)):
        call.runtime.write_host(line)


@command(
    "Out-String",
    _UTILITY,
    "Sends objects to the host as a series of strings.",
    (
        Parameter("Stream", "Switch", help="Outputs a string for each line."),
        Parameter("Width", "Int32", minimum=2, help="The length of a line; by default that of the console."),
        INPUT,
    ),
    stream=True,
    output="String",
    examples=(Example("Get-VM | Out-String", "Returns the table of the VMs as one string."),),
)
def out_string(call: Call) -> Iterator[object]:
    """Output what would be shown, as one string or a string for each line."""
    found = lines(call, call.get("Width") or console_width(call))
    if call.is_on("Stream"):
        yield from found
    else:
        yield "".join(line + NEWLINE for line in found)


@command(
    "Out-File",
    _UTILITY,
    "Sends output to a file.",
    (
        Parameter("FilePath", sets=("ByPath",), position=0, mandatory=True, aliases=("Path",), complete="file",
                  help="The file."),
        Parameter("LiteralPath", sets=("ByLiteralPath",), mandatory=True, aliases=("PSPath",), complete="file",
                  help="The file, without wildcards."),
        Parameter("Encoding", values=ENCODING.values, position=1, help=ENCODING.help),
        Parameter("Append", "Switch", help="Adds to the end of the file."),
        Parameter("Force", "Switch", help="Writes files that are read-only, too."),
        Parameter("NoClobber", "Switch", aliases=("NoOverwrite",), help="Does not replace a file."),
        Parameter("Width", "Int32", minimum=2, help="The length of a line; by default that of the console."),
        Parameter("NoNewline", "Switch", help="Writes no line ends."),
        INPUT,
    ),
    default_set="ByPath",
    confirms=True,
    stream=True,
    examples=(Example("Get-VM | Out-File vms.txt", "Writes the table of the VMs to a file."),),
)  # fmt: skip
def out_file(call: Call) -> None:
    """Write what would be shown to a file."""
    given = call.get("FilePath") or call.get("LiteralPath")
    end = "" if call.is_on("NoNewline") else "\n"
    text = "".join(line + end for line in lines(call, call.get("Width") or console_width(call)))
    save(call, given, text, append=call.is_on("Append"))


def save(call: Call, given: str, text: str, *, append: bool) -> None:
    """Write a text to the file that a command was given; ShellError if that cannot be."""
    path = call.files.written(given)
    if call.is_on("NoClobber") and not append and path.exists():
        raise ShellError(
            ErrorRecord(
                f"The file '{call.files.shown(path)}' already exists.", "ResourceExists", "NoClobber",
                "System.IO.IOException", given,
            )
        )  # fmt: skip
    if not call.agreed(call.files.shown(path), "Output to File"):
        return
    try:
        write_text(path, text, call.get("Encoding"), append=append)
    except OSError as error:
        raise ShellError(call.files.refusal(error, path, "FileOpenFailure")) from None


@command(
    "Out-Null",
    _CORE,
    "Hides the output instead of sending it down the pipeline or displaying it.",
    (INPUT,),
    stream=True,
    examples=(Example("New-VM web1 -NoVHD | Out-Null", "Makes a VM and shows nothing."),),
)
def out_null(call: Call) -> None:
    """Take the objects, and nothing else."""
    for _ in incoming(call):
        pass


@command(
    "Tee-Object",
    _UTILITY,
    "Saves command output in a file or variable and also sends it down the pipeline.",
    (
        INPUT,
        Parameter("FilePath", sets=("File",), position=0, mandatory=True, complete="file", help="The file."),
        Parameter("LiteralPath", sets=("LiteralFile",), mandatory=True, aliases=("PSPath",), complete="file",
                  help="The file, without wildcards."),
        Parameter("Append", "Switch", sets=("File",), help="Adds to the end of the file."),
        Parameter("Variable", sets=("Variable",), mandatory=True, help="The name of a variable."),
    ),
    default_set="File",
    aliases=("tee",),
    stream=True,
    examples=(Example("Get-VM | Tee-Object -Variable vms", "Shows the VMs and keeps them in $vms."),),
)  # fmt: skip
def tee_object(call: Call) -> Iterator[object]:
    """Pass the objects on, and keep them."""
    kept: list[object] = []
    for item in incoming(call):
        kept.append(item)
        yield item
    if "Variable" in call:
        call.runtime.set_variable(call.get("Variable"), kept[0] if len(kept) == 1 else kept)
        return
    output = Output(console_width(call), limit=enumeration_limit(call))
    text = [line for item in kept for line in output.shown(item)]
    text += output.ended()
    given = call.get("FilePath") or call.get("LiteralPath")
    save(call, given, "".join(f"{line}\n" for line in text), append=call.is_on("Append"))
