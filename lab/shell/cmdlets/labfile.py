"""A lab in a file: Save-Lab and Restore-Lab."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from lab.engine import saved
from lab.errors import InputError, TopologyError
from lab.model.objects import LabModel
from lab.model.rules.transitions import transitions
from lab.model.validate import validate
from lab.shell.command import Call, Example, Impact, Parameter, command
from lab.shell.labs.targets import MODULE, file_named
from lab.shell.place import told

_PATH = Parameter("Path", position=0, mandatory=True, aliases=("FilePath", "LiteralPath"), complete="file",
                  help="The file.")  # fmt: skip


@command(
    "Save-Lab",
    MODULE,
    "Saves what the lab consists of in a file.",
    (_PATH, Parameter("NoClobber", "Switch", help="Does not replace a file that is there.")),
    confirms=True,
    guest=True,
    examples=(Example("Save-Lab -Path before.lab", "Saves the lab, to come back to it later."),),
    remarks="Leases, learned addresses and counters are not saved: a lab begins without them.",
)
def save_lab(call: Call) -> None:
    """Save the lab."""
    path = file_named(call)
    if call.is_on("NoClobber") and path.exists():
        raise InputError(f'there is a file "{path}" already', remedy="leave out -NoClobber to replace it")
    if call.agreed(call.files.shown(path)):
        saved.save(path, call.place.model)


@command(
    "Restore-Lab",
    MODULE,
    "Turns the lab into the one that was saved in a file.",
    (_PATH, Parameter("Force", "Switch", help="Does not ask.")),
    confirms=True,
    impact=Impact.MEDIUM,
    guest=True,
    examples=(
        Example("Restore-Lab -Path before.lab", "Takes back everything that was changed since."),
        Example("Restore-Lab before.lab -WhatIf", "Shows what would be changed."),
    ),
    remarks="The lab keeps its name, whatever it was called when it was saved. What is the same stays as it is.",
)
def restore_lab(call: Call) -> None:
    """Restore the lab; a file that is none, or of another version, changes nothing."""
    wanted = saved.load(file_named(call))
    place, name = call.place, call.place.model.name
    if mistakes := tuple(validate(replace(wanted, name=name), whole=False)):
        raise TopologyError(mistakes)
    before = place.model
    in_the_way = {record.target.partition("/")[0] for record in transitions(before, replace(wanted, name=name))}

    def restored(model: LabModel) -> LabModel:
        return replace(wanted, name=model.name)

    if not in_the_way:
        call.change(name, restored, settle=True)
    elif call.agreed(name):
        # What nobody can change in a host that there is, is made anew with the host.
        place.change(lambda model: without_hosts(model, in_the_way))
        place.settle()
        place.change(restored)
        place.settle()
    elif call.common.get("whatif", call.runtime.variable("WhatIfPreference")):
        for line in told(before, restored(before)):
            call.runtime.write_host(f"What if:   {line}")


def without_hosts(model: LabModel, names: Container[str]) -> LabModel:
    """Return a lab without some of its Hyper-V hosts, or without all, where others cannot be without them."""
    smaller = replace(model, hosts=tuple(host for host in model.hosts if host.name not in names))
    return replace(model, hosts=()) if next(iter(validate(smaller, whole=False)), None) else smaller
