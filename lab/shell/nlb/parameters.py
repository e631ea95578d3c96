"""Parameters that many cmdlets for clusters have."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lab.shell.command import Parameter, Support

NON_PIPELINE, PIPELINE = "NonPipeline", "Pipeline"

HOST: Final = Parameter("HostName", sets=(NON_PIPELINE,), aliases=("Host", "HN", "H"), complete="vm",
                        help="A VM that is a node; the one the script runs on if none.")  # fmt: skip
INTERFACE: Final = Parameter("InterfaceName", sets=(NON_PIPELINE,), aliases=("Interface", "IN", "I"),
                             help="What the node calls the interface: Ethernet.")  # fmt: skip
CLUSTERS: Final = Parameter("InputObject", "Cluster[]", sets=(PIPELINE,), mandatory=True, pipe="VP",
                            help="Clusters, of Get-NlbCluster.")  # fmt: skip
NODES: Final = replace(CLUSTERS, type="Node[]", help="Nodes, of Get-NlbClusterNode.")
RULES: Final = replace(CLUSTERS, type="PortRule[]", help="Port rules, of Get-NlbClusterPortRule.")
FORCE: Final = Parameter("Force", "Switch", aliases=("F",), help="Does not ask.")
FORCE_ONLY: Final = replace(FORCE, support=Support.ACCEPTED)
DRAIN: Final = Parameter("Drain", "Switch", aliases=("D",), help="Takes no new connections, and lets the others end.")
TIMEOUT: Final = Parameter("Timeout", "UInt32", aliases=("T",), help="After so many seconds of draining it stops.")
MODES: Final = ("Unicast", "Multicast", "IgmpMulticast")
