"""Small programs that run in a machine of the lab, each a file of its own that imports nothing but Python's library.

Their text is handed to the machine's Python: nothing of hvlab needs to be seen there. Each prints one JSON document.
"""

from __future__ import annotations

import sys
from pathlib import Path


def program(name: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs one of these programs."""
    text = (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")
    return sys.executable, "-I", "-S", "-c", text, *arguments
