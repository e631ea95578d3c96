"""``python -m controllers run | describe | compile``.

- ``run``: control the switches that connect, as their intents in OVSDB say.
- ``describe``: print the manual of the pipeline, as markdown.
- ``compile``: read one switch as JSON and print its flows: ``{"switch": <SwitchIntent>, "ports": [{"ofport": 1,
  "device": "p1", "intent": <PortIntent>}, ...]}``.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from controllers.patience import DEFAULT_S, Patience
from controllers.view import PortView, SwitchView
from lab.errors import InputError, LabError
from lab.intent import IntentError, decode_port, decode_switch

DEFAULT_GLOB = "/run/hvlab/ovs/*/db.sock"
GARBAGE = 50_000
"""After how many new objects the garbage collector looks for those that only refer to one another."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the three commands; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        match options.command:
            case "run":
                _run(options)
            case "describe":
                _describe()
            case "compile":
                _compile(options.file)
    except LabError as error:
        print(f"controllers: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m controllers", description="The controller of hvlab.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="control the switches that connect")
    run.add_argument("--ovsdb-glob", default=DEFAULT_GLOB, help=f"where the databases are (default {DEFAULT_GLOB})")
    run.add_argument(
        "--listen-fd", type=int, metavar="N", action="append", default=[], help="inherited Unix socket that listens"
    )
    run.add_argument(
        "--listen", metavar="PATH", action="append", default=[], help="Unix socket to create and listen on"
    )
    run.add_argument(
        "--patience", type=_seconds, metavar="SECONDS", default=DEFAULT_S,
        help=f"how long a switch may take to answer before that is a fault (default {DEFAULT_S:g})",
    )  # fmt: skip
    commands.add_parser("describe", help="print the manual of the pipeline")
    compile_ = commands.add_parser("compile", help="print the flows of one switch")
    compile_.add_argument("file", nargs="?", default="-", help="file to read (default: standard input)")
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0.1 <= seconds <= 3600:
        raise ValueError(text)
    return seconds


def _run(options: argparse.Namespace) -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr, level=logging.INFO)
    from controllers import (  # they load the framework, which the other commands do not need
        framework,
        json_stream,
        watchdog,
    )

    logging.getLogger(framework.NAME).setLevel(logging.WARNING)
    framework.patch()
    json_stream.install()
    listeners = [framework.adopt(number) for number in options.listen_fd]
    listeners += [framework.listen(path) for path in options.listen]
    if not listeners:
        raise InputError("nowhere to listen", remedy="give --listen or --listen-fd; both can be given several times")
    patience = Patience(options.patience)
    watchdog.start(patience)
    gc.freeze()  # what has been imported stays: the garbage collector need not look through it again and again
    gc.set_threshold(GARBAGE)  # a program is a hundred thousand values at once, and none of them is garbage
    framework.run(listeners, "controllers.app", ovsdb_glob=options.ovsdb_glob, patience=patience)


def _describe() -> None:
    from controllers.pipeline.manual import manual

    sys.stdout.write(manual())


def _compile(file: str) -> None:
    from controllers.compiler import compile_switch
    from controllers.listing import listing

    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    sys.stdout.write(listing(compile_switch(view_from_json(text))))


def view_from_json(text: str) -> SwitchView:
    """Return the view of one switch described as the ``compile`` command takes it; IntentError if it is not right."""
    try:
        content = json.loads(text)
        switch = decode_switch(json.dumps(content["switch"]))
        ports = tuple(
            PortView(port["ofport"], port["device"], decode_port(json.dumps(port["intent"])))
            for port in content["ports"]
        )
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise IntentError(
            f"the input is not the description of a switch: {error!r}",
            remedy="see python -m controllers compile --help",
        ) from error
    return SwitchView(switch, ports)


if __name__ == "__main__":
    sys.exit(main())
