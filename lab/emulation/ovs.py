"""The Open vSwitch of one node: its two processes, and its bridges and ports as OVSDB operations.

Each node has its own database and daemon, on Unix sockets in a directory of its own; the distribution's Open vSwitch
service is neither used nor disturbed. Always the userspace datapath: it needs no kernel module.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from controllers.pipeline.tables import stage_named
from lab.emulation import rejoin
from lab.emulation.ovsdb import Operation, Row, as_list, as_map
from lab.emulation.pod.process import Process
from lab.engine.resources import PHYSICAL, Bridge, Port
from lab.errors import EnvironmentFault
from lab.intent import GENERATION_KEY, PORT_KEY, SWITCH_KEY, decode_port, decode_switch, encode
from lab.model.addresses import stable_mac

RUN: Final = Path("/run/hvlab")
SWITCH_DIRECTORY: Final = RUN / "ovs"
LOGS: Final = RUN / "log"
CONTROLLER_SOCKET: Final = RUN / "controller.sock"
SCHEMA: Final = Path("/usr/share/openvswitch/vswitch.ovsschema")

PROGRAMS: Final = ("ovsdb-server", "ovs-vswitchd")

REVALIDATION_MS: Final = 200
MAC_TABLE_ENTRIES: Final = 16_384
"""How many addresses a virtual switch knows at most, as much as a real switch does; then the oldest learned one goes.

Without it a VM that sends from ever new addresses makes the switch keep each of them for its ageing time.
"""

SESSIONS: Final = 65_536
"""How many answers the stateful entries of a virtual switch's extended ACLs wait for at most."""

LIMITS: Final = {"fdb": MAC_TABLE_ENTRIES, "sessions": SESSIONS}
"""How much the stages that remember remember."""

SELECTED: Final = {
    "Bridge": ["_uuid", "name", "ports", "external_ids", "other_config", "mcast_snooping_enable"],
    "Port": ["_uuid", "name", "interfaces", "qos", "tag"],
    "Interface": ["_uuid", "name", "type", "external_ids", "ofport", "ofport_request", "mac", "mtu_request", "error"],
}


@dataclass(frozen=True, slots=True)
class Tables:
    """What one database holds: rows by name, as plain values."""

    bridges: dict[str, dict[str, Any]]
    ports: dict[str, dict[str, Any]]
    interfaces: dict[str, dict[str, Any]]
    next_cfg: int = 0
    cur_cfg: int = 0


def directory(node: str) -> Path:
    """Return where the sockets and the database of a node's Open vSwitch are, inside the pod.

    The controller follows the databases of Hyper-V hosts only; the physical world is not its business.
    """
    return RUN / "physical" if node == PHYSICAL else SWITCH_DIRECTORY / node


def binary(name: str) -> str:
    """Return the path of an Open vSwitch program; EnvironmentFault if there is none."""
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin")
    if not found:
        raise EnvironmentFault(
            f'the program "{name}" is missing', remedy="run: sudo apt-get install openvswitch-switch"
        )
    return found


