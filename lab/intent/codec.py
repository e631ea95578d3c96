"""Intent documents to canonical JSON and back; a document of another version is refused before it is read."""

from __future__ import annotations

import json
from typing import TypeVar

from lab import codec
from lab.codec import CodecError
from lab.intent.documents import INTENT_VERSION, PortIntent, SwitchIntent

Document = TypeVar("Document", SwitchIntent, PortIntent)

IntentError = CodecError


def encode(document: SwitchIntent | PortIntent) -> str:
    """Return the canonical JSON of a document."""
    return codec.dumps(document)


def decode_switch(text: str) -> SwitchIntent:
    """Return the SwitchIntent in `text`; IntentError if it is not exactly one."""
    return _decode(SwitchIntent, text)


def decode_port(text: str) -> PortIntent:
    """Return the PortIntent in `text`; IntentError if it is not exactly one."""
    return _decode(PortIntent, text)


def _decode(kind: type[Document], text: str) -> Document:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise IntentError(f"{kind.__name__} is not JSON: {error}") from error
    version = content.get("version") if isinstance(content, dict) else None
    if version != INTENT_VERSION:
        raise IntentError(
            f"{kind.__name__} has version {version!r}, expected {INTENT_VERSION}",
            remedy="the lab and its controller must be of the same hvlab",
        )
    return codec.loads(kind, text)
