"""Parameters that many cmdlets of module Hyper-V are declared with alike."""

from __future__ import annotations

from lab.shell.command import Parameter


def which_vm(  # noqa: PLR0913 - settings given by name
    name: str = "VMName",
    *,
    many: bool = True,
    alias: str = "",
    sets: tuple[str, str] = ("VMName", "VMObject"),
    mandatory: bool = True,
    position: int | None = 0,
    piped: bool = True,
) -> tuple[Parameter, Parameter]:
    """Return the parameters that say which VM is meant: by its name, and as an object of Get-VM."""
    plural = "[]" if many else ""
    return (
        Parameter(
            name, f"String{plural}", sets=sets[:1], position=position, mandatory=mandatory,
            aliases=(alias,) if alias else (), pipe="V" if piped else "", wildcards=True, complete="vm",
            help="The name of the VM; wildcards are permitted.",
        ),
        Parameter(
            "VM", f"VirtualMachine{plural}", sets=sets[1:], position=position, mandatory=True, pipe="V",
            help="The VM, as Get-VM outputs it.",
        ),
    )  # fmt: skip


def named_vm(*, many: bool = True, sets: tuple[str, str] = ("Name", "VMObject")) -> tuple[Parameter, Parameter]:
    """Return the same for the cmdlets of the noun VM, which have the parameter Name."""
    return which_vm("Name", many=many, alias="VMName", sets=sets)


PASSTHRU = Parameter("Passthru", "Switch", help="Outputs the object.")
