"""What the cmdlets of module NetworkLoadBalancingClusters say when something cannot be."""

from __future__ import annotations

from typing import Final

from lab.shell.errors import ShellError, failure

PACKAGE: Final = "Microsoft.NetworkLoadBalancingClusters.PowerShell"


def nlb_error(message: str, category: str = "InvalidArgument", target: object = None, remedy: str = "") -> ShellError:
    """Return an error of a cmdlet."""
    return failure(
        message, category=category, error_id=category, exception="NlbClusterException", target=target, remedy=remedy
    )


def not_there(message: str, remedy: str) -> ShellError:
    """Return the error for something that Windows has and the lab has not."""
    return failure(
        message, category="NotImplemented", error_id="NotImplemented", exception="NlbClusterException", remedy=remedy
    )


def error_class(name: str) -> str:
    """Return what follows the comma of a cmdlet's errors' FullyQualifiedErrorId."""
    return f"{PACKAGE}.{name.replace('-', '')}"
