"""The set-up's files: what can be checked of them without installing anything."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
SH_SCRIPTS = sorted([*TOP.glob(".make/*"), TOP / "tests/fresh/inside"])
GUEST_SCRIPTS = sorted(TOP.glob("lab/**/*.sh"))
BASH_SCRIPTS = [TOP / ".ci/run", TOP / "tests/fresh/run", TOP / "tests/fresh/source"]


def run(*command: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=TOP, env=env, check=False)


@pytest.mark.skipif(shutil.which("ruby") is None, reason="ruby is not installed; `make set-up-test` does it")
def test_vagrantfile_is_ruby() -> None:
    result = run("ruby", "-c", "Vagrantfile")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("script", [*SH_SCRIPTS, *GUEST_SCRIPTS], ids=lambda path: path.name)
def test_scripts_are_sh(script: Path) -> None:
    result = run("sh", "-n", script)
    assert result.returncode == 0, result.stderr
    assert script.stat().st_mode & 0o111, f"{script} cannot be run"


@pytest.mark.parametrize("script", BASH_SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_bash(script: Path) -> None:
    result = run("bash", "-n", script)
    assert result.returncode == 0, result.stderr


@pytest.mark.skipif(
    shutil.which("shellcheck") is None, reason="shellcheck is not installed; `make set-up-test` does it"
)
def test_scripts_are_sound_shell() -> None:
    result = run("shellcheck", "--severity=warning", *SH_SCRIPTS, *GUEST_SCRIPTS, *BASH_SCRIPTS)
    assert result.returncode == 0, result.stdout


def test_every_target_in_the_help_exists() -> None:
    for line in run("make", "help").stdout.splitlines():
        target = line.split()[1]
        result = run("make", "--dry-run", target)
        assert result.returncode == 0, result.stderr


def test_missing_packages_are_listed_by_program(tmp_path: Path) -> None:
    """With nothing on the PATH but what the script itself is written in, every package with a program is missing."""
    for tool in ("sh", "cut", "dirname", "python3"):
        found = shutil.which(tool)
        assert found
        (tmp_path / tool).symlink_to(found)
    script = (TOP / ".make/packages").read_text().replace(":/usr/local/sbin:/usr/sbin:/sbin", "")
    (tmp_path / "make").mkdir()
    (tmp_path / "make/packages").write_text(script)
    shutil.copy(TOP / ".make/python", tmp_path / "make")
    (tmp_path / "lab").mkdir()
    shutil.copy(TOP / "lab/debian-packages.txt", tmp_path / "lab")
    result = run("/bin/sh", tmp_path / "make/packages", "--missing", env={"PATH": str(tmp_path)})
    assert result.returncode == 0, result.stderr
    missing = result.stdout.split()
    assert "openvswitch-switch" in missing
    assert "tcpdump" in missing
    assert "graphviz" not in missing
    assert "shellcheck" not in missing
    result = run("/bin/sh", tmp_path / "make/packages", "--test", "--missing", env={"PATH": str(tmp_path)})
    assert {"openvswitch-switch", "graphviz", "shellcheck", "ruby", "qemu-system-x86"} <= set(result.stdout.split())
    assert "mininet" not in result.stdout
