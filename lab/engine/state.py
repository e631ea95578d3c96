"""What a lab remembers between two commands: one file, written atomically, inside the pod.

It holds the model and what follows from it. While a plan is being carried out it also holds where that plan leads, so
that the next command can go on after one that was killed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from lab import codec
from lab.engine.allocation import Allocation
from lab.errors import LabFault
from lab.model.objects import LabModel

STATE_FILE: Final = "/run/hvlab/state.json"
STATE_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class State:
    """``model`` is what the lab is; ``going_to`` what it is being turned into, while that goes on."""

    model: LabModel
    file: str
    allocation: Allocation = field(default_factory=Allocation)
    generation: int = 0
    going_to: LabModel | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    version: int = STATE_VERSION

    @property
    def interrupted(self) -> bool:
        """Tell whether the last change was not finished."""
        return self.going_to is not None

    def reached(self) -> State:
        """Return the state after the change is done."""
        return replace(self, model=self.going_to or self.model, going_to=None)


def read(path: str) -> State | None:
    """Return the state at `path`, None if there is none yet; LabFault if it cannot be understood."""
    try:
        text = Path(path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LabFault(f'cannot read the state of the lab at "{path}": {error.strerror}') from error
    return codec.loads(State, text)


def write(path: str, state: State) -> None:
    """Replace the state at `path`, all or nothing."""
    new = f"{path}.new"
    try:
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(fd, "w", encoding="utf-8") as file:
            file.write(codec.dumps(state))
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except OSError as error:
        raise LabFault(
            f'cannot write the state of the lab to "{path}": {error.strerror}',
            remedy="the lab itself goes on as it was",
        ) from error
