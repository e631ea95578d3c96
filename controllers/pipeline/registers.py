"""The registers: what travels with a frame from stage to stage, and between which stages it means something.

A register is zero when a frame enters the pipeline. The compiler refuses a flow that uses one outside its lifetime.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Register:
    """One 32-bit register, meaningful from stage `born` to stage `dies`, both included."""

    name: str
    number: int
    born: str
    dies: str
    meaning: str

    @property
    def openflow_name(self) -> str:
        return f"reg{self.number}"


_DECLARED = (
    ("receiver", "team_in", "leave", "port number of the one receiver; 0 while it is not known"),
    ("vlan", "vlan_in", "leave", "the VLAN the frame travels in; 0 is untagged"),
    ("database", "vlan_in", "fdb", "the VLAN in whose MAC table the addresses are: of a private VLAN the primary one"),
    ("verdict", "guard_check", "guard_apply", "number of the reason to drop the frame; 0 is none"),
    ("admitted_out", "acl_out", "sessions", "1 for an answer that an extended ACL lets out of its port"),
    ("mirrored", "mirror_out", "mirror", "1 if mirrors have a copy from the sender, 2 if many get the frame; else 0"),
    ("admitted_in", "acl_in", "sessions", "1 for an answer that an extended ACL lets into its port"),
    ("arrived", "classify", "team_check", "port number of the team's member by which the frame came in"),
    ("member", "team_member", "leave", "port number of the team's member that the frame should come in or leave by"),
    ("own_member", "uplink", "leave", "that of the sender's own member, where its flows leave by several; else 0"),
    ("pcp", "vlan_in", "output", "the 802.1p priority of the frame; 0 where it is not kept"),
)

REGISTERS: Final[tuple[Register, ...]] = tuple(
    Register(name, number, born, dies, meaning) for number, (name, born, dies, meaning) in enumerate(_DECLARED)
)
BY_NAME: Final = {register.name: register for register in REGISTERS}
RECEIVER: Final = BY_NAME["receiver"]
VLAN: Final = BY_NAME["vlan"]
DATABASE: Final = BY_NAME["database"]
ADMITTED_OUT: Final = BY_NAME["admitted_out"]
MIRRORED: Final = BY_NAME["mirrored"]
ADMITTED_IN: Final = BY_NAME["admitted_in"]
ARRIVED: Final = BY_NAME["arrived"]
MEMBER: Final = BY_NAME["member"]
OWN_MEMBER: Final = BY_NAME["own_member"]
VERDICT: Final = BY_NAME["verdict"]
PCP: Final = BY_NAME["pcp"]
