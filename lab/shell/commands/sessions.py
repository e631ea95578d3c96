"""The session itself: Invoke-Expression, Get-Host, Get-History, execution policy; and what is not emulated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.errors import failure
from lab.shell.history import ENTRIES, clear
from lab.shell.objects import PSObject, ScriptBlock
from lab.shell.views import Column, show

_CORE = "Microsoft.PowerShell.Core"
_UTILITY = "Microsoft.PowerShell.Utility"
_HISTORY = "Microsoft.PowerShell.Commands.HistoryInfo"
_CULTURE = "System.Globalization.CultureInfo"
_POLICIES = ("Unrestricted", "RemoteSigned", "AllSigned", "Restricted", "Default", "Bypass", "Undefined")
_SCOPES = ("Process", "CurrentUser", "LocalMachine", "UserPolicy", "MachinePolicy")

show(_HISTORY, "table", Column("Id", width=4, align="right"), "CommandLine")
show(_CULTURE, "table", Column("LCID", width=16), Column("Name", width=16), "DisplayName")


@command(
    "Invoke-Expression",
    _UTILITY,
    "Runs commands or expressions on the local computer.",
    (Parameter("Command", position=0, mandatory=True, pipe="V", help="The text of a script."),),
    aliases=("iex",),
    examples=(Example("Invoke-Expression 'Get-VM web*'", "Runs a text as a script."),),
)
def invoke_expression(call: Call) -> Iterator[object]:
    """Run a text as a script, in the scope of whoever calls."""
    from lab.shell.parser import parse

    yield from call.runtime.invoke(ScriptBlock(parse(call.get("Command"))))


@command(
    "Get-Host",
    _UTILITY,
    "Gets an object that represents the current host program.",
    examples=(Example("(Get-Host).UI.RawUI.WindowSize.Width", "Tells how wide the console is."),),
)
def get_host(call: Call) -> Iterator[object]:
    """Output what $Host is."""
    yield call.runtime.variable("Host")


@command(
    "Get-Culture",
    _UTILITY,
    "Gets the current culture set in the operating system.",
    output="CultureInfo",
    examples=(Example("Get-Culture", "Shows the culture, which is en-US."),),
)
def get_culture(call: Call) -> Iterator[object]:
    """Output the culture."""
    yield PSObject(_CULTURE, {"LCID": 1033, "Name": "en-US", "DisplayName": "English (United States)"}, text="en-US")


@command(
    "Get-UICulture",
    _UTILITY,
    "Gets the current UI culture settings in the operating system.",
    output="CultureInfo",
    examples=(Example("Get-UICulture", "Shows the culture of texts, which is en-US."),),
)
def get_uiculture(call: Call) -> Iterator[object]:
    """Output the culture of texts."""
    yield from get_culture(call) or ()


@command(
    "Get-History",
    _CORE,
    "Gets a list of the commands entered during the current session.",
    (
        Parameter("Id", "Int64[]", position=0, pipe="V", minimum=1, help="The numbers of commands."),
        Parameter("Count", "Int32", position=1, minimum=0, help="So many of the last ones."),
    ),
    aliases=("h", "history", "ghy"),
    examples=(Example("Get-History", "Lists what was entered."),),
)
def get_history(call: Call) -> Iterator[object]:
    """Output what was entered."""
    found = [(number, line) for number, line in enumerate(ENTRIES, 1) if "Id" not in call or number in call.get("Id")]
    count = call.get("Count", len(found))
    for number, line in found[len(found) - min(count, len(found)) :]:
        yield PSObject(_HISTORY, {"Id": number, "CommandLine": line, "ExecutionStatus": "Completed"}, text=line)


@command(
    "Clear-History",
    _CORE,
    "Deletes entries from the PowerShell session command history.",
    (
        Parameter("Id", "Int32[]", sets=("IDParameter",), position=0, support=Support.ACCEPTED, help="Which ones."),
        Parameter("Count", "Int32", position=1, support=Support.ACCEPTED, help="How many."),
    ),
    aliases=("clhy",),
    confirms=True,
    examples=(Example("Clear-History", "Forgets what was entered."),),
)
def clear_history(call: Call) -> None:
    """Forget what was entered."""
    if call.agreed("the history"):
        clear()


@command(
    "Set-StrictMode",
    _CORE,
    "Establishes and enforces coding rules in expressions, scripts, and script blocks.",
    (
        Parameter("Version", sets=("Version",), mandatory=True, aliases=("v",), help="1.0, 2.0, 3.0 or Latest."),
        Parameter("Off", "Switch", sets=("Off",), mandatory=True, help="Turns it off."),
    ),
    default_set="Version",
    support=Support.ACCEPTED,
    examples=(Example("Set-StrictMode -Version Latest", "Is accepted."),),
)
def set_strictmode(call: Call) -> None:
    """Accept it; scripts run as without it."""
    call.verbose("Strict mode is accepted and has no effect.")


@command(
    "Get-ExecutionPolicy",
    "Microsoft.PowerShell.Security",
    "Gets the execution policies for the current session.",
    (
        Parameter("Scope", position=0, values=_SCOPES, help="The scope."),
        Parameter("List", "Switch", help="Gets all scopes."),
    ),
    output="ExecutionPolicy",
    examples=(Example("Get-ExecutionPolicy", "Says Unrestricted: every script may run."),),
)
def get_executionpolicy(call: Call) -> Iterator[object]:
    """Output the policy: every script may run."""
    if not call.is_on("List"):
        yield "Undefined" if call.get("Scope", "LocalMachine") != "LocalMachine" else "Unrestricted"
        return
    for scope in ("MachinePolicy", "UserPolicy", "Process", "CurrentUser", "LocalMachine"):
        policy = "Unrestricted" if scope == "LocalMachine" else "Undefined"
        yield PSObject(properties={"Scope": scope, "ExecutionPolicy": policy})


@command(
    "Set-ExecutionPolicy",
    "Microsoft.PowerShell.Security",
    "Sets the PowerShell execution policies for Windows computers.",
    (
        Parameter("ExecutionPolicy", position=0, mandatory=True, values=_POLICIES, pipe="P", help="The policy."),
        Parameter("Scope", position=1, values=_SCOPES, pipe="P", help="The scope."),
        Parameter("Force", "Switch", help="Does not ask."),
    ),
    confirms=True,
    support=Support.ACCEPTED,
    examples=(Example("Set-ExecutionPolicy RemoteSigned -Force", "Is accepted: every script may run anyway."),),
)
def set_executionpolicy(call: Call) -> None:
    """Accept it; every script may run anyway."""
    call.verbose("The execution policy is accepted and has no effect.")


def _refusing(remedy: str) -> Callable[[Call], Iterable[object] | None]:
    def refuse(call: Call) -> None:
        raise failure(
            f"{call.command.name} is not emulated.", category="NotImplemented", error_id="NotImplemented",
            exception="System.NotImplementedException", remedy=remedy,
        )  # fmt: skip

    return refuse


_ANY = (Parameter("Name", "Object[]", position=0, rest=True, help="Not used."),)


@command(
    "Start-Transcript",
    "Microsoft.PowerShell.Host",
    "Creates a record of all or part of a PowerShell session to a text file; not emulated.",
    (
        Parameter("Path", position=0, help="The file."),
        Parameter("Append", "Switch", help="Adds to the file."),
        Parameter("Force", "Switch", help="Replaces the file."),
    ),
    examples=(Example("Start-Transcript session.txt", "Is refused: there are no transcripts."),),
)
def start_transcript(call: Call) -> None:
    """Say that there are no transcripts."""
    _refusing("write what a command shows to a file: … | Tee-Object FILE")(call)


@command(
    "Stop-Transcript",
    "Microsoft.PowerShell.Host",
    "Stops a transcript; not emulated.",
    examples=(Example("Stop-Transcript", "Is refused: there are no transcripts."),),
)
def stop_transcript(call: Call) -> None:
    """Say that there are no transcripts."""
    _refusing("")(call)


@command(
    "Get-Process",
    "Microsoft.PowerShell.Management",
    "Gets the processes that are running on the local computer; not emulated.",
    _ANY,
    aliases=("gps", "ps"),
    examples=(Example("Get-Process", "Is refused: a lab has no processes of Windows."),),
)
def get_process(call: Call) -> None:
    """Say that there are no processes of Windows."""
    _refusing("the lab has no processes of Windows")(call)
