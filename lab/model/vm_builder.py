"""How a topology script describes a VM (see :mod:`lab.model.builder`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Unpack

from lab.model.adapter_builder import VmAdapterSettings, read_settings
from lab.model.advertising_builder import read_advertisements
from lab.model.boot import BootServer
from lab.model.boot_builder import WrittenFiles, read_tftp_server, read_wds
from lab.model.dhcp import FailoverMode, ServerRole
from lab.model.dhcp6_builder import WrittenScope6
from lab.model.dhcp_builder import Options, WrittenPolicy, WrittenScope, read_failover, read_relay, read_server
from lab.model.kinds import AdapterKind
from lab.model.names import quoted, vlan_interface_name
from lab.model.nlb_builder import ClusterBuilder, WrittenRule, read_rules
from lab.model.notes import Notes
from lab.model.objects import (
    GuestTeam,
    NetworkAdapter,
    VirtualMachine,
    VlanInterface,
)
from lab.model.reading import Reader, Texts, shown
from lab.model.rules.mistakes import known

if TYPE_CHECKING:
    from lab.model.host_builder import HostBuilder


class VmBuilder:
    """A VM under construction; every call returns it, so that calls can be chained."""

    def __init__(self, host: HostBuilder, value: VirtualMachine, notes: Notes) -> None:
        self._host = host
        self.value = value
        self._notes = notes

    def adapter(
        self,
        switch: str | None = None,
        *addresses: str,
        name: str = "",
        gateway: Texts = None,
        legacy: bool = False,
        **settings: Unpack[VmAdapterSettings],
    ) -> VmBuilder:
        """Add a network adapter (Add-VMNetworkAdapter); the first is called "Network Adapter", as New-VM does."""
        about = Reader(self._notes, self.value.name)
        old = about.flag("legacy", legacy, False)
        free = self._free_name("Legacy Network Adapter" if old else "Network Adapter")
        title = about.name("adapter", name, free) if name != "" else free
        read = Reader(self._notes, f"{self.value.name}/{title}")
        self._notes.declare(read.owner)
        kind = AdapterKind.LEGACY if old else AdapterKind.SYNTHETIC
        found = self._host.known_switch(switch, about)
        ip = self._host.settings_on(switch, read.owner, addresses, gateway)
        if self._host.leases(found) and not addresses and gateway is None:
            ip = replace(ip, dhcp=True)
        fields = read_settings(read, settings, VmAdapterSettings)
        adapter = NetworkAdapter(title, found, kind, ip=ip, **fields)
        self.value = replace(self.value, adapters=(*self.value.adapters, adapter))
        return self

    def vlan_interface(
        self, vlan_id: int, *addresses: str, adapter: str | None = None, gateway: Texts = None
    ) -> VmBuilder:
        """Have the guest make itself an interface for the tagged frames of a VLAN, on the first adapter or the named.

        The switch lets those frames pass if the adapter is a trunk that allows the VLAN (``vlan=trunk(...)``).
        """
        about = Reader(self._notes, self.value.name)
        number = about.number("the VLAN id of an interface", vlan_id, 0)
        at = self._adapter_named(adapter, about)
        if at is None or number != vlan_id:
            return self
        adapters = list(self.value.adapters)
        owner = f"{self.value.name}/{vlan_interface_name(adapters[at].name, number)}"
        self._notes.declare(owner)
        ip = self._host.settings_on(adapters[at].switch, owner, addresses, gateway)
        more = (*adapters[at].vlan_interfaces, VlanInterface(number, ip))
        adapters[at] = replace(adapters[at], vlan_interfaces=more)
        self.value = replace(self.value, adapters=tuple(adapters))
        return self

    def dhcp_server(
        self,
        *scopes: WrittenScope | WrittenScope6,
        policies: Sequence[WrittenPolicy] = (),
        **options: Unpack[Options],
    ) -> VmBuilder:
        """Give the VM the DHCP Server role (Install-WindowsFeature DHCP) with scopes, and options for all of them.

        A scope is made by :func:`dhcp_scope`, or by :func:`dhcp_scope6` for IPv6, a policy by :func:`dhcp_policy`.
        """
        about = Reader(self._notes, self.value.name)
        if self.value.dhcp_server:
            about.mistake(f"VM {quoted(self.value.name)} has the DHCP Server role twice", "give it all scopes at once")
            return self
        self.value = replace(self.value, dhcp_server=read_server(about, scopes, policies, options))
        return self

    def dhcp_failover(  # noqa: PLR0913 - settings given by name
        self,
        name: str,
        partner: str,
        *,
        scope_ids: Sequence[str] | None = None,
        mode: FailoverMode | str = FailoverMode.LOAD_BALANCE,
        server_role: ServerRole | str = ServerRole.ACTIVE,
        reserve_percent: int = 5,
        max_client_lead_time_s: int = 3600,
    ) -> VmBuilder:
        """Have another VM with the role serve scopes of this one, too (Add-DhcpServerv4Failover); all unless named.

        Leases are the same on both. What is changed later in the scopes' settings reaches the partner only by
        ``hvlab dhcp replicate``.
        """
        about = Reader(self._notes, self.value.name)
        server = self.value.dhcp_server
        if server is None or server.failover:
            why = "it has no DHCP Server role (yet)" if server is None else "it has one already"
            about.mistake(f"VM {quoted(self.value.name)} cannot have the failover {shown(name)}: {why}")
            return self
        found = read_failover(
            about, server, name, partner, scope_ids, mode, server_role, reserve_percent, max_client_lead_time_s
        )
        self.value = replace(self.value, dhcp_server=replace(server, failover=found))
        return self

    def dhcp_relay(self, *servers: str) -> VmBuilder:
        """Make the VM a DHCP relay agent: what clients beside it ask reaches servers in other subnets (RFC 2131)."""
        about = Reader(self._notes, self.value.name)
        self.value = replace(self.value, dhcp_relay=read_relay(about, servers))
        return self

    def nlb_node(  # noqa: PLR0913 - settings given by name
        self,
        cluster: ClusterBuilder | None,
        priority: int,
        *,
        adapter: str | None = None,
        load_weight: int | None = None,
        handling_priority: int = 0,
        rules: Sequence[WrittenRule] | None = None,
    ) -> VmBuilder:
        """Make the first adapter, or the named one, a node of a cluster (Add-NlbClusterNode).

        ``load_weight`` None is Equal; ``handling_priority`` 0 is the host's. ``rules``: it has others than its cluster,
        which the others' do not accept.
        """
        about = Reader(self._notes, self.value.name)
        at = self._adapter_named(adapter, about)
        if not isinstance(cluster, ClusterBuilder):
            wrong = f"VM {quoted(self.value.name)} is to be a node of {shown(cluster)}"
            about.mistake(wrong, "expected what lab.nlb_cluster(...) returns")
            return self
        if at is None or cluster.node is None:
            return self
        adapters = list(self.value.adapters)
        read = Reader(self._notes, f"{self.value.name}/{adapters[at].name}")
        if adapters[at].nlb:
            read.mistake(f"adapter {quoted(read.owner)} is a node of two NLB clusters", "an adapter is in one at most")
            return self
        node = replace(
            cluster.node,
            priority=read.number("priority", priority, 1),
            load_weight=None if load_weight is None else read.number("load_weight", load_weight, 0),
            handling_priority=read.number("handling_priority", handling_priority, 0),
            rules=cluster.node.rules if rules is None else read_rules(read, rules),
        )
        adapters[at] = replace(adapters[at], nlb=node)
        self.value = replace(self.value, adapters=tuple(adapters))
        return self

    def tftp_server(self, files: WrittenFiles) -> VmBuilder:
        """Have the VM serve files by TFTP: by name, with their sizes in bytes (they are made up), or their text."""
        return self._boot_server(read_tftp_server(Reader(self._notes, self.value.name), files))

    def wds_server(
        self,
        *,
        boot_programs: Mapping[int, str] | None = None,
        files: WrittenFiles | None = None,
        use_dhcp_ports: bool = True,
    ) -> VmBuilder:
        """Give the VM the role Windows Deployment Services (Install-WindowsFeature WDS): it answers PXE clients.

        ``boot_programs`` are the boot files by architecture (0 BIOS, 7 UEFI x64; WDSUTIL /Set-Server /BootProgram).
        Next to a DHCP server ``use_dhcp_ports`` is to be False.
        """
        about = Reader(self._notes, self.value.name)
        return self._boot_server(read_wds(about, boot_programs, files, use_dhcp_ports))

    def _boot_server(self, server: BootServer) -> VmBuilder:
        if self.value.boot_server:
            what = f"VM {quoted(self.value.name)} serves boot files twice"
            Reader(self._notes, self.value.name).mistake(what, "give it all files at once")
        else:
            self.value = replace(self.value, boot_server=server)
        return self

    def router_advertisements(
        self,
        *,
        managed: bool = False,
        other: bool = False,
        autonomous: bool = True,
        default_route: bool = True,
        adapters: Sequence[str] = (),
    ) -> VmBuilder:
        """Have the VM tell the machines beside it that it is a router for their IPv6 subnets.

        ``managed``: they are to ask a DHCPv6 server for addresses; ``other``: for all but those; ``autonomous``: they
        may make themselves addresses. ``adapters`` names those that advertise; all that have IPv6 do unless some are
        named (Set-NetIPInterface -Advertising Enabled; RFC 4861).
        """
        about = Reader(self._notes, self.value.name)
        found = read_advertisements(
            about, managed=managed, other=other, autonomous=autonomous, default_route=default_route, adapters=adapters
        )
        self.value = replace(self.value, router_advertisements=found)
        return self

    def team(
        self, name: str, *addresses: str, adapters: Sequence[str] | None = None, gateway: Texts = None
    ) -> VmBuilder:
        """Have the guest make a team of two adapters, all of them unless named: it uses the first that has a link.

        The adapters are on two external switches, and have ``allow_teaming=True`` (New-NetLbfoTeam in the guest).
        """
        about = Reader(self._notes, self.value.name)
        title = about.name("team", name, "Team")
        owner = f"{self.value.name}/{title}"
        self._notes.declare(owner)
        given = [each.name for each in self.value.adapters] if adapters is None else adapters
        if self.value.team or not isinstance(given, list | tuple) or not all(isinstance(each, str) for each in given):
            wrong = f"adapters is {shown(adapters)}, expected a list of names"
            why = "it has a team already" if self.value.team else wrong
            about.mistake(f"VM {quoted(self.value.name)} cannot have the team {quoted(title)}: {why}")
            return self
        found = [at for each in given if (at := self._adapter_named(each, about)) is not None]
        members = [self.value.adapters[at] for at in found]
        switch = next((each.switch for each in members if each.switch), None)
        ip = self._host.settings_on(switch, owner, addresses, gateway)
        if len(found) == len(given):
            self.value = replace(self.value, team=GuestTeam(title, tuple(each.name for each in members), ip))
        return self

    def _adapter_named(self, name: object, read: Reader) -> int | None:
        """Return which adapter has a name, the first for None; None if there is no such one, which is noted."""
        names = [adapter.name for adapter in self.value.adapters]
        if name is None or name in names:
            return 0 if name is None else names.index(str(name))
        read.mistake(f"VM {quoted(self.value.name)} has no adapter called {quoted(name)}", known(names, name))
        return None

    def _free_name(self, stem: str) -> str:
        names = {adapter.name for adapter in self.value.adapters}
        return next(
            name for at in range(1, len(names) + 2) if (name := stem if at == 1 else f"{stem} {at}") not in names
        )
