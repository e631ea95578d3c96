"""One switch's intent as it stands in OVSDB, and how it becomes a view. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from controllers.view import PortView, SwitchView
from lab.intent import GENERATION_KEY, IntentError, decode_port, decode_switch


@dataclass(frozen=True, slots=True)
class PortDocument:
    """An interface with a port intent; ``ofport`` is None until the switch has given the port a number.

    ``error`` is why Open vSwitch could not, or can no longer, open the device.
    """

    device: str
    ofport: int | None
    text: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class SwitchDocuments:
    """All documents of one switch, as text. ``generation`` is empty if the lab has not written one."""

    bridge: str
    generation: str
    text: str
    ports: tuple[PortDocument, ...]

    @property
    def waiting_for(self) -> tuple[str, ...]:
        """Return the devices that the switch has not opened yet."""
        return tuple(port.device for port in self.ports if port.ofport is None)

    def generation_number(self) -> int | None:
        """Return the generation; IntentError if it is not a number."""
        if not self.generation:
            return None
        if not self.generation.isascii() or not self.generation.isdigit():
            raise IntentError(f'{GENERATION_KEY} is "{self.generation}", expected a number', target=self.bridge)
        return int(self.generation)


def view_of(documents: SwitchDocuments) -> SwitchView:
    """Decode the documents of the ports that exist; IntentError, naming the device, if one of them is not right."""
    ports = []
    for document in documents.ports:
        try:
            intent = decode_port(document.text)
        except IntentError as error:
            record = error.record
            raise IntentError(
                record.message, remedy=record.remedy, target=document.device, where=f'port "{document.device}"'
            ) from error
        if document.ofport is not None:
            ports.append(PortView(document.ofport, document.device, intent))
    return SwitchView(decode_switch(documents.text), tuple(sorted(ports, key=lambda port: port.ofport)))


def missing_ports(documents: SwitchDocuments) -> str:
    """Return in words which port has no device and why; IntentError if its document is not right."""
    missing = [port for port in documents.ports if port.ofport is None]
    # One that Open vSwitch complains of explains more than one that it has not come to yet.
    first = min(missing, key=lambda port: (not port.error, port.device))
    more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
    why = first.error or "Open vSwitch has not opened it"
    return f'port {first.device} of "{decode_port(first.text).adapter}" is missing{more}: {why}'
