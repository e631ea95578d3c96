"""What this machine must have for hvlab, each thing looked at and, where it is missing, what to do about it.

`checks()` looks at everything and may take a second; `require()` stands before every start of a lab, so it looks only
at what would stop one, without starting a program, in a few milliseconds. Nothing here changes the machine: what has
to be tried is tried in a child process in namespaces of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.errors import EnvironmentFault
from lab.trial import Outcome, Report, try_limits, try_namespaces

TUN = Path("/dev/net/tun")
PACKAGES = Path(__file__).with_name("debian-packages.txt")
# An ordinary user's PATH on Debian lacks the folders that most network programs lie in.
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")

OLDEST_PYTHON, FIRST_PYTHON_TOO_NEW = (3, 11), (3, 14)
OLDEST_KERNEL = (5, 10)
OLDEST_OVS = (3, 1)
# The first release of each branch of Open vSwitch without the faults of 3.1.0 that a lab can meet: RSTP over patch
# ports ends the daemon, mirrors miss changes, uneven dp_hash. Later branches never had them.
SOUND_OVS = {(3, 1): 6, (3, 2): 4, (3, 3): 3, (3, 4): 1}
LEAST_MEMORY_MB = 512


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what there is, what there should be, and how to get there."""

    name: str
    ok: bool
    found: str
    expected: str
    remedy: str = ""
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Package:
    """One line of the list of Debian packages."""

    name: str
    need: str
    programs: tuple[str, ...]
    purpose: str


def packages() -> tuple[Package, ...]:
    """Read the list of Debian packages; Python modules in it are left out, they are the set-up's business."""
    return tuple(_packages(PACKAGES.read_text(encoding="utf-8")))


def _packages(text: str) -> Iterator[Package]:
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, need, programs, purpose = (column.strip() for column in line.split("|"))
        need = need.split()[0]  # what else it says is for the set-up of the tests
        if need in ("bench", "test"):
            continue  # of no use to a lab
        yield Package(name, need, tuple(p for p in programs.split() if not p.startswith("module:")), purpose)


def find_program(name: str) -> str | None:
    """Find a program on PATH or in the system's folders; of a path, whether that file is there."""
    if name.startswith("/"):
        return name if os.path.exists(name) else None
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS]))


def checks() -> tuple[Check, ...]:
    """Look at everything, trying what can only be tried."""
    outcome = try_namespaces(deep=True)
    programs = tuple(check_program(package) for package in packages() if package.programs)
    return (
        check_python(),
        check_kernel(),
        check_namespaces(outcome),
        check_proc(outcome),
        check_tun(),
        *programs,
        *check_ovs_version(),
        *check_devices(outcome),
        check_memory(),
        check_limits(try_limits()),
    )


def require() -> None:
    """Raise EnvironmentFault for the first thing missing without which no lab can start.

    Namespaces are not tried here: starting a lab is the trial, and tells what is wrong with them.
    """
    for check in _essential():
        if not check.ok:
            raise EnvironmentFault(_sentence(check), remedy=check.remedy, target=check.name)


def _essential() -> Iterator[Check]:
    yield check_python()
    yield check_kernel()
    for package in packages():
        if package.need == "needed" and package.programs:
            yield check_program(package)
    yield check_tun()


def render(checks: tuple[Check, ...]) -> str:
    """Lay the checks out for a person, one line each, remedies below what is wrong, a verdict at the end."""
    width = max((len(check.name) for check in checks), default=0)
    lines = []
    for check in checks:
        mark = "ok  " if check.ok else "FAIL" if check.needed else "note"
        told = check.found if check.ok else f"{check.found}; expected: {check.expected}"
        lines.append(f"{mark}  {check.name:<{width}}  {told}")
        if not check.ok and check.remedy:
            lines.append(f"      {'':<{width}}  → {check.remedy}")
    missing = [check.name for check in checks if check.needed and not check.ok]
    lines.append("")
    lines.append(f"hvlab cannot run here: {', '.join(missing)}" if missing else "hvlab can run here")
    return "\n".join(lines)


