"""The contract between the lab and the controller: what each switch and each port is meant to do.

The lab writes these documents, as canonical JSON, into the OVSDB of the Hyper-V host in the same transaction that
creates the bridge or the port they belong to; the controller compiles them to flows and acknowledges the generation:

==========  =================================  ==========  ===================================================
OVSDB row   key in ``external_ids``            written by  content
==========  =================================  ==========  ===================================================
Bridge      ``hvlab-switch``                   lab         a :class:`SwitchIntent`
Bridge      ``hvlab-generation``               lab         a counter, raised with every change of intent
Interface   ``hvlab-port``                     lab         a :class:`PortIntent`
Bridge      ``hvlab-applied``                  controller  the last generation that a barrier confirmed
Bridge      ``hvlab-fault``                    controller  why a generation could not be applied, in words
Bridge      ``hvlab-leases``                   controller  what a Default Switch has leased (:mod:`lab.intent.leases`)
Bridge      ``hvlab-ignored``                  controller  what its DHCP could not understand, by adapter
==========  =================================  ==========  ===================================================

A fault begins with the generation it is about (``generation 7: ...``), so that one about an older generation is not
taken for one about the newest.
"""

from lab.intent.codec import IntentError, decode_port, decode_switch, encode
from lab.intent.documents import (
    APPLIED_KEY,
    FAULT_KEY,
    GENERATION_KEY,
    INTENT_VERSION,
    PORT_KEY,
    SWITCH_KEY,
    LearningMode,
    PortIntent,
    PortKind,
    SwitchIntent,
    SwitchType,
)

__all__ = [
    "APPLIED_KEY",
    "FAULT_KEY",
    "GENERATION_KEY",
    "INTENT_VERSION",
    "PORT_KEY",
    "SWITCH_KEY",
    "IntentError",
    "LearningMode",
    "PortIntent",
    "PortKind",
    "SwitchIntent",
    "SwitchType",
    "decode_port",
    "decode_switch",
    "encode",
]
