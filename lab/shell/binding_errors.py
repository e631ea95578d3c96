"""What PowerShell says when an argument and a parameter do not go together (ParameterBindingException)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lab.shell.command import Command, Parameter
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.objects import PSObject

_NAMESPACES = {
    "string": "System.String", "int16": "System.Int16", "int32": "System.Int32", "int64": "System.Int64",
    "uint16": "System.UInt16", "uint32": "System.UInt32", "uint64": "System.UInt64", "byte": "System.Byte",
    "sbyte": "System.SByte", "double": "System.Double", "boolean": "System.Boolean", "guid": "System.Guid",
    "switch": "System.Management.Automation.SwitchParameter", "ipaddress": "System.Net.IPAddress",
    "timespan": "System.TimeSpan", "datetime": "System.DateTime", "hashtable": "System.Collections.Hashtable",
    "scriptblock": "System.Management.Automation.ScriptBlock", "version": "System.Version",
    "actionpreference": "System.Management.Automation.ActionPreference", "object": "System.Object",
    **{
        name.casefold(): f"Microsoft.NetworkLoadBalancingClusters.PowerShell.{name}"
        for name in ("Cluster", "ClusterMode", "HostState", "Node", "PortRule", "PortRuleAffinity",
                     "PortRuleFilteringMode", "PortRuleProtocol")
    },
}  # fmt: skip


def full_type(name: str) -> str:
    """Return the .NET name of a parameter's type: ``System.String[]``."""
    array = "[]" if name.endswith("[]") else ""
    short = name.removesuffix("[]")
    return _NAMESPACES.get(short.casefold(), f"Microsoft.HyperV.PowerShell.{short}") + array


def _error(message: str, error_id: str, category: str = "InvalidArgument", target: object = None) -> ShellError:
    exception = "ParameterBindingException"
    if error_id.startswith("ParameterArgumentValidation"):
        category, exception = "InvalidData", "ParameterBindingValidationException"
    return ShellError(ErrorRecord(message, category, error_id, exception, target))


def unknown_parameter(command: Command, argument: object) -> ShellError:
    """Return the error for a name that no parameter has."""
    name = getattr(argument, "name", "")
    return _error(f"A parameter cannot be found that matches parameter name '{name}'.", "NamedParameterNotFound")


def ambiguous_parameter(command: Command, argument: object, candidates: Iterable[str]) -> ShellError:
    """Return the error for a prefix that several parameters have."""
    name, names = getattr(argument, "name", ""), " ".join(f"-{each}" for each in candidates)
    return _error(
        f"Parameter cannot be processed because the parameter name '{name}' is ambiguous. Possible matches include: "
        f"{names}.",
        "AmbiguousParameter",
    )


def missing_argument(command: Command, parameter: Parameter) -> ShellError:
    """Return the error for a name at the end of the line, without its value."""
    name = parameter.name
    return _error(
        f"Missing an argument for parameter '{name}'. Specify a parameter of type '{full_type(parameter.type)}' "
        "and try again.",
        "MissingArgument",
    )


def given_twice(command: Command, parameter: Parameter) -> ShellError:
    """Return the error for a parameter that is given twice."""
    return _error(
        f"Cannot bind parameter because parameter '{parameter.name}' is specified more than once. To provide multiple "
        "values to parameters that can accept multiple values, use the array syntax. For example, "
        '"-parameter value1,value2,value3".',
        "ParameterAlreadyBound",
    )


def ambiguous_set(command: Command) -> ShellError:
    """Return the error for parameters that do not go together."""
    return _error("Parameter set cannot be resolved using the specified named parameters.", "AmbiguousParameterSet")


def too_many(command: Command, argument: object) -> ShellError:
    """Return the error for an argument that no position is left for."""
    from lab.shell.conversion import to_text

    text = to_text(getattr(argument, "value", None))
    return _error(
        f"A positional parameter cannot be found that accepts argument '{text}'.", "PositionalParameterNotFound"
    )


def missing_mandatory(command: Command, names: Sequence[str]) -> ShellError:
    """Return the error for what is mandatory and was not given, where nobody can be asked."""
    return _error(
        "Cannot process command because of one or more missing mandatory parameters: " + " ".join(names) + ".",
        "MissingMandatoryParameter",
    )