def _sentence(check: Check) -> str:
    return f"{check.name}: found {check.found}, expected {check.expected}"


# What can be read


def check_python(version: tuple[int, ...] = tuple(sys.version_info[:3])) -> Check:
    return Check(
        "Python",
        OLDEST_PYTHON <= version < FIRST_PYTHON_TOO_NEW,
        ".".join(str(part) for part in version),
        "3.11, 3.12 or 3.13",
        "install one of them and run make PYTHON=/path/to/python3",
    )


def check_kernel(system: str = os.uname().sysname, release: str = os.uname().release) -> Check:
    return Check(
        "kernel",
        system == "Linux" and _version(release) >= OLDEST_KERNEL,
        f"{system} {release}",
        "Linux 5.10 or later",
        "use Debian 12 or later; the Vagrantfile gives you one on any machine, WSL 2 one on Windows",
    )


def check_program(package: Package, find: Callable[[str], str | None] = find_program) -> Check:
    """Look for the programs of one package."""
    missing = [program for program in package.programs if find(program) is None]
    return Check(
        package.name,
        not missing,
        f"no {', '.join(missing)}" if missing else ", ".join(package.programs),
        f"{', '.join(package.programs)}, for {package.purpose}",
        f"on Debian and Ubuntu: sudo apt-get install {package.name}",
        needed=package.need == "needed",
    )


def check_tun(device: Path = TUN) -> Check:
    """Look whether this user can open the device that Open vSwitch makes internal ports with."""
    try:
        os.close(os.open(device, os.O_RDWR | os.O_CLOEXEC))
    except FileNotFoundError:
        found, remedy = "no such device", "sudo modprobe tun; in a container: start it with --device /dev/net/tun"
    except PermissionError:
        found = "this user may not open it"
        remedy = f"sudo chmod 0666 {device} (as distributions ship it; lasts until the next boot)"
    except OSError as error:
        found, remedy = f"cannot be opened ({error.strerror})", "sudo modprobe tun"
    else:
        return Check(str(device), True, "can be opened", "a device that this user can open")
    return Check(str(device), False, found, "a device that this user can open", remedy)


def check_memory(meminfo: str | None = None) -> Check:
    text = Path("/proc/meminfo").read_text(encoding="ascii") if meminfo is None else meminfo
    match = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
    available_mb = int(match[1]) // 1024 if match else 0
    return Check(
        "memory",
        available_mb >= LEAST_MEMORY_MB,
        f"{available_mb} MB available",
        f"{LEAST_MEMORY_MB} MB available (a Hyper-V host takes about 60 MB, a VM about 1 MB)",
        "end other programs, or keep labs small",
        needed=False,
    )


def check_ovs_version(output: str | None = None) -> tuple[Check, ...]:
    """Ask ovs-vswitchd for its version: old enough to lack what hvlab uses, or with faults that are known."""
    if output is None:
        program = find_program("ovs-vswitchd")
        if program is None:
            return ()  # check_program has said so
        output = _run([program, "--version"])
    found = output.splitlines()[0] if output.strip() else "no answer to --version"
    version = _version(found)
    usable = Check(
        "Open vSwitch", version >= OLDEST_OVS, found, "3.1 or later", "use Debian 12, Ubuntu 24.04 or anything later"
    )
    if not usable.ok:
        return (usable,)
    major, minor, patch = (*version, 0)[:3]
    sound = patch >= SOUND_OVS.get((major, minor), 0)
    faults = Check(
        "Open vSwitch faults",
        sound,
        "none known that matter here" if sound else f"{major}.{minor}.{patch} has some that are known",
        "3.3.3 or later (3.1.6 and 3.2.4 are as good)",
        "nothing need be done, hvlab keeps clear of them; Debian 13 has a release without them",
        needed=False,
    )
    return usable, faults


