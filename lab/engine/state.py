"""What a lab remembers between two commands: one file, written atomically, inside the pod.

It holds the model and what follows from it. While a plan is being carried out it also holds where that plan leads, so
that the next command can go on after one that was killed.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from lab import codec
from lab.engine.allocation import Allocation, allocate
from lab.errors import LabFault
from lab.model.objects import LabModel

STATE_FILE: Final = "/run/hvlab/state.json"
STATE_VERSION: Final = 2


@dataclass(frozen=True, slots=True)
class State:
    """``model`` is what the lab is; ``going_to`` what it is being turned into, until that is done.

    ``failure`` says why it could not be; without it, somebody is at it or has been interrupted. Changes to the models
    in ``abandoned`` were begun before, and replaced by that one: something of them may be left.
    """

    model: LabModel
    file: str
    allocation: Allocation = field(default_factory=Allocation)
    generation: int = 0
    going_to: LabModel | None = None
    failure: str = ""
    abandoned: tuple[LabModel, ...] = ()
    parameters: dict[str, str] = field(default_factory=dict)
    version: int = STATE_VERSION

    @property
    def interrupted(self) -> bool:
        """Tell whether the last change was not finished."""
        return self.going_to is not None

    @property
    def starting(self) -> bool:
        """Tell whether `hvlab up` has not finished; if it never does, the lab ends with it."""
        return self.interrupted and self.generation <= 1

    def numbers(self) -> Allocation:
        """Return the numbers of everything in ``model``: in a change ``allocation`` has those of what it leads to."""
        return allocate(self.model, self.allocation)

    def towards(self, model: LabModel, allocation: Allocation) -> State:
        """Return the state in which a change to `model` is going on."""
        begun = (*self.abandoned, *((self.going_to,) if self.going_to else ()))
        return replace(
            self,
            going_to=model,
            failure="",
            abandoned=tuple(each for at, each in enumerate(begun) if each != model and each not in begun[:at]),
            allocation=allocation,
            generation=self.generation + 1,
        )

    def reached(self) -> State:
        """Return the state after the change is done."""
        return replace(self, model=self.going_to or self.model, going_to=None, failure="", abandoned=())


def read(path: str) -> State | None:
    """Return the state at `path`, None if there is none yet; LabFault if it cannot be understood."""
    try:
        text = Path(path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LabFault(f'cannot read the state of the lab at "{path}": {error.strerror}') from error
    try:
        return codec.loads(State, text)
    except codec.CodecError as error:
        raise LabFault(
            f"the state of the lab cannot be understood, as if another version of hvlab had written it: {error}",
            remedy="run `hvlab down`, then `hvlab up` again",
        ) from error


def write(path: str, state: State) -> None:
    """Replace the state at `path`, all or nothing; LabFault says whether the change that goes with it was made."""
    new = f"{path}.new"
    try:
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(fd, "w", encoding="utf-8") as file:
            file.write(codec.dumps(state))
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(new)  # a part of it would take the space that is missing
        before, after = "nothing was changed", "the change itself was made; when there is space, run the command again"
        raise LabFault(
            f'cannot write the state of the lab to "{path}": {error.strerror}',
            remedy=before if state.interrupted else after,
        ) from error
