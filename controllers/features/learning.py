"""Where an address is: learning, and the addresses that are known without it.

Learning happens inside the switch, so it goes on while the controller is away. Every learning port has a rule of its
own, and what it learned goes when the rule goes.

Mode Learning: every port learns. Mode Pinned: the addresses of VM and management adapters are assigned to their ports;
only the external port and adapters with MacAddressSpoofing On learn, and with AllowTeaming On the addresses of the VM's
other adapters. An assigned address is never learned elsewhere,
and what is assigned wins over what was learned before it was assigned. An adapter has its address in every VLAN that it
sends in.
"""

from __future__ import annotations

from collections.abc import Iterator

from controllers.pipeline.fields import GROUP_BIT
from controllers.pipeline.priorities import Priority
from controllers.pipeline.registers import RECEIVER
from controllers.pipeline.values import Consult, Flow, Goto, Group, Learn, Owner, SetRegister, match
from controllers.spans import in_register, prefixes
from controllers.view import SwitchView

NAME = "learning"


def build(view: SwitchView) -> tuple[tuple[Flow, ...], tuple[Group, ...]]:
    """Learn senders, look up receivers."""
    return (*_learn(view), *_lookup(), *_addresses(view)), ()


def _learn(view: SwitchView) -> Iterator[Flow]:
    for mac, port in sorted(view.pinned_macs().items()):
        yield Flow("learn", Priority.EXCEPTION, match(eth_src=mac), (Goto("lookup"),), Owner(NAME, port.ofport))
    for port in view.guarded_ports():
        for mac in port.teaming_macs:
            actions = Learn(port.ofport, view.intent.ageing_s), Goto("lookup")
            wanted = match(in_port=port.ofport, eth_src=mac)
            yield Flow("learn", Priority.ORDINARY, wanted, actions, Owner(NAME, port.ofport))
    for port in view.learning_ports():
        actions = Learn(port.ofport, view.intent.ageing_s), Goto("lookup")
        yield Flow("learn", Priority.ORDINARY, match(in_port=port.ofport), actions, Owner(NAME, port.ofport))
    yield Flow("learn", Priority.FALLBACK, match(), (Goto("lookup"),), Owner(NAME))


def _lookup() -> Iterator[Flow]:
    to_many = match(eth_dst=(GROUP_BIT, GROUP_BIT))
    yield Flow("lookup", Priority.ORDINARY, to_many, (Goto("storm"),), Owner(NAME))
    yield Flow("lookup", Priority.FALLBACK, match(), (Consult("fdb"), Goto("storm")), Owner(NAME))


def _addresses(view: SwitchView) -> Iterator[Flow]:
    primaries = view.primaries()
    for mac, port in sorted(view.pinned_macs().items()):
        here = (SetRegister(RECEIVER, port.ofport),)
        for value, mask in prefixes(port.databases(primaries)):
            wanted = match(database=in_register(value, mask), eth_dst=mac)
            yield Flow("fdb", Priority.ORDINARY, wanted, here, Owner(NAME, port.ofport))
    yield Flow("fdb", Priority.FALLBACK, match(), (), Owner(NAME))