def _version(text: str) -> tuple[int, ...]:
    match = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def _run(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        return f"{type(error).__name__}: {error}"


# What must be tried


def check_namespaces(outcome: Outcome) -> Check:
    """Say whether namespaces can be made, and if not, which of the known reasons it is."""
    found = "can be made" if outcome.entered else f"cannot be made ({outcome.error})"
    expected = "namespaces of network, mounts and processes" + (", as an ordinary user" if os.geteuid() else "")
    remedy = "" if outcome.entered else namespace_remedy(os.geteuid())
    return Check("namespaces", outcome.entered, found, expected, remedy)


def namespace_remedy(uid: int, sysctls: Path = Path("/proc/sys")) -> str:
    """Tell from the kernel's settings what keeps namespaces from being made."""

    def value(name: str) -> str:
        try:
            return (sysctls / name).read_text(encoding="ascii").strip()
        except OSError:
            return ""

    if value("user/max_user_namespaces") == "0":
        return "sudo sysctl user.max_user_namespaces=15000 (in /etc/sysctl.d to keep it)"
    if uid and value("kernel/unprivileged_userns_clone") == "0":
        return "sudo sysctl kernel.unprivileged_userns_clone=1 (in /etc/sysctl.d to keep it)"
    if uid and value("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return (
            "AppArmor forbids it to ordinary users, as on Ubuntu 24.04: run hvlab as root, or "
            "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0 (in /etc/sysctl.d to keep it)"
        )
    if uid:
        return "run hvlab as root, or in a container: start it with --security-opt seccomp=unconfined"
    return "in a container: start it with --privileged"


def check_proc(outcome: Outcome) -> Check:
    return Check(
        "own /proc",
        outcome.proc_mounted or not outcome.entered,
        "not tried" if not outcome.entered else "can be mounted" if outcome.proc_mounted else f"not ({outcome.error})",
        "a /proc that can be mounted in a namespace",
        "containers hide parts of /proc, which forbids it: start the container with --privileged "
        "or --security-opt systempaths=unconfined",
    )


def check_limits(report: Report) -> Check:
    """Say what keeps a program in one VM from taking all processes, or all memory, of this machine."""
    by = {what: report.get("by", {}).get(what, "") for what in ("processes", "memory", "processor")}
    why_not = report.get("error") or report.get("why_not") or "unknown why"
    enforced = [f"{what} by {how}" for what, how in by.items() if how]
    missing = [what for what, how in by.items() if not how]
    return Check(
        "limits of a lab",
        not missing,
        ", ".join([*enforced, *([f"{' and '.join(missing)} not limited ({why_not})"] if missing else [])]),
        "limits for processes, memory and processor",
        limits_remedy(os.geteuid()),
        needed=False,
    )


def limits_remedy(uid: int) -> str:
    """Tell who can have all limits."""
    if uid == 0:
        return "in a container: start it with --privileged; otherwise boot with cgroup v2 and systemd"
    return (
        "labs work without; to have them log in on a machine with systemd and cgroup v2, or let "
        "sudo loginctl enable-linger start your own systemd, or run hvlab as root"
    )


def check_devices(outcome: Outcome) -> tuple[Check, ...]:
    """Say which of the kernel's network modules work; nothing if there was no namespace to try them in."""
    if not outcome.proc_mounted:
        return ()
    wanted = {
        "veth": ("virtual cables (veth)", True, "sudo modprobe veth"),
        "nft": ("firewall at a device (nftables netdev)", True, "sudo modprobe nf_tables"),
        "htb": ("bandwidth limits (htb)", False, "sudo modprobe sch_htb; without it adapters have no bandwidth limits"),
        "bpf": ("minimum bandwidth (cls_bpf)", False, "sudo modprobe cls_bpf; without it adapters have no minimum"),
        "dup": ("speed of NICs (nft_dup_netdev)", False, "sudo modprobe nft_dup_netdev; without it NICs have no speed"),
        "nlb": (
            "load balancing (nft_hash, nftables egress)",
            False,
            "sudo modprobe nft_hash, with Linux 5.16 or later; without it there are no NLB clusters",
        ),
        "netem": ("delay and loss (netem)", False, "sudo modprobe sch_netem; without it links have no delay or loss"),
    }
    found = []
    for step in outcome.steps:
        title, needed, remedy = wanted[step.name]
        found.append(Check(title, step.ok, "works" if step.ok else step.error, "works", remedy, needed))
    return tuple(found)
