"""One private Open vSwitch and one controller per framework, shared by the tests; each test has a bridge of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.dataplane.controller import Controller, ryu_python
from tests.dataplane.ovs import Bridge, OpenVSwitch, missing, private_directory

_numbers = count(1)


@pytest.fixture(scope="session", params=["os_ken", pytest.param("ryu", marks=pytest.mark.ryu)])
def framework(request: pytest.FixtureRequest) -> str:
    """Return the framework to run on."""
    name: str = request.param
    if name == "ryu" and ryu_python() is None:
        pytest.skip("no interpreter with Ryu 4.34: neither HVLAB_RYU_PYTHON nor .venv-ryu/bin/python")
    return name


@pytest.fixture(scope="session")
def instances(framework: str) -> Iterator[Path]:
    """Return the directory of the Open vSwitch instances of one framework's tests."""
    if lacking := missing():
        pytest.skip(lacking)
    with private_directory() as directory:
        yield Path(directory)


@pytest.fixture(scope="session")
def ovs(instances: Path) -> Iterator[OpenVSwitch]:
    """Return a running Open vSwitch."""
    with OpenVSwitch(instances / "hv1") as running:
        yield running


@pytest.fixture(scope="session")
def controller_session(framework: str, instances: Path, ovs: OpenVSwitch) -> Iterator[Controller]:
    """Return the controller all tests share."""
    controller = Controller(
        framework, str(instances / "*" / "db.sock"), ovs.directory / "of.sock", instances / "controller.log"
    )
    controller.start()
    yield controller
    controller.close()


@pytest.fixture
def controller(controller_session: Controller) -> Iterator[Controller]:
    """Return the controller, running; a test may kill it."""
    if not controller_session.is_running:
        controller_session.restart()
    yield controller_session
    died_of = controller_session.exit_code
    assert died_of is None, f"the controller ended with {died_of}:\n{controller_session.log.read_text()[-4000:]}"


@pytest.fixture
def bridge(ovs: OpenVSwitch, controller: Controller) -> Iterator[Bridge]:
    """Return a bridge not created yet; afterwards it is deleted, and the log has no warning that was not announced."""
    number = next(_numbers)
    bridge = Bridge(ovs, f"br{number}", controller.target)
    yield bridge
    ovs.vsctl("--if-exists", "del-br", bridge.name)
    assert ovs.unannounced_warnings() == []
