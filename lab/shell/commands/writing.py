"""What a script says and asks: Write-Host and the other streams, Read-Host, Clear-Host."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.enumerations import enumeration
from lab.shell.errors import ErrorRecord
from lab.shell.objects import PSObject
from lab.shell.text import joined, to_text

_MODULE = "Microsoft.PowerShell.Utility"
_COLORS = tuple(enumeration("System.ConsoleColor"))
_MESSAGE = Parameter("Message", position=0, mandatory=True, aliases=("Msg",), pipe="V", help="The text.")


@command(
    "Write-Host",
    _MODULE,
    "Writes customized output to a host.",
    (
        Parameter("Object", "Object", position=0, pipe="V", rest=True, help="What is shown."),
        Parameter("NoNewline", "Switch", help="Does not end the line."),
        Parameter("Separator", "Object", default=" ", help="What stands between several objects."),
        Parameter("ForegroundColor", "ConsoleColor", values=_COLORS, help="The colour of the text."),
        Parameter("BackgroundColor", "ConsoleColor", values=_COLORS, help="The colour behind the text."),
    ),
    examples=(Example("Write-Host 'Done' -ForegroundColor Green", "Shows a text in green."),),
)
def write_host(call: Call) -> None:
    """Show objects as text."""
    given = call.get("Object")
    separator = to_text(call.get("Separator"))
    text = joined(given, separator) if isinstance(given, list) else to_text(given)
    call.runtime.write_host(
        text,
        newline=not call.is_on("NoNewline"),
        color=call.get("ForegroundColor", ""),
        background=call.get("BackgroundColor", ""),
    )


@command(
    "Write-Output",
    _MODULE,
    "Writes the specified objects to the pipeline.",
    (
        Parameter("InputObject", "PSObject[]", position=0, mandatory=True, pipe="V", rest=True,
                  help="The objects to output."),
        Parameter("NoEnumerate", "Switch", help="Outputs an array as one object."),
    ),
    aliases=("write", "echo"),
    examples=(Example("Write-Output 'a', 'b'", "Outputs two strings."),),
)  # fmt: skip
def write_output(call: Call) -> Iterator[object]:
    """Output the objects."""
    given = call.get("InputObject")
    items = given if isinstance(given, list) else [given]
    if not call.is_on("NoEnumerate"):
        yield from items
    elif len(items) == 1:
        yield items[0]
    else:
        yield items


@command(
    "Write-Warning",
    _MODULE,
    "Writes a warning message.",
    (_MESSAGE,),
    examples=(Example("Write-Warning 'The VM is not connected.'", "Shows a warning."),),
)
def write_warning(call: Call) -> None:
    """Warn."""
    call.warn(call.get("Message"))


@command(
    "Write-Verbose",
    _MODULE,
    "Writes text to the verbose message stream.",
    (_MESSAGE,),
    examples=(Example("Write-Verbose 'Making the VM' -Verbose", "Shows a text that is usually not shown."),),
)
def write_verbose(call: Call) -> None:
    """Say what is only shown with -Verbose."""
    call.verbose(call.get("Message"))


@command(
    "Write-Debug",
    _MODULE,
    "Writes a debug message to the console.",
    (_MESSAGE,),
    examples=(Example("Write-Debug 'Made the VM' -Debug", "Shows a text while a script is searched for errors."),),
)
def write_debug(call: Call) -> None:
    """Say what is only shown while debugging."""
    call.runtime.write_debug(call.get("Message"))


@command(
    "Write-Information",
    _MODULE,
    "Specifies how PowerShell handles information stream data for a command.",
    (
        Parameter("MessageData", "Object", position=0, mandatory=True, aliases=("Msg", "Message"), pipe="V",
                  help="What is told."),
        Parameter("Tags", "String[]", position=1, support=Support.ACCEPTED, help="Words to filter it by."),
    ),
    examples=(Example("Write-Information 'Ready' -InformationAction Continue", "Shows a text."),),
)  # fmt: skip
def write_information(call: Call) -> None:
    """Tell something, which is shown if $InformationPreference or -InformationAction says so."""
    call.runtime.write_information(to_text(call.get("MessageData")))


@command(
    "Write-Error",
    _MODULE,
    "Writes an object to the error stream.",
    (
        Parameter("Message", sets=("NoException", "WithException"), position=0, mandatory=True, aliases=("Msg",),
                  pipe="V", help="The text of the error."),
        Parameter("Exception", "Exception", sets=("WithException",), mandatory=True, help="The exception."),
        Parameter("ErrorRecord", "ErrorRecord", sets=("ErrorRecord",), mandatory=True,
                  help="An error that was caught."),
        Parameter("Category", "ErrorCategory", sets=("NoException", "WithException"),
                  values=tuple(enumeration("System.Management.Automation.ErrorCategory")), help="Its category."),
        Parameter("ErrorId", sets=("NoException", "WithException"), help="Its id."),
        Parameter("TargetObject", "Object", sets=("NoException", "WithException"), help="What it is about."),
        Parameter("RecommendedAction", help="What to do about it."),
        Parameter("CategoryActivity", aliases=("Activity",), help="What was done when it happened."),
        Parameter("CategoryReason", aliases=("Reason",), support=Support.ACCEPTED, help="Why it happened."),
        Parameter("CategoryTargetName", aliases=("TargetName",), support=Support.ACCEPTED, help="The target's name."),
        Parameter("CategoryTargetType", aliases=("TargetType",), support=Support.ACCEPTED, help="The target's type."),
    ),
    default_set="NoException",
    examples=(Example("Write-Error 'There is no such VM.'", "Reports an error."),),
)  # fmt: skip
def write_error(call: Call) -> None:
    """Report a non-terminating error."""
    caught = call.get("ErrorRecord")
    if isinstance(caught, PSObject) and isinstance(caught.source, ErrorRecord):
        call.runtime.write_error(caught.source)
        return
    thrown = call.get("Exception")
    default = "Microsoft.PowerShell.Commands.WriteErrorException"
    exception = thrown.type_name if isinstance(thrown, PSObject) else default
    message = call.get("Message") or to_text(thrown.get("Message") if isinstance(thrown, PSObject) else thrown)
    record = ErrorRecord(
        message,
        call.get("Category", "NotSpecified"),
        call.get("ErrorId", exception),
        exception,
        call.get("TargetObject"),
        remedy=call.get("RecommendedAction", ""),
    )
    # Its id is that of the error alone, and it does not tell where the script says it.
    call.runtime.write_error(replace(record, activity=call.get("CategoryActivity", call.command.name)))


@command(
    "Write-Progress",
    _MODULE,
    "Displays a progress bar within a PowerShell command window.",
    (
        Parameter("Activity", position=0, mandatory=True, help="What is done."),
        Parameter("Status", position=1, default="Processing", help="How far it is, in words."),
        Parameter("Id", "Int32", position=2, minimum=0, help="Which of several progress bars this is."),
        Parameter("PercentComplete", "Int32", minimum=-1, maximum=100, help="How far it is."),
        Parameter("SecondsRemaining", "Int32", help="How long it still takes."),
        Parameter("CurrentOperation", help="What is done just now."),
        Parameter("ParentId", "Int32", minimum=-1, help="The progress bar that this one belongs to."),
        Parameter("Completed", "Switch", help="Takes the progress bar away."),
        Parameter("SourceId", "Int32", help="Where it comes from."),
    ),
    examples=(Example("Write-Progress -Activity 'Making VMs' -PercentComplete 50", "Shows that half is done."),),
)
def write_progress(call: Call) -> None:
    """Show how far something is."""
    percent = call.get("PercentComplete")
    status = call.get("CurrentOperation") or call.get("Status")
    completed = call.is_on("Completed")
    call.runtime.write_progress(
        call.get("Activity"), status, None if percent in (None, -1) else percent, completed=completed
    )


@command(
    "Read-Host",
    _MODULE,
    "Reads a line of input from the console.",
    (
        Parameter("Prompt", "Object", position=0, rest=True, help="What is asked."),
        Parameter("AsSecureString", "Switch", help="Does not show what is typed."),
    ),
    output="String",
    examples=(Example("$name = Read-Host 'Name of the VM'", "Asks for a name."),),
)
def read_host(call: Call) -> Iterator[object]:
    """Ask for a line, and output it."""
    given = call.get("Prompt")
    prompt = f"{to_text(given)}: " if "Prompt" in call else ""
    call.place.settle()
    line = call.runtime.read_line(prompt, secret=call.is_on("AsSecureString"))
    if call.is_on("AsSecureString"):
        yield PSObject("System.Security.SecureString", {"Length": len(line)}, source=line)
    else:
        yield line


@command(
    "Clear-Host",
    "Microsoft.PowerShell.Core",
    "Clears the display in the host program.",
    aliases=("clear", "cls"),
    examples=(Example("Clear-Host", "Clears the screen."),),
)
def clear_host(call: Call) -> None:
    """Clear the screen."""
    call.runtime.write_host("\x1b[2J\x1b[H", newline=False)
