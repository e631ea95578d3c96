"""What cmdlets of module DhcpServer say when something cannot be (DHCP Server Management API Error Codes).

They are CIM cmdlets: each of their errors ends what it is about, and not the script.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from lab.errors import TopologyError
from lab.shell.command import Call
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.objects import PSObject

CLASS: Final = "root/Microsoft/Windows/DHCP"
_CIM: Final = "Microsoft.Management.Infrastructure.CimInstance"

NO_SCOPE, NO_OPTION, BAD_RANGE = 20005, 20010, 20023
SCOPE_EXISTS, RANGE_EXISTS, RESERVATION_EXISTS, NO_CLIENT, NO_RESERVATION = 20052, 20021, 20022, 20016, 20018
CLASS_EXISTS, NO_CLASS, POLICY_EXISTS, NO_POLICY = 20045, 20044, 20107, 20111
IN_FAILOVER, NO_FAILOVER, FAILOVER_EXISTS, NOT_IN_FAILOVER = 20113, 20114, 20115, 20116
OPTION_EXISTS = 20009

_CATEGORIES: Final = {
    **dict.fromkeys(
        (NO_SCOPE, NO_OPTION, NO_CLIENT, NO_RESERVATION, NO_CLASS, NO_POLICY, NO_FAILOVER, NOT_IN_FAILOVER),
        "ObjectNotFound",
    ),
    **dict.fromkeys(
        (SCOPE_EXISTS, RANGE_EXISTS, RESERVATION_EXISTS, CLASS_EXISTS, POLICY_EXISTS, IN_FAILOVER, FAILOVER_EXISTS,
         OPTION_EXISTS),
        "ResourceExists",
    ),
    BAD_RANGE: "InvalidArgument",
}  # fmt: skip


def instance(class_name: str, properties: dict[str, object], source: object = None) -> PSObject:
    """Return an object of a class of the DHCP server's CIM provider, as it is at this moment."""
    return PSObject((f"{_CIM}#{CLASS}/{class_name}", _CIM), properties, source=source, text=class_name)


def type_name(class_name: str) -> str:
    """Return the type of the objects of a class, as views are declared for it."""
    return f"{_CIM}#{CLASS}/{class_name}"


def dhcp_error(call: Call, message: str, code: int, target: object = "", remedy: str = "") -> ShellError:
    """Return an error of the server, with a number of the Management API."""
    return cim_error(call, message, f"DHCP {code}", _CATEGORIES.get(code, "NotSpecified"), target, remedy)


def cim_error(  # noqa: PLR0913 - what an error is made of
    call: Call, message: str, error_id: str, category: str = "NotSpecified", target: object = "", remedy: str = ""
) -> ShellError:
    """Return an error with another number (``WIN32 87``)."""
    noun = call.command.name.partition("-")[2]
    about = PSObject(f"{CLASS}/{noun}", text=str(target))
    return ShellError(ErrorRecord(message, category, error_id, "CimException", about, remedy=remedy))


def not_there(call: Call, what: str, why: str) -> ShellError:
    """Return the error for something that Windows has and the lab has not."""
    return cim_error(call, f"{what}: {why}.", "WIN32 50", "NotImplemented", call.machine.name)


@contextmanager
def told(call: Call) -> Iterator[None]:
    """Report what goes wrong as non-terminating errors of a cmdlet: also what the model forbids."""
    try:
        yield
    except ShellError as error:
        call.error(error.record)
    except TopologyError as error:
        for record in error.records:
            call.error(cim_error(call, _sentence(record.message), "WIN32 87", "InvalidArgument", record.target,
                                 _sentence(record.remedy)).record)  # fmt: skip


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""
