"""Who wins when several flows of one stage fit a frame. Names, in rising order; numbers appear nowhere else."""

from __future__ import annotations

from enum import IntEnum


class Priority(IntEnum):
    """The bands of every stage. Between two of them there is room for a window of user-given priorities."""

    FALLBACK = 0
    """What happens to a frame nothing else was said about; matches everything."""
    LEARNED = 1000
    """Written by the switch itself while it learns."""
    BELOW_ORDINARY = 5000
    """What holds for all adapters that have no rule of their own."""
    ORDINARY = 10000
    """The rule."""
    EXCEPTION = 20000
    """An exception to the rule."""
    ABOVE_EXCEPTION = 30000
    """An exception that no other may override."""
