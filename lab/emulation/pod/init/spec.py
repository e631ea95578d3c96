"""What may be asked of init: one process to spawn, checked before anything happens.

Pure: from a decoded JSON object to a `Spec`, or `BadRequest` in words.
"""

from __future__ import annotations

import re
import signal

UNSHARABLE = ("net", "mnt", "pid", "uts", "ipc")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@ #()-]{0,99}")


class BadRequest(Exception):
    """A request that cannot be granted as it stands; the text says what was found and what was expected."""


class MountSpec:
    """One mount to make in the new process's mount namespace."""

    __slots__ = ("fstype", "options", "readonly", "source", "target")

    def __init__(self, raw: dict[str, object]) -> None:
        self.fstype = text(raw, "type")
        self.target = path(raw, "target")
        self.source = text(raw, "source", self.fstype)
        self.options = text(raw, "options", "")
        self.readonly = flag(raw, "readonly")
        if self.fstype in ("bind", "own-file") and not self.source.startswith("/"):
            raise BadRequest(f'"source" of a bind mount is {self.source!r}, expected an absolute path')


class Spec:
    """One process: what to run, in which namespaces, and what to do when it ends."""

    __slots__ = (
        "after_restart",
        "argv",
        "cwd",
        "enter",
        "env",
        "hostname",
        "listen",
        "log",
        "mounts",
        "name",
        "ready",
        "ready_timeout_s",
        "restart",
        "sysctls",
        "unshare",
    )

    def __init__(self, raw: dict[str, object]) -> None:
        known = set(self.__slots__) - {"ready_timeout_s"}
        unknown = sorted(set(raw) - known - {"op"})
        if unknown:
            raise BadRequest(f"unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}")
        self.name = process_name(raw)
        self.argv = words(raw, "argv") if raw.get("argv") is not None else None
        self.env = mapping(raw, "env")
        self.cwd = path(raw, "cwd") if raw.get("cwd") is not None else None
        self.unshare = tuple(kind for kind in UNSHARABLE if kind in kinds(raw, "unshare"))
        self.enter = enter(raw, self.name, self.unshare)
        self.hostname = text(raw, "hostname") if raw.get("hostname") is not None else None
        self.mounts = tuple(MountSpec(entry) for entry in objects(raw, "mounts"))
        self.sysctls = mapping(raw, "sysctls")
        self.log = path(raw, "log") if raw.get("log") is not None else None
        self.restart = flag(raw, "restart")
        self.listen = tuple(path(entry, "path") for entry in objects(raw, "listen"))
        self.after_restart = words(raw, "after_restart") if raw.get("after_restart") is not None else None
        self.ready, self.ready_timeout_s = ready(raw)
        more = (self.enter, self.log, self.restart, self.listen, self.ready, self.cwd not in (None, "/"))
        if self.argv is None and any(more):
            raise BadRequest('a machine, which has no "argv", is given more than namespaces, mounts, sysctls and "env"')
        if self.hostname is not None and "uts" not in self.unshare:
            raise BadRequest('"hostname" needs "uts" in "unshare"')
        if self.mounts and "mnt" not in self.unshare:
            raise BadRequest('"mounts" needs "mnt" in "unshare"')


def process_name(raw: dict[str, object]) -> str:
    name = text(raw, "name")
    if not NAME.fullmatch(name):
        raise BadRequest(f'"name" is {name!r}, expected up to 100 letters, digits, spaces and _ . : @ # ( ) -')
    return name


def names(raw: dict[str, object]) -> tuple[str, ...]:
    """Read "name", or "names"."""
    return words(raw, "names") if "names" in raw else (text(raw, "name"),)


def enter(raw: dict[str, object], name: str, unshare: tuple[str, ...]) -> dict[str, str]:
    found = mapping(raw, "enter")
    for kind, target in found.items():
        if kind not in UNSHARABLE or kind in unshare:
            raise BadRequest(f'"enter" names the namespace {kind!r}, expected one of {UNSHARABLE} not in "unshare"')
        if target == name:
            raise BadRequest(f'"enter" asks {name!r} to enter itself')
    return found


def ready(raw: dict[str, object]) -> tuple[str | None, float]:
    found = raw.get("ready")
    if found is None:
        return None, 0.0
    if not isinstance(found, dict):
        raise BadRequest(f'"ready" is {found!r}, expected an object with "path"')
    return path(found, "path"), seconds(found, "timeout_s", 10.0)


def signal_number(raw: dict[str, object], default: int) -> int:
    found = raw.get("signal", default)
    if not isinstance(found, int) or found not in signal.valid_signals():
        raise BadRequest(f'"signal" is {found!r}, expected a signal number')
    return int(found)


def seconds(raw: dict[str, object], key: str, default: float) -> float:
    found = raw.get(key, default)
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not 0 <= found <= 3600:
        raise BadRequest(f'"{key}" is {found!r}, expected seconds from 0 to 3600')
    return float(found)


def usable(found: str) -> bool:
    """Tell whether the kernel can be given this text: no NUL, and no half of a surrogate pair."""
    return "\0" not in found and not any("\ud800" <= character <= "\udfff" for character in found)


def text(raw: dict[str, object], key: str, default: str | None = None) -> str:
    found = raw.get(key, default)
    if not isinstance(found, str) or not usable(found) or (not found and default != ""):
        raise BadRequest(f'"{key}" is {found!r}, expected a text')
    return found


def path(raw: dict[str, object], key: str) -> str:
    found = text(raw, key)
    if not found.startswith("/"):
        raise BadRequest(f'"{key}" is {found!r}, expected an absolute path')
    return found


def flag(raw: dict[str, object], key: str) -> bool:
    found = raw.get(key, False)
    if not isinstance(found, bool):
        raise BadRequest(f'"{key}" is {found!r}, expected true or false')
    return found


def sequence(raw: dict[str, object], key: str) -> list[object]:
    found = raw.get(key, [])
    if not isinstance(found, list):
        raise BadRequest(f'"{key}" is {found!r}, expected a list')
    return found


def words(raw: dict[str, object], key: str) -> tuple[str, ...]:
    found = sequence(raw, key)
    if not found or not all(isinstance(word, str) and usable(word) for word in found):
        raise BadRequest(f'"{key}" is {found!r}, expected a list of texts')
    return tuple(str(word) for word in found)


def kinds(raw: dict[str, object], key: str) -> tuple[str, ...]:
    found = tuple(str(kind) for kind in sequence(raw, key))
    for kind in found:
        if kind not in UNSHARABLE:
            raise BadRequest(f'"{key}" names the namespace {kind!r}, expected some of {UNSHARABLE}')
    return found


def objects(raw: dict[str, object], key: str) -> list[dict[str, object]]:
    found = sequence(raw, key)
    for entry in found:
        if not isinstance(entry, dict):
            raise BadRequest(f'"{key}" contains {entry!r}, expected an object')
    return [entry for entry in found if isinstance(entry, dict)]


def mapping(raw: dict[str, object], key: str) -> dict[str, str]:
    found = raw.get(key, {})
    if not isinstance(found, dict):
        raise BadRequest(f'"{key}" is {found!r}, expected an object')
    for name, value in found.items():
        if not isinstance(value, str) or not name or not usable(name + value):
            raise BadRequest(f'"{key}" has {name!r}: {value!r}, expected a text')
    return dict(found)
