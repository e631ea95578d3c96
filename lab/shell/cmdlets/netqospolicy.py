"""Quality of service inside a machine: New-, Get-, Set- and Remove-NetQosPolicy. A lab records policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from lab.shell.command import Call, Example, Impact, Parameter, Support, command
from lab.shell.net import machines
from lab.shell.net.cim import exists, none_has, type_names
from lab.shell.net.targets import fits, listed
from lab.shell.objects import PSObject
from lab.shell.recording import accepted
from lab.shell.recording import recorded as say_recorded
from lab.shell.wildcards import has_wildcards

_CLASS: Final = "MSFT_NetQosPolicySettingData"
_KEPT: Final = "NetQosPolicy"
_RECORDED: Final = Support.RECORDED
_TEMPLATES: Final = ("Cluster", "Default", "FCOE", "iSCSI", "LiveMigration", "NFS", "SMB")
_FIVE, _WELL_KNOWN, _DIRECT, _URI = "ByIP5Tuple", "ByIPWellKnownPort", "ByNetworkDirectPort", "ByURI"

_ACTIONS: Final = (
    Parameter("DSCPAction", "SByte", aliases=("DSCPValue", "DSCP"), pipe="P", support=_RECORDED, minimum=-1, maximum=63,
              help="The DSCP value that packets get."),
    Parameter("MinBandwidthWeightAction", "Byte", aliases=("MinBandwidthWeight", "minbww", "weight"), pipe="P",
              support=_RECORDED, minimum=0, maximum=100, help="The share of the bandwidth, as a weight."),
    Parameter("PriorityValue8021Action", "SByte", aliases=("PriorityValue", "PriorityValue8021", "pri", "dot1p"),
              pipe="P", support=_RECORDED, minimum=-1, maximum=7, help="The 802.1p priority that frames get."),
    Parameter("ThrottleRateActionBitsPerSecond", "UInt64", aliases=("ThrottleRateAction", "ThrottleRate", "Throttle",
              "maxbw"), pipe="P", support=_RECORDED, help="How much may be sent, in bits per second."),
    Parameter("NetworkProfile", values=("Domain", "Public", "Private", "All"), pipe="P", support=_RECORDED),
    Parameter("Precedence", "UInt32", pipe="P", support=_RECORDED, help="Which of several policies wins."),
    Parameter("PolicyStore", aliases=("store",), support=Support.ACCEPTED),
)  # fmt: skip
_CONDITIONS: Final = (
    Parameter("AppPathNameMatchCondition", sets=(_FIVE, _WELL_KNOWN), aliases=("AppPathName", "ApplicationName", "app"),
              pipe="P", support=_RECORDED),
    Parameter("IPProtocolMatchCondition", sets=(_FIVE, _WELL_KNOWN), aliases=("IPProtocol", "Protocol"), pipe="P",
              values=("None", "TCP", "UDP", "Both"), support=_RECORDED),
    Parameter("IPDstPortMatchCondition", "UInt16", sets=(_FIVE,),
              aliases=("IPDstPort", "DestinationPort", "dp", "dstport", "destport"), support=_RECORDED),
    Parameter("IPDstPortStartMatchCondition", "UInt16", sets=(_FIVE,), aliases=("IPDstPortStart",), pipe="P",
              support=_RECORDED),
    Parameter("IPDstPortEndMatchCondition", "UInt16", sets=(_FIVE,), aliases=("IPDstPortEnd",), pipe="P",
              support=_RECORDED),
    Parameter("IPDstPrefixMatchCondition", sets=(_FIVE, _URI), pipe="P", support=_RECORDED,
              aliases=("IPDstPrefix", "DestinationAddress", "da", "dst", "dstaddr", "dstip", "dest", "destaddr",
                       "destip")),
    Parameter("IPSrcPortMatchCondition", "UInt16", sets=(_FIVE,), aliases=("IPSrcPort", "SourcePort", "sp", "srcport"),
              support=_RECORDED),
    Parameter("IPSrcPortStartMatchCondition", "UInt16", sets=(_FIVE,), aliases=("IPSrcPortStart",), pipe="P",
              support=_RECORDED),
    Parameter("IPSrcPortEndMatchCondition", "UInt16", sets=(_FIVE,), aliases=("IPSrcPortEnd",), pipe="P",
              support=_RECORDED),
    Parameter("IPSrcPrefixMatchCondition", sets=(_FIVE,), pipe="P", support=_RECORDED,
              aliases=("IPSrcPrefix", "SourceAddress", "sa", "src", "srcaddr", "srcip")),
    Parameter("UserMatchCondition", sets=(_FIVE, _WELL_KNOWN), aliases=("User", "sid"), pipe="P", support=_RECORDED),
    Parameter("IPPortMatchCondition", "UInt16", sets=(_WELL_KNOWN,), mandatory=True, aliases=("IPPort", "port"),
              pipe="P", support=_RECORDED),
    Parameter("NetDirectPortMatchCondition", "UInt16", sets=(_DIRECT,), mandatory=True, pipe="P", support=_RECORDED,
              aliases=("NetDirectPort", "ndport", "networkdirectport")),
    Parameter("URIMatchCondition", sets=(_URI,), mandatory=True, aliases=("URI", "url"), pipe="P", support=_RECORDED),
    Parameter("URIRecursiveMatchCondition", "Boolean", sets=(_URI,), pipe="P", support=_RECORDED,
              aliases=("URIRecursive", "urlrecursive", "recursive")),
    *(Parameter(name, "Switch", sets=(f"By{name.upper() if name == 'iSCSI' else name}",), mandatory=True,
                support=_RECORDED) for name in _TEMPLATES),
)  # fmt: skip

_SHOWN: Final = {
    "AppPathNameMatchCondition": "AppPathName", "IPProtocolMatchCondition": "IPProtocol",
    "IPPortMatchCondition": "IPPort", "IPSrcPrefixMatchCondition": "IPSrcPrefix",
    "IPSrcPortMatchCondition": "IPSrcPort", "IPSrcPortStartMatchCondition": "IPSrcPortStart",
    "IPSrcPortEndMatchCondition": "IPSrcPortEnd", "IPDstPrefixMatchCondition": "IPDstPrefix",
    "IPDstPortMatchCondition": "IPDstPort", "IPDstPortStartMatchCondition": "IPDstPortStart",
    "IPDstPortEndMatchCondition": "IPDstPortEnd", "UserMatchCondition": "User", "URIMatchCondition": "URI",
    "URIRecursiveMatchCondition": "URIRecursive", "NetDirectPortMatchCondition": "NetDirectPort",
    "PriorityValue8021Action": "PriorityValue", "MinBandwidthWeightAction": "MinBandwidthWeight",
    "DSCPAction": "DSCPValue", "ThrottleRateActionBitsPerSecond": "ThrottleRate",
}  # fmt: skip


def _policies(call: Call) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = machines.kept_of(call.place.model, call.machine, _KEPT, {})
    return dict(found)


def _given(call: Call) -> dict[str, Any]:
    """Return the settings of a policy that a cmdlet was given, by the names of its parameters."""
    names = [*_SHOWN, "NetworkProfile", "Precedence"]
    found = {name: call.get(name) for name in names if name in call}
    template = next((name for name in _TEMPLATES if call.is_on(name)), None)
    return found | ({"Template": template} if template else {})


def _object(name: str, policy: dict[str, Any]) -> PSObject:
    shown: dict[str, object] = {
        "Name": name,
        "Owner": "Group Policy (Machine)",
        "NetworkProfile": policy.get("NetworkProfile", "All"),
        "Precedence": policy.get("Precedence", 127),
    }
    if "Template" in policy:
        shown["Template"] = policy["Template"]
    for key, words in _SHOWN.items():
        if key in policy:
            value = policy[key]
            shown[words] = f"{value / 1e6:.3f} MBits/sec" if words == "ThrottleRate" else value
    return PSObject(type_names(_CLASS), shown, source=name)


@command(
    "Get-NetQosPolicy",
    "NetQos",
    "Retrieves network QoS policies.",
    (
        Parameter("Name", "String[]", position=0, pipe="P", wildcards=True, help="The name of the policy."),
        Parameter("PolicyStore", aliases=("store",), support=Support.ACCEPTED),
    ),
    output="MSFT_NetQosPolicySettingData",
    guest=True,
    examples=(Example("Get-NetQosPolicy", "Shows the policies that are recorded of the machine."),),
)
def get_netqospolicy(call: Call) -> Iterator[object]:
    """Output the policies that are recorded of the machine."""
    for name, policy in _chosen(call):
        yield _object(name, policy)


def _chosen(call: Call) -> list[tuple[str, dict[str, Any]]]:
    there = _policies(call)
    if "InputObject" in call:
        names = {each.source for each in listed(call.get("InputObject"))}
        return [(name, policy) for name, policy in there.items() if name in names]
    if "Name" not in call:
        return list(there.items())
    for wanted in call.get("Name"):
        if not has_wildcards(wanted) and not any(fits(name, (wanted,)) for name in there):
            none_has(call, _CLASS, "Name", wanted)
    return [(name, policy) for name, policy in there.items() if fits(name, call.get("Name"))]


@command(
    "New-NetQosPolicy",
    "NetQos",
    "Creates a new network QoS policy.",
    (Parameter("Name", position=0, mandatory=True, pipe="P", help="The name of the policy."), *_CONDITIONS, *_ACTIONS),
    default_set=_FIVE,
    confirms=True,
    output="MSFT_NetQosPolicySettingData",
    guest=True,
    support=_RECORDED,
    examples=(
        Example("New-NetQosPolicy -Name Backup -IPDstPortMatchCondition 10000 -ThrottleRateActionBitsPerSecond 10MB",
                "Records a policy. To limit what an adapter sends: Set-VMNetworkAdapter -MaximumBandwidth."),
    ),
)  # fmt: skip
def new_netqospolicy(call: Call) -> Iterator[object]:
    """Record a policy of the machine."""
    accepted(call)
    name, there = call.get("Name"), _policies(call)
    if any(each.casefold() == name.casefold() for each in there):
        call.error(exists(_CLASS))
        return
    policy = _given(call)
    if call.change(name, machines.recorded(call.machine, _KEPT, {**there, name: policy})):
        say_recorded(call, "policies of quality of service")
        yield _object(name, policy)


_WHICH: Final = (
    Parameter("Name", "String[]", sets=("ByName",), position=0, pipe="P", wildcards=True,
              help="The name of the policy."),
    Parameter("InputObject", "CimInstance[]", sets=("InputObject (cdxml)",), mandatory=True, pipe="V",
              help="An object of Get-NetQosPolicy."),
)  # fmt: skip


@command(
    "Set-NetQosPolicy",
    "NetQos",
    "Updates the QoS policy settings.",
    (
        *_WHICH,
        *(Parameter(each.name, each.type, aliases=each.aliases, values=each.values, support=each.support)
          for each in _CONDITIONS if each.type != "Switch"),
        *(Parameter(each.name, each.type, aliases=each.aliases, values=each.values, support=each.support)
          for each in _ACTIONS),
        Parameter("PassThru", "Switch", help="Outputs the policy."),
    ),
    default_set="ByName",
    confirms=True,
    guest=True,
    support=_RECORDED,
    examples=(Example("Set-NetQosPolicy -Name Backup -DSCPAction 8", "Records another action of a policy."),),
)  # fmt: skip
def set_netqospolicy(call: Call) -> Iterator[object]:
    """Record other settings of policies."""
    accepted(call)
    for name, policy in _chosen(call):
        new = {**policy, **_given(call)}
        if call.change(name, machines.recorded(call.machine, _KEPT, {**_policies(call), name: new})):
            say_recorded(call, "policies of quality of service")
            if call.is_on("PassThru"):
                yield _object(name, new)


@command(
    "Remove-NetQosPolicy",
    "NetQos",
    "Removes a network QoS policy.",
    (*_WHICH, Parameter("PolicyStore", aliases=("store",), support=Support.ACCEPTED)),
    default_set="ByName",
    confirms=True,
    impact=Impact.HIGH,
    guest=True,
    support=_RECORDED,
    examples=(Example("Remove-NetQosPolicy Backup -Confirm:$false", "Removes a policy without asking."),),
)
def remove_netqospolicy(call: Call) -> None:
    """Remove policies from what is recorded of the machine."""
    for name, _ in _chosen(call):
        left = {each: policy for each, policy in _policies(call).items() if each != name}
        call.change(name, machines.recorded(call.machine, _KEPT, left or None), settle=True)
