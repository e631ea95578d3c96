"""What imports what, and what no file does: the rules that a reader may rely on."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for top in ("lab", "controllers", "topologies")
    for path in sorted((ROOT / top).rglob("*.py"))
}

# What a package may import of the product, and of the outside world beyond the standard library. The first prefix
# that fits a module counts.
ALLOWED: dict[str, tuple[str, ...]] = {
    "lab.errors": (),
    "lab.codec": ("lab.errors",),
    "lab.model.builder": ("lab.model", "lab.errors", "lab.__main__"),  # Lab.main() starts the lab that it built
    "lab.model": ("lab.model", "lab.errors", "lab.codec", "networkx"),
    "lab.intent": ("lab.intent", "lab.model", "lab.codec", "lab.errors"),
    "controllers": (
        "controllers", "lab.intent", "lab.model.kinds", "lab.model.acl", "lab.model.addresses", "lab.model.isolation",
        "lab.model.metering", "lab.model.vlan", "lab.model.default_switch", "lab.errors", "lab.codec", "ovs", "os_ken", "ryu", "eventlet", "oslo_config",
    ),
}  # fmt: skip

# Who may import what has a cost, or a rule of its own.
ONLY: dict[str, tuple[str, ...]] = {
    "os_ken": ("controllers.framework", "controllers.openflow"),
    "ryu": ("controllers.framework", "controllers.openflow"),
    "mininet": ("lab.emulation",),
    "networkx": ("lab.model.wiring",),
}

# The supervisors: they may catch everything, because they answer for what others raise.
MAY_CATCH_ALL = ("controllers.framework", "controllers.app", "controllers.guard", "lab.shell.repl", "lab.web")
# These run a program that is not ours, and turn whatever it raises into words.
MAY_CATCH_ALL += ("lab.model.load",)
# These run in a process of their own and hand whatever is raised there to the process that waits for it.
MAY_CATCH_ALL += ("lab.emulation.pod.work", "lab.emulation.pod.enter", "lab.emulation.pod.init")


def within(module: str, prefixes: tuple[str, ...]) -> bool:
    return any(module == prefix or module.startswith(f"{prefix}.") for prefix in prefixes)


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(module: str, path: Path) -> Iterator[str]:
    """Yield the modules that a file imports anywhere, but for what it imports for type checking only."""
    content = tree(path)
    hints = {
        id(node)
        for test in ast.walk(content)
        if isinstance(test, ast.If) and ast.unparse(test.test).endswith("TYPE_CHECKING")
        for node in ast.walk(test)
    }
    for node in ast.walk(content):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if id(node) not in hints)
        elif isinstance(node, ast.ImportFrom) and id(node) not in hints:
            base = absolute(module, path, node)
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield full if full in FILES else base


def absolute(module: str, path: Path, node: ast.ImportFrom) -> str:
    """Return the whole name of what a ``from … import`` names (a lab's first process imports its own package so)."""
    if node.level == 0:
        return str(node.module)
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    return ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])


def every_module(test: Callable[[str, Path], None]) -> Callable[[str, Path], None]:
    return pytest.mark.parametrize(("module", "path"), FILES.items(), ids=list(FILES))(test)


@every_module
def test_imports_point_one_way(module: str, path: Path) -> None:
    allowed = next((found for prefix, found in ALLOWED.items() if within(module, (prefix,))), None)
    if allowed is None:
        return
    for name in imported(module, path):
        if name.partition(".")[0] not in sys.stdlib_module_names:
            assert within(name, allowed), f"{module} must not import {name}"


@every_module
def test_what_is_costly_is_imported_in_one_place(module: str, path: Path) -> None:
    for name in imported(module, path):
        for package, places in ONLY.items():
            if within(name, (package,)):
                assert within(module, places), f"{module} must not import {name}: only {' and '.join(places)} may"


@every_module
def test_the_engine_knows_no_backend(module: str, path: Path) -> None:
    if within(module, ("lab.engine", "lab.model", "lab.intent", "lab.shell")):
        assert not [
            name for name in imported(module, path) if within(name, ("lab.emulation", "mininet", "controllers"))
        ]


EXPLAINS = (
    "lab.emulation.tracing", "lab.emulation.learned", "lab.emulation.counters", "lab.emulation.tallies",
    "lab.emulation.measuring", "lab.emulation.adapter_counters", "lab.emulation.flows", "lab.emulation.flow_text",
)  # fmt: skip
"""What tells a user what a switch does reads the pipeline's description: stages, registers, the meaning of cookies."""

NUMBERS = ("lab.emulation.ovs",)
"""What creates a switch limits the table of its addresses, and must know which one that is."""

