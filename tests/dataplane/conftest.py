"""One private Open vSwitch and one controller per framework, shared by the tests; each test has a bridge of its own.

There is a second such pair whose controller is hasty: it takes a switch for silent after a second, not after ten.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from tests.dataplane.controller import Controller, ryu_python
from tests.dataplane.ovs import Bridge, OpenVSwitch, missing, private_directory
from tests.dataplane.proxy import Proxy

_numbers = count(1)
LOST = r"rconn\|(WARN|ERR)\|.*(connection (dropped|timed out|attempt failed|attempt timed out)|no response to inact)"
"""What Open vSwitch says of a controller that goes."""


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


@contextmanager
def usable(controller: Controller) -> Iterator[Controller]:
    """Yield the controller, running; it must not have ended by itself."""
    if not controller.is_running:
        controller.restart()
    yield controller
    died_of = controller.exit_code
    assert died_of is None, f"the controller ended with {died_of}:\n{controller.log.read_text()[-4000:]}"


@contextmanager
def fresh_bridge(ovs: OpenVSwitch, target: str) -> Iterator[Bridge]:
    """Yield a bridge not created yet; afterwards it is deleted, and the log has no warning that was not announced."""
    bridge = Bridge(ovs, f"br{next(_numbers)}", target)
    yield bridge
    ovs.vsctl("--if-exists", "del-br", bridge.name)
    assert ovs.unannounced_warnings() == []


@contextmanager
def proxy_of(ovs: OpenVSwitch, controller: Controller) -> Iterator[Proxy]:
    """Yield a proxy in front of the controller."""
    ovs.announce(LOST)
    proxy = Proxy(ovs.directory / f"p{next(_numbers)}", controller)
    yield proxy
    proxy.close()


@pytest.fixture
def controller(controller_session: Controller) -> Iterator[Controller]:
    """Return the controller, running; a test may kill it."""
    with usable(controller_session) as running:
        yield running


@pytest.fixture
def bridge(ovs: OpenVSwitch, controller: Controller) -> Iterator[Bridge]:
    """Return a bridge not created yet."""
    with fresh_bridge(ovs, controller.target) as made:
        yield made


@pytest.fixture
def proxied(ovs: OpenVSwitch, controller: Controller) -> Iterator[tuple[Bridge, Proxy]]:
    """Return a bridge not created yet, and the proxy between it and the controller."""
    with proxy_of(ovs, controller) as proxy, fresh_bridge(ovs, proxy.target) as made:
        yield made, proxy


@pytest.fixture(scope="session")
def hasty_session(framework: str) -> Iterator[tuple[OpenVSwitch, Controller]]:
    """Return the hasty controller and its Open vSwitch."""
    if lacking := missing():
        pytest.skip(lacking)
    with private_directory() as directory, OpenVSwitch(Path(directory) / "hv1") as ovs:
        controller = Controller(
            framework, str(Path(directory) / "*" / "db.sock"), ovs.directory / "of.sock",
            Path(directory) / "controller.log", options=("--patience", "1"),
        )  # fmt: skip
        controller.start()
        yield ovs, controller
        controller.close()


@pytest.fixture
def hasty(hasty_session: tuple[OpenVSwitch, Controller]) -> Iterator[Controller]:
    """Return the hasty controller, running; a test may kill it."""
    with usable(hasty_session[1]) as running:
        yield running


@pytest.fixture
def hasty_proxied(hasty_session: tuple[OpenVSwitch, Controller], hasty: Controller) -> Iterator[tuple[Bridge, Proxy]]:
    """Return a bridge not created yet, and the proxy between it and the hasty controller."""
    with proxy_of(hasty_session[0], hasty) as proxy, fresh_bridge(hasty_session[0], proxy.target) as made:
        yield made, proxy
