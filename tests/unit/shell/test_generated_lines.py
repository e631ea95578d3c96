"""Lines that nobody would think of: made of the commands' declarations, valid, nearly valid and hostile.

`HVLAB_LINES` says how many. Whatever is typed, errors are PowerShell's and complete, and the lab stays a valid one.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

import topologies
from lab.cli.shell import execute
from lab.model.load import load
from lab.model.objects import LabModel
from lab.model.validate import validate
from lab.shell.enumerations import enumeration
from lab.shell.error_objects import record_of
from lab.shell.errors import ErrorRecord
from lab.shell.host import BufferedHost
from lab.shell.interpreter import Interpreter
from lab.shell.place import Description, Machine
from tests.lines import Line, Writer

LINES = int(os.environ.get("HVLAB_LINES", "900"))
_PER_SESSION = 6
_LABS = (
    "three_switches", "nat_switch", "nlb", "dhcp_failover", "dhcpv6", "teaming", "acl", "private_vlan", "two_hosts",
    "default_switch", "metering", "mirror",
)  # fmt: skip
_CATEGORIES = frozenset(enumeration("System.Management.Automation.ErrorCategory"))
_MOST_ERRORS = 256  # that $Error keeps
_BINDING = frozenset({"ParameterBindingException", "ParameterBindingValidationException"})
_PYTHON = re.compile(
    r"Traceback|\bNoneType\b|<class '|<function |<lab\.|object at 0x|\b(IPv[46]\w+|HypervHost)\(|Error\("
)


@cache
def _model(name: str) -> LabModel:
    return load(Path(topologies.__path__[0], f"{name}.py"))


def _machine(random: Random, model: LabModel) -> Machine:
    """Return the machine whose console it is: mostly a host, else a VM of it."""
    host = random.choice(model.hosts)
    if host.vms and random.random() < 0.35:
        roles = [vm for vm in host.vms if vm.dhcp_server or any(each.nlb for each in vm.adapters)]
        return Machine(random.choice(roles or host.vms).name, host.name)
    return Machine(host.name, host.name)


@pytest.fixture(scope="module", autouse=True)
def _deep() -> None:
    """Have the interpreter's limit for nested calls from the beginning: Hypothesis wants it to stay the same."""
    Interpreter(Description(LabModel("none")), Machine("none"), BufferedHost())


@pytest.mark.timeout(max(120, LINES // 10))
@settings(max_examples=max(1, LINES // _PER_SESSION))
@given(st.randoms(use_true_random=False), st.sampled_from(_LABS))
def test_whatever_is_typed(random: Random, name: str) -> None:
    model = _model(name)
    machine = _machine(random, model)
    note(f"{name}, on {machine.name}")
    shell = Interpreter(Description(model), machine, BufferedHost())
    writer = Writer(random, machine)
    for _ in range(_PER_SESSION):
        line = writer.line(shell.place.model)
        note(f"PS> {line}")
        _check(shell, line)


def _check(shell: Interpreter, line: Line) -> None:
    ui = shell.session.ui = BufferedHost()
    shell.session.errors.clear()
    before = shell.place.model
    code = execute(shell, line.text)
    after = shell.place.model
    assert code in (0, 1), "nothing but an error of PowerShell ends it"
    records = [record_of(each) for each in shell.session.errors]
    for record in records:
        assert record is not None
        _whole(record)
    assert not _PYTHON.search(said := ui.text + "".join(ui.errors)), said
    assert len(ui.errors) <= len(records) + 1 or len(records) == _MOST_ERRORS
    if after is not before:
        assert validate(after, whole=False) == ()
        assert not line.whatif, "with -WhatIf nothing is changed"
        assert not line.reads, "a command that reads changes nothing"
        refused = [each.message for each in records if each and each.exception in _BINDING]
        assert not (line.single and refused), "what cannot be bound changes nothing"


def _whole(record: ErrorRecord) -> None:
    assert record.message.strip(), record
    assert record.error_id.strip(","), record
    assert record.category in _CATEGORIES, record
