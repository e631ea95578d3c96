"""A private Open vSwitch, unprivileged, with dummy ports: the switch on which the controller is tested."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.eventually import eventually

SCHEMA = Path("/usr/share/openvswitch/vswitch.ovsschema")


_MOST_CAPTURED = 100
"""More ports than that, made at once, have no file with what they send: each is an open file."""


def missing() -> str:
    """Return what this machine lacks to run the dataplane tests, or an empty string."""
    tools = ("ovs-vsctl", "ovs-ofctl", "ovs-appctl", "ovsdb-tool", "ovsdb-server", "ovs-vswitchd")
    lacking = [tool for tool in tools if shutil.which(tool, path=_PATH) is None]
    return f"Open vSwitch is not installed: no {', '.join(lacking)}" if lacking else ""


_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


class OpenVSwitch:
    """One ovsdb-server and one ovs-vswitchd in a directory of their own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.socket = directory / "db.sock"
        self.log = directory / "ovs-vswitchd.log"
        self._env = {**os.environ, "PATH": _PATH, "OVS_RUNDIR": str(directory), "OVS_LOGDIR": str(directory)}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._announced: list[str] = []

    def __enter__(self) -> OpenVSwitch:
        self.directory.mkdir(parents=True)
        database = self.directory / "conf.db"
        subprocess.run(["ovsdb-tool", "create", database, SCHEMA], env=self._env, check=True, timeout=10)
        try:
            self.start_database()
            self.vsctl("--no-wait", "init")
            self.start_switch()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Kill both."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()

    def start_database(self) -> None:
        """Start ovsdb-server and wait for its socket."""
        self._start("ovsdb-server", str(self.directory / "conf.db"), f"--remote=punix:{self.socket}")
        eventually(lambda: _answers(self.socket))

    def stop_database(self) -> None:
        """Kill ovsdb-server; what was committed is kept."""
        process = self._processes.pop(0)
        process.kill()
        process.wait()
        self.socket.unlink()

    def restart_database(self) -> None:
        """Stop and start ovsdb-server."""
        self.stop_database()
        self.start_database()
        self._processes.insert(0, self._processes.pop())

    def pause_database(self) -> None:
        """Stop ovsdb-server where it is: it answers nothing, and keeps everything."""
        self._processes[0].send_signal(signal.SIGSTOP)

    def resume_database(self) -> None:
        """Let it go on."""
        self._processes[0].send_signal(signal.SIGCONT)

    def start_switch(self) -> None:
        """Start ovs-vswitchd and wait until it answers."""
        self._start("ovs-vswitchd", f"unix:{self.socket}", "--enable-dummy=override", "--disable-system")
        eventually((self.directory / "ovs-vswitchd.ctl").exists)
        self.appctl("vlog/disable-rate-limit")  # a warning that is left out would be a warning missed

    def stop_switch(self) -> None:
        """Kill ovs-vswitchd."""
        process = self._processes.pop()
        process.kill()
        process.wait()
        (self.directory / "ovs-vswitchd.ctl").unlink()

    def pause_switch(self) -> None:
        """Stop ovs-vswitchd where it is: it answers nothing, and keeps everything."""
        self._processes[-1].send_signal(signal.SIGSTOP)

    def resume_switch(self) -> None:
        """Let it go on."""
        self._processes[-1].send_signal(signal.SIGCONT)

    def _start(self, program: str, *arguments: str) -> None:
        log, control = self.directory / f"{program}.log", self.directory / f"{program}.ctl"
        command = [program, "-vconsole:off", "-vsyslog:off", f"--log-file={log}", f"--unixctl={control}", *arguments]
        self._processes.append(subprocess.Popen(command, env=self._env, cwd=self.directory))

    def vsctl(self, *arguments: str) -> str:
        """Run ovs-vsctl."""
        return self._run("ovs-vsctl", f"--db=unix:{self.socket}", "--timeout=30", *arguments)

    def appctl(self, *arguments: str) -> str:
        """Run ovs-appctl on ovs-vswitchd."""
        return self._run("ovs-appctl", "--timeout=60", "-t", str(self.directory / "ovs-vswitchd.ctl"), *arguments)

    def receive(self, frames: Iterable[tuple[str, bytes]]) -> None:
        """Let frames enter at devices, one after the other, as fast as the switch takes them."""
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.directory / "ovs-vswitchd.ctl"))
            for number, (device, frame) in enumerate(frames):
                call = {"method": "netdev-dummy/receive", "params": [device, frame.hex()], "id": number}
                control.sendall(json.dumps(call).encode())
                answer = b""
                while answer.count(b"}") < 1:
                    answer += control.recv(4096)
                assert json.loads(answer)["error"] is None, answer

    def ofctl(self, command: str, bridge: str, *arguments: str) -> str:
        """Run ovs-ofctl on a bridge."""
        management = f"unix:{self.directory / bridge}.mgmt"
        return self._run("ovs-ofctl", "--timeout=60", "-OOpenFlow13", command, management, *arguments)

    def _run(self, *command: str) -> str:
        done = subprocess.run(command, env=self._env, capture_output=True, text=True, timeout=40, check=False)
        assert done.returncode == 0, f"{' '.join(command)[:1000]}\n{done.stderr}"
        return done.stdout

    def announce(self, pattern: str) -> None:
        """Say that warnings like this are expected."""
        self._announced.append(pattern)

    def unannounced_warnings(self) -> list[str]:
        """Return the lines of severity WARN or worse in the log that no test announced."""
        severe = re.compile(r"\|(WARN|ERR|EMER)\|")
        lines = (line for line in self.log.read_text().splitlines() if severe.search(line))
        return [line for line in lines if not any(re.search(pattern, line) for pattern in self._announced)]


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