def create_database(path: Path) -> None:
    """Create an empty database at `path`."""
    template = RUN / "empty.db"
    if not template.exists():
        command = [binary("ovsdb-tool"), "create", str(template), str(SCHEMA)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode != 0:
            raise EnvironmentFault(
                f"cannot create an Open vSwitch database: {done.stderr.strip()}",
                remedy="run: sudo apt-get install --reinstall openvswitch-switch openvswitch-common",
            )
    shutil.copyfile(template, path)


def remove(node: str) -> None:
    """Remove what the Open vSwitch of a node has left: its database, sockets and logs."""
    shutil.rmtree(directory(node), ignore_errors=True)
    for program in PROGRAMS:
        for log in (f"{program}@{node}.log", f"{program}@{node}.log.1"):
            (LOGS / log).unlink(missing_ok=True)


def processes(node: str) -> tuple[Process, Process]:
    """Return what to spawn for a node's Open vSwitch: the database server, then the daemon."""
    home = directory(node)
    environment = {
        "OVS_RUNDIR": str(home),
        "OVS_LOGDIR": str(LOGS),
        "OVS_DBDIR": str(home),
        "PATH": "/usr/sbin:/usr/bin",
    }
    quiet = ("-vconsole:off", "-vsyslog:off")
    server = Process(
        name=f"ovsdb-server@{node}",
        argv=(
            binary("ovsdb-server"),
            str(home / "conf.db"),
            f"--remote=punix:{home}/db.sock",
            f"--remote={rejoin.remote_of(str(home))}",
            f"--unixctl={home}/ovsdb-server.ctl",
            f"--log-file={LOGS}/ovsdb-server@{node}.log",
            *quiet,
        ),
        env=environment,
        cwd=str(home),
        restart=True,
        log=f"{LOGS}/ovsdb-server@{node}.log",
        ready=str(home / "db.sock"),
    )
    daemon = Process(
        name=f"ovs-vswitchd@{node}",
        argv=(
            binary("ovs-vswitchd"),
            f"punix:{home}/{rejoin.DAEMON_SOCKET}",
            f"--unixctl={home}/ovs-vswitchd.ctl",
            f"--log-file={LOGS}/ovs-vswitchd@{node}.log",
            *quiet,
            "-vofproto_dpif_xlate:file:warn",  # it would log at every flood that it skips the sender
        ),
        env=environment,
        cwd=str(home),
        enter={"net": node},
        restart=True,
        log=f"{LOGS}/ovs-vswitchd@{node}.log",
        after_restart=(sys.executable, "-I", "-S", "-E", rejoin.__file__, str(home)),
    )
    return server, daemon


def join(node: str) -> None:
    """Bring a node's database server and its daemon together, when both have been started."""
    rejoin.rejoin(str(directory(node)))


def first_configuration() -> Operation:
    """Return what must be set first of all: TCP segmentation offload in userspace, which the daemon looks at but once.

    Without it TCP between VMs carries nothing, unless their checksum offload is off, and then it is eight times slower.
    And how long at most what the switch has learned may go unnoticed by what it has decided before: a daemon does not
    look into that at once. More often costs less than a hundredth of a processor in an idle lab.
    """
    row = {"other_config": as_map({"userspace-tso-enable": "true", "max-revalidator": str(REVALIDATION_MS)})}
    return {"op": "insert", "table": "Open_vSwitch", "row": row}


def raise_next_cfg() -> tuple[Operation, Operation]:
    """Return operations that ask the daemon to say when it has done everything; the second one tells the number."""
    return (
        {"op": "mutate", "table": "Open_vSwitch", "where": [], "mutations": [["next_cfg", "+=", 1]]},
        {"op": "select", "table": "Open_vSwitch", "where": [], "columns": ["next_cfg"]},
    )


def wait_for_cfg(number: int, timeout_s: float) -> Operation:
    """Return the operation that waits until the daemon has done what configuration `number` asks for."""
    return {
        "op": "wait",
        "table": "Open_vSwitch",
        "where": [],
        "columns": ["cur_cfg"],
        "until": "==",
        "rows": [{"cur_cfg": number}],
        "timeout": int(timeout_s * 1000),
    }


SELECT_ERRORS: Final[Operation] = {
    "op": "select",
    "table": "Interface",
    "where": [["error", "!=", ["set", []]]],
    "columns": ["name", "error"],
}


def create_bridge(bridge: Bridge, at: int, generation: int) -> Iterator[Operation]:
    """Yield the operations that create a bridge; ``at`` makes names that are unique in the transaction."""
    local = {"name": bridge.device, "type": "internal"}
    # Its own device must not borrow the address of one of its ports.
    other = {"hwaddr": stable_mac(bridge.node, bridge.device)}
    row: dict[str, Any] = {
        "name": bridge.device,
        "datapath_type": "netdev",
        "ports": ["named-uuid", f"bridge{at}port"],
    }
    if bridge.intent is None:
        row |= {"fail_mode": "standalone", "other_config": as_map(other)}
        row |= {"mcast_snooping_enable": bridge.igmp_snooping}
    else:
        target = f"unix:{directory(bridge.node)}/controller.sock"
        row |= {
            "fail_mode": "secure",
            "controller": ["named-uuid", f"bridge{at}controller"],
            "other_config": as_map({**other, "datapath-id": f"{bridge.dpid:016x}", "disable-in-band": "true"}),
            "external_ids": as_map({SWITCH_KEY: encode(bridge.intent), GENERATION_KEY: str(generation)}),
            "flow_tables": [
                "map",
                [[stage_named(stage).number, ["named-uuid", f"bridge{at}{stage}"]] for stage in LIMITS],
            ],
        }
        # Only what expires is ever evicted, which is what was learned: assigned addresses stay.
        for stage, most in LIMITS.items():
            limit = {"name": stage, "flow_limit": most, "overflow_policy": "evict"}
            yield {"op": "insert", "table": "Flow_Table", "row": limit, "uuid-name": f"bridge{at}{stage}"}
        controller = {"target": target, "connection_mode": "out-of-band", "max_backoff": 1000}
        yield {"op": "insert", "table": "Controller", "row": controller, "uuid-name": f"bridge{at}controller"}
    yield {"op": "insert", "table": "Interface", "row": local, "uuid-name": f"bridge{at}local"}
    port = {"name": bridge.device, "interfaces": ["named-uuid", f"bridge{at}local"]}
    yield {"op": "insert", "table": "Port", "row": port, "uuid-name": f"bridge{at}port"}
    yield {"op": "insert", "table": "Bridge", "row": row, "uuid-name": f"bridge{at}"}
    yield _mutate("Open_vSwitch", [], ["bridges", "insert", ["set", [["named-uuid", f"bridge{at}"]]]])


def change_bridge(bridge: Bridge) -> Iterator[Operation]:
    """Yield the operations that publish a bridge's new intent."""
    if bridge.intent:
        yield from set_external_id("Bridge", bridge.device, SWITCH_KEY, encode(bridge.intent))
    else:
        row = {"mcast_snooping_enable": bridge.igmp_snooping}
        yield {"op": "update", "table": "Bridge", "where": [["name", "==", bridge.device]], "row": row}


def create_port(port: Port, at: int) -> Iterator[Operation]:
    """Yield the operations that create a port and publish its intent, in one transaction."""
    row: dict[str, Any] = {"name": port.device, **_device_columns(port)}
    if port.intent:
        row["external_ids"] = as_map({PORT_KEY: encode(port.intent)})
    if port.ofport:
        row["ofport_request"] = port.ofport
    yield {"op": "insert", "table": "Interface", "row": row, "uuid-name": f"interface{at}"}
    content: Row = {"name": port.device, "interfaces": ["named-uuid", f"interface{at}"]}
    if port.shaped:
        # Without this Open vSwitch takes the shaper off the device.
        yield {"op": "insert", "table": "QoS", "row": {"type": "linux-noop"}, "uuid-name": f"qos{at}"}
        content["qos"] = ["named-uuid", f"qos{at}"]
    if port.vlan is not None:
        content["tag"] = port.vlan
    yield {"op": "insert", "table": "Port", "row": content, "uuid-name": f"port{at}"}
    where = [["name", "==", port.bridge]]
    yield _mutate("Bridge", where, ["ports", "insert", ["set", [["named-uuid", f"port{at}"]]]])


def change_port(port: Port) -> Iterator[Operation]:
    """Yield the operations that change a port in place."""
    where = [["name", "==", port.device]]
    if row := _device_columns(port):
        yield {"op": "update", "table": "Interface", "where": where, "row": row}
    if port.intent:
        yield from set_external_id("Interface", port.device, PORT_KEY, encode(port.intent))
    else:
        tag = ["set", []] if port.vlan is None else port.vlan
        yield {"op": "update", "table": "Port", "where": where, "row": {"tag": tag}}


def _device_columns(port: Port) -> dict[str, Any]:
    return {"type": "internal", "mac": port.mac, "mtu_request": port.mtu} if port.internal else {}


def set_external_id(table: str, name: str, key: str, value: str) -> Iterator[Operation]:
    """Yield the operations that set one key of a row, and leave the others, which are someone else's, alone."""
    where = [["name", "==", name]]
    yield _mutate(table, where, ["external_ids", "delete", ["set", [key]]])
    yield _mutate(table, where, ["external_ids", "insert", as_map({key: value})])


def raise_generation(bridge: str, generation: int) -> Iterator[Operation]:
    yield from set_external_id("Bridge", bridge, GENERATION_KEY, str(generation))


def remove_port(tables: Tables, port: Port) -> Iterator[Operation]:
    """Yield the operation that removes a port, if it is there."""
    row = tables.ports.get(port.device)
    if row:
        where = [["name", "==", port.bridge]]
        yield _mutate("Bridge", where, ["ports", "delete", ["set", [["uuid", row["_uuid"]]]]])


def remove_bridge(tables: Tables, bridge: Bridge) -> Iterator[Operation]:
    """Yield the operation that removes a bridge with its ports, if it is there."""
    row = tables.bridges.get(bridge.device)
    if row:
        yield _mutate("Open_vSwitch", [], ["bridges", "delete", ["set", [["uuid", row["_uuid"]]]]])


def _mutate(table: str, where: list[Any], mutation: list[Any]) -> Operation:
    return {"op": "mutate", "table": table, "where": where, "mutations": [mutation]}


def observed_bridges(node: str, tables: Tables) -> Iterator[Bridge]:
    """Yield the bridges that a database holds."""
    for name, row in sorted(tables.bridges.items()):
        text = row["external_ids"].get(SWITCH_KEY)
        dpid = int(row["other_config"].get("datapath-id", "0"), 16)
        yield Bridge(node, name, dpid, decode_switch(text) if text else None, row["mcast_snooping_enable"])


def observed_ports(node: str, tables: Tables) -> Iterator[Port]:
    """Yield the ports that a database holds, except each bridge's own."""
    owner = {uuid: name for name, row in tables.bridges.items() for uuid in as_list(row["ports"])}
    for name, row in sorted(tables.ports.items()):
        interface = tables.interfaces.get(name)
        bridge = owner.get(row["_uuid"])
        if interface is None or bridge is None or name in tables.bridges:
            continue
        text = interface["external_ids"].get(PORT_KEY)
        internal = interface["type"] == "internal"
        yield Port(
            node=node,
            bridge=bridge,
            device=name,
            ofport=next(iter(as_list(interface["ofport_request"])), 0),
            internal=internal,
            shaped=bool(as_list(row["qos"])),
            mac=next(iter(as_list(interface["mac"])), "") if internal else "",
            mtu=next(iter(as_list(interface["mtu_request"])), 0) if internal else 0,
            vlan=next(iter(as_list(row["tag"])), None),
            intent=decode_port(text) if text else None,
        )


def broken(interfaces: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield (device, reason) of every interface that the daemon could not make."""
    for row in interfaces:
        for error in as_list(row["error"]):
            yield row["name"], error