DESCRIPTION = ("controllers.pipeline", "controllers.openflow.cookies", "controllers.compiler", "controllers.view")


@every_module
def test_the_lab_and_its_controller_meet_in_the_intent_only(module: str, path: Path) -> None:
    if within(module, ("lab",)):
        described = DESCRIPTION if within(module, EXPLAINS) else ()
        described += ("controllers.pipeline.tables",) if within(module, NUMBERS) else ()
        found = [name for name in imported(module, path) if within(name, ("controllers",))]
        assert not [name for name in found if not within(name, described)]


@every_module
def test_no_error_is_swallowed(module: str, path: Path) -> None:
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.ExceptHandler):
            continue
        assert node.type is not None, f"{path}:{node.lineno}: bare except"
        caught = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)}
        if caught & {"Exception", "BaseException"} and not within(module, MAY_CATCH_ALL):
            ends = node.body[-1]
            assert isinstance(ends, ast.Raise) and ends.exc is None, f"{path}:{node.lineno}: catches {caught}"


def called(node: ast.Call) -> str:
    return ast.unparse(node.func)


@every_module
def test_no_name_reaches_a_shell(module: str, path: Path) -> None:
    forbidden = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "eval", "pty.spawn"}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            where = f"{path}:{node.lineno}"
            assert called(node) not in forbidden, f"{where}: {called(node)}"
            shell = [key for key in node.keywords if key.arg == "shell"]
            assert all(isinstance(key.value, ast.Constant) and not key.value.value for key in shell), f"{where}: shell"
            if called(node) in {"subprocess.run", "subprocess.check_output", "subprocess.check_call"}:
                given = {key.arg for key in node.keywords}
                assert given & {"timeout", None}, f"{where}: a command without a timeout"
                if called(node) == "subprocess.run":
                    assert given & {"check", None}, f"{where}: an unchecked exit status"


TIME_OF_DAY = (
    "lab.cli.dhcp", "lab.shell.cmdlets.dhcpserverv4lease", "lab.shell.cmdlets.nlbclustervip",
    "lab.shell.cmdlets.vmsnapshot", "lab.shell.commands.dates", "lab.shell.dotnet.moments", "lab.shell.moments",
)  # fmt: skip
"""Where the time of the day is asked for, or compared with others: a DHCP server says of a lease when it ends."""


@every_module
def test_time_is_measured_by_a_clock_that_cannot_be_set(module: str, path: Path) -> None:
    """Somebody may set the machine's clock back: no deadline may then be an hour away."""
    if module in TIME_OF_DAY:
        return
    forbidden = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.datetime.now"}
    names = {f"time.{name}" for name in ("time", "time_ns")}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            assert called(node) not in forbidden, f"{path}:{node.lineno}: {called(node)}"
        elif isinstance(node, ast.ImportFrom):
            imported_names = {f"{node.module}.{alias.name}" for alias in node.names}
            assert not imported_names & names, f"{path}:{node.lineno}: {imported_names}"


@every_module
def test_nobody_cleans_up_what_is_not_ours(module: str, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for word in ("mininet.clean", "pkill", "killall"):
        assert word not in imported_or_called(text), f"{module} uses {word}"


def imported_or_called(text: str) -> set[str]:
    """Return the names of modules imported, and the first words of commands, in a text."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.List | ast.Tuple) and node.elts and isinstance(node.elts[0], ast.Constant):
            found.add(str(node.elts[0].value))
    return found


@every_module
def test_a_module_says_why_it_exists(module: str, path: Path) -> None:
    content = tree(path)
    assert not content.body or ast.get_docstring(content), f"{module} has no docstring"


@every_module
def test_values_are_frozen(module: str, path: Path) -> None:
    if not within(module, ("lab.model.objects", "lab.model.addresses", "lab.model.interfaces", "lab.intent.documents")):
        return
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ClassDef):
            shown = " ".join(map(ast.unparse, node.decorator_list))
            assert "frozen=True" in shown and "slots=True" in shown, f"{module}.{node.name} is not a frozen value"


@pytest.mark.parametrize(
    "arguments",
    [["-c", "import lab.__main__"], ["-m", "lab", "--help"], ["-c", "import lab.emulation.running"]],
    ids=["import", "help", "change"],
)
def test_the_command_line_starts_without_its_heavy_friends(arguments: list[str]) -> None:
    run = [sys.executable, "-X", "importtime", *arguments]
    done = subprocess.run(run, check=False, timeout=60, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    for name in ("os_ken", "ryu", "mininet", "networkx", "eventlet", "lab.model.reachability"):
        assert not [module for module in loaded if within(module, (name,))], f"{name} is imported"
