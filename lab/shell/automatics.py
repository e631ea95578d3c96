"""The objects that a function finds in $PSCmdlet and $MyInvocation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.shell.error_objects import record_of
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.files import split
from lab.shell.flow import NOTHING
from lab.shell.frames import Frame
from lab.shell.objects import Hashtable, PSObject
from lab.shell.text import to_text

if TYPE_CHECKING:
    from lab.shell.functions import BlockStage, Invocation


def my_invocation(stage: BlockStage, how: Invocation, frame: Frame) -> PSObject:
    """Return $MyInvocation."""
    kind = "ExternalScript" if how.file else ("Function" if stage.name else "Script")
    command = PSObject(
        "System.Management.Automation.ExternalScriptInfo" if how.file else "System.Management.Automation.FunctionInfo",
        {"Name": split(how.file)[1] if how.file else stage.name, "CommandType": kind, "Path": how.file or None,
         "Definition": how.file or None},
        text=stage.name,
    )  # fmt: skip
    extent = how.extent
    source = extent.source.splitlines()[extent.line - 1 : extent.line] if extent else []
    return PSObject(
        "System.Management.Automation.InvocationInfo",
        {
            "MyCommand": command,
            "BoundParameters": Hashtable(stage.bound),
            "UnboundArguments": [],
            "ScriptLineNumber": extent.line if extent else 0,
            "OffsetInLine": extent.column if extent else 0,
            "ScriptName": extent.file if extent else "",
            "Line": source[0] if source else "",
            "InvocationName": stage.name,
            "PSScriptRoot": split(extent.file)[0] if extent else "",
            "PSCommandPath": extent.file if extent else "",
        },
    )


def cmdlet_object(frame: Frame, stage: BlockStage, parameter_set: str) -> PSObject:
    """Return $PSCmdlet of an advanced function."""
    from lab.shell.runtime import CallRuntime

    runtime = CallRuntime(frame, stage)

    def should_process(target: object = "", action: object = "", _caption: object = "") -> bool:
        return runtime.agreed(to_text(target), to_text(action) or stage.name)

    def should_continue(question: object, caption: object = "") -> bool:
        return runtime.confirm(to_text(caption), to_text(question))

    def terminate(found: object) -> object:
        error = ShellError(_record(found).at(stage.name, stage.name, stage.extent))
        error.placed = True
        raise error

    def write_error(found: object) -> object:
        stage.fail(_record(found))
        return NOTHING

    def write_object(found: object, _enumerate: object = False) -> Any:
        return found

    def quiet(act: Any) -> Any:
        def called(text: object) -> object:
            act(to_text(text))
            return NOTHING

        return called

    return PSObject(
        "System.Management.Automation.PSScriptCmdlet",
        {"ParameterSetName": parameter_set or "__AllParameterSets", "MyInvocation": None, "CommandRuntime": stage.name},
        methods={
            "ShouldProcess": should_process, "ShouldContinue": should_continue, "ThrowTerminatingError": terminate,
            "WriteError": write_error, "WriteObject": write_object, "WriteVerbose": quiet(runtime.write_verbose),
            "WriteWarning": quiet(runtime.write_warning), "WriteDebug": quiet(runtime.write_debug),
            "GetVariableValue": lambda name: frame.variable(to_text(name)),
        },
    )  # fmt: skip


def _record(found: object) -> ErrorRecord:
    return record_of(found) or ErrorRecord(to_text(found), "NotSpecified", "Unknown", "Exception", found)