def input_not_bound(command: Command, item: object) -> ShellError:
    """Return the error for an object from the pipeline that no parameter takes."""
    return ShellError(
        ErrorRecord(
            "The input object cannot be bound to any parameters for the command either because the command does not "
            "take pipeline input or the input and its properties do not match any of the parameters that take "
            "pipeline input.",
            "InvalidArgument", "InputObjectNotBound", "ParameterBindingException", item,
        )
    )  # fmt: skip


def not_converted(parameter: Parameter, value: object, why: str = "") -> ShellError:
    """Return the error for a value of a wrong type; `why` is what the conversion said, if one was tried."""
    said = why or f'{_described(value)} to type "{full_type(parameter.type.removesuffix("[]"))}".'
    return _error(f"Cannot bind parameter '{parameter.name}'. {said}", "CannotConvertArgumentNoMessage")


def _described(value: object) -> str:
    from lab.shell.conversion import to_text, type_name

    kind = value.type_name if isinstance(value, PSObject) else type_name(value)
    return f'Cannot convert the "{to_text(value)}" value of type "{kind}"'


def no_text(parameter: Parameter) -> ShellError:
    """Return the error for several values where one text is expected."""
    return _error(
        f"Cannot convert 'System.Object[]' to the type 'System.String' required by parameter '{parameter.name}'. "
        "Specified method is not supported.",
        "CannotConvertArgument",
    )


def no_boolean(parameter: Parameter, value: object) -> ShellError:
    """Return the error for text where $true or $false is expected."""
    from lab.shell.conversion import type_name

    kind = value.type_name if isinstance(value, PSObject) else type_name(value)
    return _error(
        f"Cannot process argument transformation on parameter '{parameter.name}'. Cannot convert value "
        f'"{kind}" to type "System.Boolean". Boolean parameters accept only Boolean values and numbers, such as $True, '
        "$False, 1 or 0.",
        "ParameterArgumentTransformationError",
        "InvalidData",
    )


def no_enumerator(parameter: Parameter, value: object, values: Sequence[str]) -> ShellError:
    """Return the error for what is none of an enumeration's values."""
    from lab.shell.conversion import to_text

    text, kind = to_text(value), full_type(parameter.type.removesuffix("[]"))
    return _error(
        f'Cannot bind parameter \'{parameter.name}\'. Cannot convert value "{text}" to type "{kind}". Error: '
        f'"Unable to match the identifier name {text} to a valid enumerator name. Specify one of the following '
        f'enumerator names and try again:\n{", ".join(values)}"',
        "CannotConvertArgumentNoMessage",
    )


def _invalid(parameter: Parameter, why: str) -> ShellError:
    return _error(
        f"Cannot validate argument on parameter '{parameter.name}'. {why}", "ParameterArgumentValidationError"
    )


def not_in_set(parameter: Parameter, text: str) -> ShellError:
    """Return the error for what is not in a ValidateSet."""
    return _invalid(
        parameter,
        f'The argument "{text}" does not belong to the set "{",".join(parameter.values)}" specified by the ValidateSet '
        "attribute. Supply an argument that is in the set and then try the command again.",
    )


def too_big(parameter: Parameter, value: int) -> ShellError:
    """Return the error for a number above what is allowed."""
    top = parameter.maximum
    return _invalid(
        parameter,
        f"The {value} argument is greater than the maximum allowed range of {top}. Supply an argument that is less "
        f"than or equal to {top} and then try the command again.",
    )


def too_small(parameter: Parameter, value: int) -> ShellError:
    """Return the error for a number below what is allowed."""
    low = parameter.minimum
    return _invalid(
        parameter,
        f"The {value} argument is less than the minimum allowed range of {low}. Supply an argument that is greater "
        f"than or equal to {low} and then try the command again.",
    )


def null(parameter: Parameter) -> ShellError:
    """Return the error for $null where something is needed."""
    return _error(
        f"Cannot bind argument to parameter '{parameter.name}' because it is null.",
        "ParameterArgumentValidationErrorNullNotAllowed",
    )


def empty(parameter: Parameter) -> ShellError:
    """Return the error for an empty string where something is needed."""
    return _error(
        f"Cannot bind argument to parameter '{parameter.name}' because it is an empty string.",
        "ParameterArgumentValidationErrorEmptyStringNotAllowed",
    )