class Bridge:
    """One bridge of a private Open vSwitch, as the lab would make it: ports and intents in one transaction each."""

    def __init__(self, ovs: OpenVSwitch, name: str, controller: str) -> None:
        self.ovs = ovs
        self.name = name
        self.generation = 0
        self._controller = controller
        self._ofports: dict[str, int] = {}

    def create(self, switch_intent: str, ports: Mapping[str, str]) -> None:
        """Create the bridge with its intent and its ports ({device: port intent})."""
        name = self.name
        settings = ["fail_mode=secure", "datapath_type=dummy", "other_config:disable-in-band=true"]
        command = ["add-br", name, "--", "set", "Bridge", name, *settings, self._id("hvlab-switch", switch_intent)]
        controller = ["--", "set-controller", name, self._controller]
        unlimited = ["--", "set", "Controller", name, "connection_mode=out-of-band"]
        self.transact(*command, *controller, *unlimited, *self._port_commands(ports))

    def change(self, switch_intent: str) -> None:
        """Give the switch another intent."""
        self.transact(*self._change(switch_intent))

    def add_ports(self, ports: Mapping[str, str]) -> None:
        """Add ports with their intents."""
        self.transact(*self._port_commands(ports)[1:])

    def change_port(self, device: str, intent: str) -> None:
        """Give a port another intent."""
        self.transact("set", "Interface", device, self._id("hvlab-port", intent))

    def remove_port(self, device: str) -> None:
        """Remove a port."""
        self.transact("del-port", self.name, device)

    def replace_ports(self, gone: Iterable[str], ports: Mapping[str, str], switch_intent: str) -> None:
        """Remove ports, add others and give the switch another intent, all at once."""
        removed = [word for device in gone for word in ("--", "del-port", self.name, device)]
        self.transact(*self._change(switch_intent), *removed, *self._port_commands(ports))

    def _change(self, switch_intent: str) -> list[str]:
        return ["set", "Bridge", self.name, self._id("hvlab-switch", switch_intent)]

    def transact(self, *command: str) -> None:
        """Run ovs-vsctl commands and raise the generation with them."""
        self.generation += 1
        raised = ["--", "set", "Bridge", self.name, f"external_ids:hvlab-generation={self.generation}"]
        self.ovs.vsctl("--no-wait", *command, *raised)

    def reconnect(self) -> None:
        """Make the switch connect now: Open vSwitch would wait for up to 8 s after it has lost its controller."""
        path = Path(self._controller.removeprefix("unix:"))
        other = path.with_name(path.stem) if path.suffix == ".too" else path.with_name(f"{path.name}.too")
        if not other.is_symlink() and not other.exists():
            other.symlink_to(path)
        self._controller = f"unix:{other}"
        self.ovs.vsctl("--no-wait", "set", "Controller", self.name, f'target="{self._controller}"')

    def _port_commands(self, ports: Mapping[str, str]) -> list[str]:
        command = []
        for device, intent in ports.items():
            number = self._ofports.setdefault(device, len(self._ofports) + 1)
            pcap = self.ovs.directory / f"{device}.pcap"
            options = ["type=dummy", f"ofport_request={number}"]
            options += [f"options:tx_pcap={pcap}"] if len(ports) <= _MOST_CAPTURED else []
            command += ["--", "add-port", self.name, device, "--", "set", "Interface", device, *options]
            command += [self._id("hvlab-port", intent)]
        return command

    @staticmethod
    def _id(key: str, text: str) -> str:
        return f"external_ids:{key}={json.dumps(text)}"

    def state(self) -> dict[str, str]:
        """Return what the controller wrote: ``applied`` and ``fault``."""
        rows = json.loads(
            self.ovs.vsctl("--format=json", "--columns=external_ids", "find", "Bridge", f"name={self.name}")
        )
        ids = dict(rows["data"][0][0][1])
        return {key: ids[f"hvlab-{key}"] for key in ("applied", "fault") if f"hvlab-{key}" in ids}

    def document(self, key: str) -> Any:
        """Return what the bridge has under a key, as JSON; an empty one if there is nothing."""
        text = self.ovs.vsctl("--if-exists", "get", "Bridge", self.name, f"external_ids:{key}").strip()
        return json.loads(json.loads(text)) if text else {}

    def settled(self, timeout: float = 30.0) -> None:
        """Wait until the controller has acknowledged the newest generation."""
        eventually(self.is_settled, timeout=timeout)

    def is_settled(self) -> bool:
        """Tell whether the controller has acknowledged the newest generation."""
        return self._woken_state() == {"applied": str(self.generation)}

    def _woken_state(self) -> dict[str, str]:
        """Return the state; Open vSwitch 3.1 else reads what comes with a hello only half a second later."""
        self.ovs.appctl("version")
        return self.state()

    def faulted(self) -> str:
        """Wait until the newest generation is at fault; return why."""
        prefix = f"generation {self.generation}: "
        state = eventually(self.state, lambda state: state.get("fault", "").startswith(prefix), timeout=30.0)
        return state["fault"].removeprefix(prefix)

    def flows(self, stage_number: int | None = None) -> list[str]:
        """Return the flows as ovs-ofctl prints them, without counters, sorted."""
        where = [] if stage_number is None else [f"table={stage_number}"]
        lines = self.ovs.ofctl("dump-flows", self.name, *where).splitlines()
        volatile = re.compile(r"(duration|n_packets|n_bytes|idle_age|hard_age)=[^,]*, ?")
        return sorted(volatile.sub("", line).strip() for line in lines if "table=" in line)

    def groups(self) -> list[str]:
        """Return the groups as ovs-ofctl prints them, sorted."""
        return sorted(line.strip() for line in self.ovs.ofctl("dump-groups", self.name).splitlines()[1:])

    def trace(self, device: str, source: str, destination: str) -> str:
        """Return the trace of a frame."""
        frame = f"in_port={self._ofports[device]},dl_src={source},dl_dst={destination},dl_type=0x1234"
        return self.ovs.appctl("ofproto/trace", self.name, frame, "--names")

    def send(self, device: str, source: str, destination: str, payload: str) -> None:
        """Let a real frame enter at a port."""
        octets = (
            bytes.fromhex((destination + source).replace(":", "")) + b"\x12\x34" + payload.encode().ljust(46, b"\0")
        )
        self.ovs.appctl("netdev-dummy/receive", device, octets.hex())

    def received(self, payload: str) -> set[str]:
        """Return the devices that a frame with this payload has left by."""
        marker = payload.encode() + b"\0"
        return {device for device in self._ofports if any(marker in f for f in self.frames(device))}

    def lost(self, device: str, payloads: Iterable[str]) -> list[str]:
        """Return which of these payloads have not left by a device."""
        frames = b"".join(self.frames(device))
        return [payload for payload in payloads if payload.encode() + b"\0" not in frames]

    def frames(self, device: str) -> list[bytes]:
        """Return the frames that have left by a device."""
        path = self.ovs.directory / f"{device}.pcap"
        content = path.read_bytes() if path.exists() else b""
        frames, position = [], 24
        while position + 16 <= len(content):
            (length,) = struct.unpack_from("=I", content, position + 8)
            frames.append(content[position + 16 : position + 16 + length])
            position += 16 + length
        return frames


def private_directory() -> tempfile.TemporaryDirectory[str]:
    """Return a short directory: the path of a Unix socket is limited to 107 bytes."""
    return tempfile.TemporaryDirectory(prefix="hvlab-", dir="/tmp")
