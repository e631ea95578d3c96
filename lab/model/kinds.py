"""The words of Hyper-V that have a closed set of values."""

from __future__ import annotations

from enum import StrEnum


class SwitchType(StrEnum):
    """Who a virtual switch connects (Get-VMSwitch, property SwitchType)."""

    EXTERNAL = "External"
    INTERNAL = "Internal"
    PRIVATE = "Private"


class LearningMode(StrEnum):
    """What a switch does with a frame to an address it does not know.

    ``Learning``: it reaches every other port until the address has been learned (the behaviour before Windows Server
    2008 R2). ``Pinned``: an adapter's address is fixed to its port; unknown unicast reaches only the external port and
    adapters with MacAddressSpoofing On (KB4494444).
    """

    LEARNING = "Learning"
    PINNED = "Pinned"


class LoadBalancing(StrEnum):
    """How a switch-embedded team spreads frames (Set-VMSwitchTeam, parameter LoadBalancingAlgorithm).

    ``HyperVPort``: all that an adapter sends leaves by one physical NIC. ``Dynamic``: its flows leave by all of them,
    on the others with the NIC's source MAC address in place of the adapter's.
    """

    HYPERVPORT = "HyperVPort"
    DYNAMIC = "Dynamic"


class PortMirroring(StrEnum):
    """What an adapter is to the port mirroring of its switch (Set-VMNetworkAdapter, parameter PortMirroring)."""

    NONE = "None"
    SOURCE = "Source"
    DESTINATION = "Destination"


class BandwidthReservationMode(StrEnum):
    """In what adapters of a switch are promised bandwidth (New-VMSwitch, parameter MinimumBandwidthMode)."""

    DEFAULT = "Default"
    WEIGHT = "Weight"
    ABSOLUTE = "Absolute"
    NONE = "None"

    @property
    def resolved(self) -> BandwidthReservationMode:
        """Return what Get-VMSwitch reports: ``Default`` is Weight on a switch without SR-IOV (New-VMSwitch)."""
        return BandwidthReservationMode.WEIGHT if self is BandwidthReservationMode.DEFAULT else self


class PortKind(StrEnum):
    """What is connected to a switch port."""

    VM = "vm"
    MANAGEMENT = "management"
    EXTERNAL = "external"


class AdapterKind(StrEnum):
    """The two network adapters a VM can have (Add-VMNetworkAdapter, parameter IsLegacy)."""

    SYNTHETIC = "Synthetic"
    LEGACY = "Legacy"


class BootDevice(StrEnum):
    """What a VM boots from first (New-VM, parameter BootDevice; Set-VMBios, Set-VMFirmware).

    A network adapter is booted from until the VM has been installed: then its disk goes on, as nobody presses F12.
    """

    VHD = "VHD"
    NETWORK_ADAPTER = "NetworkAdapter"
    LEGACY_NETWORK_ADAPTER = "LegacyNetworkAdapter"


class VMState(StrEnum):
    """Whether a VM runs (Get-VM, property State); ports exist only while it does."""

    RUNNING = "Running"
    OFF = "Off"
