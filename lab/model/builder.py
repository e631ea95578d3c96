"""How a topology script builds a lab.

>>> lab = Lab("demo")
>>> office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
>>> office.computer("pc1", "192.168.1.10")
>>> hv1 = lab.host("hv1")
>>> nic = hv1.nic("Ethernet", office, "192.168.1.20")
>>> switch = hv1.external_switch("External", nic)
>>> web1 = hv1.vm("web1", switch, "192.168.1.31")

Nothing is created by this: the script describes, ``hvlab up`` builds. Things are declared before they are referred to:
a network before its NICs, a switch before its VMs. An address may be written without its prefix length where a subnet
is known: that of the physical network, or of the management OS on an internal switch. A mistake does not stop the
script; all of them are reported together, each with the line that made it.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path

from lab.errors import TopologyError
from lab.model.addresses import IpSettings, Network
from lab.model.default_subnets import placed
from lab.model.host_builder import HostBuilder
from lab.model.names import quoted
from lab.model.network_builder import NetworkBuilder
from lab.model.nlb import NlbMode
from lab.model.nlb_builder import ClusterBuilder, WrittenRule, read_cluster
from lab.model.notes import Notes
from lab.model.objects import DEFAULT_MTU, Computer, Internet, LabModel
from lab.model.parameters import Parameter, Value, loading, read_parameter
from lab.model.reading import Reader, Texts
from lab.model.vm_builder import VmBuilder

__all__ = ["HostBuilder", "Lab", "NetworkBuilder", "VmBuilder"]


class Lab:
    """A lab under construction. ``interruption_s``: how long a NIC is cut off when a switch takes or releases it."""

    def __init__(self, name: str, *, interruption_s: float = 2.0) -> None:
        self._notes = Notes()
        self.name = Reader(self._notes, "lab").name("lab", name, "lab")
        self._interruption_s = Reader(self._notes, self.name).seconds("interruption_s", interruption_s, 2.0)
        self._hosts: list[HostBuilder] = []
        self._networks: list[NetworkBuilder] = []
        self._internet: list[Computer] = []
        self._internet_subnets: list[Network] = []
        self._clusters: dict[str, ClusterBuilder] = {}
        self._notes.declare(f"lab {self.name}")
        now = loading.get()
        if now:
            now.labs.append(self)

    def parameter(
        self, name: str, default: Value, meaning: str = "", *, minimum: float = -math.inf, maximum: float = math.inf
    ) -> Value:
        """Return what the user set with ``--set NAME=VALUE`` or in ``HVLAB_NAME``, as the type of the default."""
        return read_parameter(self._notes, Parameter(name, meaning, minimum, maximum), default)

    def physical_network(  # noqa: PLR0913 - settings given by name
        self,
        name: str,
        *subnets: str,
        router: Texts = (),
        nat: bool = True,
        mtu: int = DEFAULT_MTU,
        igmp_snooping: bool = False,
        router_advertisements: bool = False,
    ) -> NetworkBuilder:
        """Add a physical network. ``router``: the address(es) of its router to the internet; ``nat``: it hides IPv4.

        ``igmp_snooping``: its switch gives what is for a multicast group to those who have joined only.
        ``router_advertisements``: its router tells everybody its IPv6 subnets, and that it is the router.
        """
        network = NetworkBuilder(
            self._notes,
            name,
            subnets,
            router=router,
            nat=nat,
            mtu=mtu,
            igmp_snooping=igmp_snooping,
            advertising=router_advertisements,
        )
        self._networks.append(network)
        return network

    def internet_host(self, name: str, *addresses: str) -> None:
        """Add a host on the internet, such as 203.0.113.80/24 (a documentation address, RFC 5737)."""
        title = Reader(self._notes, "internet host").name("internet host", name, f"internet-{len(self._internet) + 1}")
        self._notes.declare(title)
        found = Reader(self._notes, title).interfaces(addresses, tuple(self._internet_subnets))
        self._internet_subnets += [a.network for a in found if a.network not in self._internet_subnets]
        self._internet.append(Computer(title, IpSettings(found)))

    def host(
        self, name: str, *, forwarding: bool = False, mac_address_minimum: str = "", mac_address_maximum: str = ""
    ) -> HostBuilder:
        """Add a Hyper-V host; with ``forwarding`` its management OS routes.

        ``mac_address_minimum`` and ``mac_address_maximum`` are the range of its dynamic MAC addresses (Set-VMHost).
        """
        host = HostBuilder(self._notes, self._networks, name, forwarding=forwarding)
        host.set_mac_range(mac_address_minimum, mac_address_maximum)
        self._hosts.append(host)
        return host

    def nlb_cluster(
        self,
        name: str,
        address: str,
        *,
        mode: NlbMode | str = NlbMode.UNICAST,
        rules: Sequence[WrittenRule] | None = None,
    ) -> ClusterBuilder:
        """Add a cluster of Network Load Balancing with an IP address, such as 192.168.1.100/24 (New-NlbCluster).

        ``rules`` are made by :func:`nlb_rule`; without any it has the one for all ports. VMs become its nodes by
        ``vm.nlb_node(cluster, priority=…)``.
        """
        title = Reader(self._notes, self.name).name("NLB cluster", name, f"cluster-{len(self._clusters) + 1}")
        read = Reader(self._notes, f"NLB cluster {title}")
        self._notes.declare(read.owner)
        if title in self._clusters:
            read.mistake(f"two NLB clusters are called {quoted(title)}", "give every one a name of its own")
        self._clusters[title] = read_cluster(read, title, address, mode, rules)
        return self._clusters[title]

    def model(self) -> LabModel:
        """Return the described lab; TopologyError with every mistake there is."""
        from lab.model.validate import validate

        before = len(self._notes.mistakes)
        model = LabModel(
            name=self.name,
            hosts=tuple(host.value() for host in self._hosts),
            networks=tuple(network.value(at, self._internet_subnets) for at, network in enumerate(self._networks)),
            internet=Internet(tuple(self._internet_subnets), tuple(self._internet)),
            interruption_s=self._interruption_s,
        )
        model = placed(model)
        nodes = [adapter.nlb.cluster for _, vm in model.vms() for adapter in vm.adapters if adapter.nlb]
        for name, cluster in self._clusters.items():
            if cluster.node and name not in nodes:
                target, remedy = f"NLB cluster {name}", "give it some: vm.nlb_node(cluster, priority=1)"
                what = f"NLB cluster {quoted(name)} has no node"
                self._notes.mistake(what, target=target, remedy=remedy, where=self._notes.places[target])
        mistakes = self._notes.together_with(validate(model))
        del self._notes.mistakes[before:]
        if mistakes:
            raise TopologyError(mistakes)
        return model

    def main(self) -> None:
        """Start this lab and show who can talk to whom: what a topology script does when it is run by itself."""
        if loading.get():
            return
        from lab.__main__ import run_topology

        run_topology(Path(sys.argv[0]), self.name)
