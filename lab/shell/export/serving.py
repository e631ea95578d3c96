"""What others boot from: Windows Deployment Services, and servers of TFTP."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lab.model.boot import BootServer
from lab.model.objects import VirtualMachine
from lab.shell.export.quoting import Raw, written
from lab.shell.export.writing import ON, guarded, line

_ARCHITECTURES = {0: "x86", 7: "x64uefi"}


def serving_lines(vm: VirtualMachine, inside: Callable[[Iterable[str]], Iterator[str]]) -> Iterator[str]:
    """Yield what makes a VM a boot server: a lab is told at once, Windows by WDSUTIL in the guest."""
    server = vm.boot_server
    if server is None:
        return
    words: dict[str, object] = {}
    if server.files:
        words["File"] = _table((each.name, each.content or each.size) for each in server.files)
    if server.programs:
        words["BootProgram"] = _table((each.architecture, each.file) for each in server.programs)
    if not server.use_dhcp_ports:
        words["UseDhcpPorts"] = False
    yield ""
    yield from guarded([line("Set-LabBootServer", VMName=vm.name, **words)], inside(_deployment_services(server)))


def _table(pairs: Iterable[tuple[object, object]]) -> Raw:
    inside = "; ".join(f"{_key(key)} = {_value(value)}" for key, value in pairs)
    return Raw(f"@{{ {inside} }}")


def _key(key: object) -> str:
    return str(key) if isinstance(key, int) else _value(key)


def _value(value: object) -> str:
    """Return a value as it is written in an expression, where a text is always in quotes."""
    found = written(value)
    return f"'{found}'" if isinstance(value, str) and found[:1] not in "'\"" else found


def _deployment_services(server: BootServer) -> Iterator[str]:
    if not server.programs:
        return
    yield line("Install-WindowsFeature", Name="WDS", IncludeManagementTools=ON)
    yield r"wdsutil /Initialize-Server /RemInst:C:\RemoteInstall"
    if not server.use_dhcp_ports:
        yield "wdsutil /Set-Server /UseDhcpPorts:No /DhcpOption60:Yes"
    for each in server.programs:
        architecture = _ARCHITECTURES.get(each.architecture)
        if architecture:
            yield f"wdsutil /Set-Server /BootProgram:{each.file} /Architecture:{architecture}"
