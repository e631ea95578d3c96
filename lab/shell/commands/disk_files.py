"""Virtual hard disks as files: only records of a host, which scripts look for, and remove, by their paths."""

from __future__ import annotations

from dataclasses import replace

from lab.model import edit
from lab.model.objects import HypervHost
from lab.shell.command import Call
from lab.shell.drive import in_full
from lab.shell.errors import ShellError
from lab.shell.hyperv.disks import SETTING
from lab.shell.recording import kept, with_kept
from lab.shell.wildcards import has_wildcards, matches


def disks_at(call: Call, given: str) -> list[str]:
    """Return the paths of the recorded disks of this host that a path means, which may have wildcards."""
    machine = call.machine
    host = call.place.model.host(machine.host) if machine.is_host else None
    disks: dict[str, object] = kept(host.recorded, SETTING, {}) if host else {}
    if not disks:
        return []
    try:
        wanted = call.files.windows(given)
    except ShellError:
        return []
    if has_wildcards(given) and "LiteralPath" not in call:
        return [each for each in disks if wanted and matches(wanted, in_full(each))]
    return [each for each in disks if wanted and in_full(each).casefold() == wanted.casefold()]


def remove_disks(call: Call, given: str) -> bool:
    """Take away the records of the disks that a path means; return whether that was all that it means."""
    found = disks_at(call, given)
    host = call.machine.host
    for path in found:

        def without(model: HypervHost, path: str = path) -> HypervHost:
            disks = {each: disk for each, disk in kept(model.recorded, SETTING, {}).items() if each != path}
            return replace(model, recorded=with_kept(model.recorded, SETTING, disks))

        call.change(path, edit.host(host, without), "Remove File")
    return bool(found)
