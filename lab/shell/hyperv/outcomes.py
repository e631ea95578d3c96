"""What becomes of each of several things that a cmdlet of module Hyper-V acts on.

A mistake about one of them is reported, and does not keep the others from being done.
"""

from __future__ import annotations

from lab.errors import InputError
from lab.model.edit import Edit
from lab.shell.command import Call
from lab.shell.errors import ShellError, refusals


def done(call: Call, target: str, edit: Edit, *, settle: bool = False) -> bool:
    """Change the lab as :meth:`Call.change` does; what the lab has against it is reported, and nothing is changed."""
    try:
        return call.change(target, edit, settle=settle)
    except InputError as error:
        for record in refusals(error):
            call.error(record)
        return False


def refuse(call: Call, error: ShellError) -> None:
    """Report why one of the things cannot be done."""
    call.error(error.record)
