"""The OpenFlow framework: os-ken, or Ryu 4.34 where that is what is installed. Only this module knows which.

``HVLAB_OPENFLOW=os_ken`` or ``=ryu`` forces one. Importing this module loads it, on its eventlet hub; :func:`patch`
must be called before anything opens a socket. Both frameworks listen on TCP when they start; here they are given a
Unix socket instead, and no TCP port is ever opened.
"""

from __future__ import annotations

import errno
import functools
import importlib
import importlib.util
import logging
import os
import socket
import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from lab.errors import EnvironmentFault

P = ParamSpec("P")
R = TypeVar("R")

EXIT_SOFTWARE: Final = 70
"""Exit code after an exception in a handler (EX_SOFTWARE)."""

_LOG = logging.getLogger("controllers")


def _choose() -> str:
    wanted = os.environ.get("HVLAB_OPENFLOW", "")
    if wanted not in ("", "os_ken", "ryu"):
        raise ImportError(f'HVLAB_OPENFLOW is "{wanted}", expected os_ken or ryu')
    return wanted or ("os_ken" if importlib.util.find_spec("os_ken") else "ryu")


def _load_eventlet() -> None:
    os.environ["OSKEN_HUB_TYPE"] = os.environ["RYU_HUB_TYPE"] = "eventlet"
    # There are no host names to resolve here, and eventlet's own resolver doubles the time to start.
    os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
        importlib.import_module("eventlet")
        wsgi: Any = importlib.import_module("eventlet.wsgi")
    if not hasattr(wsgi, "ALREADY_HANDLED"):
        wsgi.ALREADY_HANDLED = object()  # Ryu 4.34 imports it; eventlet has since renamed it


NAME: Final = _choose()
_load_eventlet()


def _module(path: str) -> Any:
    return importlib.import_module(f"{NAME}.{path}")


_app_manager = _module("base.app_manager")
_controller = _module("controller.controller")
_handler = _module("controller.handler")
_ofp_handler = _module("controller.ofp_handler")

hub: Any = _module("lib.hub")
events: Any = _module("controller.ofp_event")
ofproto: Any = _module("ofproto.ofproto_v1_3")
parser: Any = _module("ofproto.ofproto_v1_3_parser")
nicira_ext: Any = _module("ofproto.nicira_ext")
MAIN: Final = _handler.MAIN_DISPATCHER
DEAD: Final = _handler.DEAD_DISPATCHER
App: Any = _app_manager.OSKenApp if NAME == "os_ken" else _app_manager.RyuApp


def protocol() -> Any:
    """Return what messages are made for without a connection: OpenFlow 1.3 as such."""
    return _module("ofproto.ofproto_protocol").ProtocolDesc(version=ofproto.OFP_VERSION)


class _UnixStream:
    """A Unix socket that ignores the TCP options which the framework sets on every connection."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream

    def setsockopt(self, level: int, option: int, value: int) -> None:
        if level != socket.IPPROTO_TCP:
            self._stream.setsockopt(level, option, value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def guarded(function: Callable[P, R]) -> Callable[P, R]:
    """Make an exception in `function` end the process: the framework would log it at best, and go on half dead."""

    @functools.wraps(function)
    def guard(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Exception:  # noqa: BLE001  # one of the three supervisors: nothing goes on after it
            _LOG.exception("%s raised; the controller ends, and starts again with nothing lost", function.__qualname__)
            sys.stderr.flush()
            os._exit(EXIT_SOFTWARE)

    return guard


def handles(event_class: Any, state: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a method of the app handle the events of a class, guarded, while a connection is in `state`."""

    def register(function: Callable[P, R]) -> Callable[P, R]:
        handler: Callable[P, R] = _handler.set_ev_cls(event_class, state)(guarded(function))
        return handler

    return register


def patch() -> None:
    """Make this process's sockets, selects and sleeps those of the hub."""
    hub.patch(thread=False)


def spawn(function: Callable[[], None]) -> None:
    """Run a function beside everything else, guarded."""
    hub.spawn(guarded(function))


def listen(path: str) -> socket.socket:
    """Listen on a Unix socket at `path`, which must not exist yet."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(path)
    except OSError as error:
        listener.close()
        remedy = "remove it if no other controller listens on it" if error.errno == errno.EADDRINUSE else ""
        raise EnvironmentFault(f'cannot listen on "{path}": {error.strerror}', remedy=remedy) from error
    Path(path).chmod(0o600)
    listener.listen(64)
    return listener


def adopt(descriptor: int) -> socket.socket:
    """Return an inherited socket that already listens; whoever gave it to us keeps it while we are away."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=descriptor)
    is_unix = isinstance(listener.getsockname(), str | bytes)
    if not is_unix or not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        listener.detach()  # it is not ours to close
        raise EnvironmentFault(
            f"descriptor {descriptor} is not a Unix socket that listens", remedy="pass one that does with --listen-fd"
        )
    return listener


def run(listeners: Iterable[socket.socket], app_module: str, **settings: object) -> None:
    """Run the one app in `app_module`, given `settings`, on the switches that connect. Does not return."""
    _ofp_handler.OpenFlowController = lambda: functools.partial(_accept_from_all, tuple(listeners))
    _module("cfg").CONF(args=[], project=NAME)
    manager = _app_manager.AppManager.get_instance()
    manager.load_apps([app_module])
    manager.create_contexts()
    hub.joinall(manager.instantiate_apps(**settings))


def _accept_from_all(listeners: Iterable[socket.socket]) -> None:
    hub.joinall([hub.spawn(_accept_for_ever, listener) for listener in listeners])


@guarded
def _accept_for_ever(listener: socket.socket) -> None:
    while True:
        stream, _ = listener.accept()
        hub.spawn(_controller.datapath_connection_factory, _UnixStream(stream), ("unix", 0))
