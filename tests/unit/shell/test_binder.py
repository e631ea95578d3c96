"""Arguments find their parameters: by name, prefix, alias, position, and through the pipeline."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from lab.shell.argument import Argument
from lab.shell.binder import Binding
from lab.shell.command import Command, Parameter
from lab.shell.errors import ShellError
from lab.shell.objects import PSObject

VM = PSObject("Microsoft.HyperV.PowerShell.VirtualMachine", {"Name": "a", "VMName": "a"})
SWITCH = PSObject("Microsoft.HyperV.PowerShell.VMSwitch", {"Name": "S"})


def made(*parameters: Parameter, default_set: str = "", confirms: bool = False, module: str = "Hyper-V") -> Command:
    return Command("Set-Thing", module, "", parameters, lambda call: None, default_set, confirms=confirms)


ADAPTERS = made(
    Parameter("VMName", "String[]", ("VMName",), 0, mandatory=True, pipe="V"),
    Parameter("VM", "VirtualMachine[]", ("VMObject",), 0, mandatory=True, pipe="V"),
    Parameter("ManagementOS", "Switch", ("ManagementOS",), mandatory=True),
    Parameter("VMNetworkAdapterName", sets=("VMName", "ManagementOS", "VMObject")),
    Parameter("Access", "Switch", aliases=("a",)),
    Parameter("VlanId", "Int32", aliases=("AccessVlanId",), minimum=0, maximum=4094),
    Parameter("AllowedVlanIdList"),
    Parameter("Mode", "VMNetworkAdapterVlanMode", values=("Untagged", "Access", "Trunk")),
    Parameter("State", "String", values=("Active", "InActive")),
    Parameter("Shared", "Boolean"),
    default_set="VMName",
    confirms=True,
)
CONNECT = made(
    Parameter("VMName", "String[]", ("Name",), 0, mandatory=True),
    Parameter("SwitchName", sets=("Name", "Object"), position=1, mandatory=True),
    Parameter("VMNetworkAdapter", "VMNetworkAdapter[]", ("Object",), 0, mandatory=True, pipe="V"),
    default_set="Name",
)
PROPERTY = made(Parameter("Name", position=0, mandatory=True, pipe="P", aliases=("NatName",)))


def given(*words: Any) -> list[Argument]:
    """Return arguments: a text with a dash is a name, a pair a name with a colon and its value."""
    found = []
    for word in words:
        if isinstance(word, tuple):
            found.append(Argument(word[0].lstrip("-"), word[1], given=True))
        elif isinstance(word, str) and word.startswith("-"):
            found.append(Argument(word[1:], given=False))
        else:
            found.append(Argument(None, word, bare=str(word) if isinstance(word, int) else None))
    return found


def bound(command: Command, *words: Any) -> tuple[str, dict[str, Any]]:
    return Binding(command, given(*words)).complete()


@pytest.mark.parametrize(
    ("words", "chosen", "expected"),
    [
        (["web1"], "VMName", {"VMName": ["web1"]}),
        ([["web1", "web2"]], "VMName", {"VMName": ["web1", "web2"]}),
        ([VM], "VMObject", {"VM": [VM]}),
        (["-VMName", "web1", "-Access", "-VlanId", 5], "VMName", {"VMName": ["web1"], "Access": True, "VlanId": 5}),
        (["-vmname", "web1", "-ACCESSVLANID", "5"], "VMName", {"VMName": ["web1"], "VlanId": 5}),
        (["-Acc", "web1", "-Vlan", 5], "VMName", {"Access": True, "VMName": ["web1"], "VlanId": 5}),
        (["-a", "web1"], "VMName", {"Access": True, "VMName": ["web1"]}),
        ([("-Access", False), "web1"], "VMName", {"Access": False, "VMName": ["web1"]}),
        (["-ManagementOS"], "ManagementOS", {"ManagementOS": True}),
        (["-ManagementOS", "-VMNetworkAdapterName", "x"], "ManagementOS", {"ManagementOS": True, "VMNetworkAdapterName": "x"}),
        (["web1", "-AllowedVlanIdList", 10], "VMName", {"VMName": ["web1"], "AllowedVlanIdList": "10"}),
        (["web1", "-Mode", "tr"], "VMName", {"VMName": ["web1"], "Mode": "Trunk"}),
        (["web1", "-Mode", "ACCESS"], "VMName", {"VMName": ["web1"], "Mode": "Access"}),
        (["web1", "-State", "inactive"], "VMName", {"VMName": ["web1"], "State": "InActive"}),
        (["web1", "-Shared", True], "VMName", {"VMName": ["web1"], "Shared": True}),
        (["web1", "-Shared", 0], "VMName", {"VMName": ["web1"], "Shared": False}),
    ],
)  # fmt: skip
def test_a_command_line_is_bound(words: list[Any], chosen: str, expected: dict[str, Any]) -> None:
    assert bound(ADAPTERS, *words) == (chosen, expected)


@pytest.mark.parametrize(
    ("words", "error_id", "says"),
    [
        (["web1", "-Foo", 1], "NamedParameterNotFound", "parameter name 'Foo'"),
        (["web1", "-V", 1], "AmbiguousParameter", "Possible matches include: -VMName -VM -VMNetworkAdapterName -VlanId"),
        (["web1", "more"], "PositionalParameterNotFound", "accepts argument 'more'"),
        (["web1", "-VlanId"], "MissingArgument", "Specify a parameter of type 'System.Int32' and try again"),
        (["web1", "-VlanId", "x"], "CannotConvertArgumentNoMessage", "Cannot bind parameter 'VlanId'."),
        (["web1", "-VlanId", 1 << 31], "CannotConvertArgumentNoMessage", "too large or too small for an Int32"),
        (["web1", "-VlanId", 5000], "ParameterArgumentValidationError", "greater than the maximum allowed range of 4094"),
        (["web1", "-VlanId", -1], "ParameterArgumentValidationError", "less than the minimum allowed range of 0"),
        (["web1", "-VlanId", 5, "-VlanId", 6], "ParameterAlreadyBound", "parameter 'VlanId' is specified more than once"),
        (["web1", "-Mode", "Foo"], "CannotConvertArgumentNoMessage", "Untagged, Access, Trunk"),
        (["web1", "-Mode", "x"], "CannotConvertArgumentNoMessage", "Unable to match the identifier name x"),
        (["web1", "-State", "Act"], "ParameterArgumentValidationError", 'does not belong to the set "Active,InActive"'),
        (["web1", "-State", ["Active", "x"]], "CannotConvertArgument", "'System.String' required by parameter 'State'"),
        (["web1", "-Shared", "true"], "ParameterArgumentTransformationError", "Boolean parameters accept only Boolean"),
        (["-VMName", "web1", "-ManagementOS"], "AmbiguousParameterSet", "Parameter set cannot be resolved"),
        (["web1", "-ManagementOS"], "PositionalParameterNotFound", "accepts argument 'web1'"),
        ([""], "ParameterArgumentValidationErrorEmptyStringNotAllowed", "'VMName' because it is an empty string"),
        ([None], "ParameterArgumentValidationErrorNullNotAllowed", "'VMName' because it is null"),
        ([], "MissingMandatoryParameter", "missing mandatory parameters: VMName."),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_an_error_in_powershells_words(words: list[Any], error_id: str, says: str) -> None:
    with pytest.raises(ShellError) as caught:
        bound(ADAPTERS, *words)
    assert caught.value.record.error_id == error_id
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("command", "words", "item", "chosen", "expected"),
    [
        (ADAPTERS, [], "web1", "VMName", {"VMName": ["web1"]}),
        (ADAPTERS, [], VM, "VMObject", {"VM": [VM]}),
        (ADAPTERS, ["-Access"], VM, "VMObject", {"VM": [VM], "Access": True}),
        (PROPERTY, [], PSObject("x", {"Name": "n"}), "", {"Name": "n"}),
        (PROPERTY, [], PSObject("x", {"NatName": "n"}), "", {"Name": "n"}),
    ],
)
def test_an_object_from_the_pipeline_is_bound(
    command: Command, words: list[Any], item: object, chosen: str, expected: dict[str, Any]
) -> None:
    assert Binding(command, given(*words)).with_input(item) == (chosen, expected)


@pytest.mark.parametrize("item", [SWITCH, PSObject("x", {"Other": 1})])
def test_an_object_that_nothing_takes_is_an_error(item: object) -> None:
    with pytest.raises(ShellError) as caught:
        Binding(PROPERTY if item is not SWITCH else ADAPTERS, []).with_input(item)
    assert caught.value.record.error_id == "InputObjectNotBound"


def test_each_object_is_bound_by_itself() -> None:
    binding = Binding(ADAPTERS, given("-Access"))
    assert binding.with_input("a")[1]["VMName"] == ["a"]
    assert binding.with_input(VM) == ("VMObject", {"VM": [VM], "Access": True})


def test_common_parameters_are_apart() -> None:
    binding = Binding(ADAPTERS, given("web1", "-ErrorAction", "sil", "-Verbose", "-WhatIf", "-ComputerName", "HV2"))
    assert binding.common == {
        "erroraction": "SilentlyContinue",
        "verbose": True,
        "whatif": True,
        "computername": ["HV2"],
    }
    assert binding.complete() == ("VMName", {"VMName": ["web1"]})


def test_what_changes_nothing_has_no_whatif() -> None:
    with pytest.raises(ShellError, match="'WhatIf'"):
        Binding(PROPERTY, given("x", "-WhatIf"))


def test_what_is_mandatory_is_asked_for() -> None:
    asked: list[str] = []

    def ask(parameter: Parameter) -> object:
        asked.append(parameter.name)
        return "web1"

    binding = Binding(ADAPTERS, given("-Access"), ask)
    assert binding.complete() == ("VMName", {"Access": True, "VMName": ["web1"]})
    assert asked == ["VMName"]


def test_a_position_is_taken_by_the_object_that_fits() -> None:
    adapter = PSObject(
        ("Microsoft.HyperV.PowerShell.VMNetworkAdapter", "Microsoft.HyperV.PowerShell.VMNetworkAdapterBase")
    )
    assert bound(CONNECT, adapter, "S") == ("Object", {"VMNetworkAdapter": [adapter], "SwitchName": "S"})
    assert bound(CONNECT, "vm", "S") == ("Name", {"VMName": ["vm"], "SwitchName": "S"})


def arguments(names: Iterable[str]) -> list[Argument]:
    return [Argument(None, name) for name in names]


def test_the_rest_takes_what_is_left() -> None:
    tool = made(Parameter("Arguments", "String[]", position=0, rest=True))
    assert Binding(tool, arguments(["a", "b", "c"])).complete() == ("", {"Arguments": ["a", "b", "c"]})
