"""What a value is as a value of another type, as text, as true or false, and next to another one.

Commands import it from here; how it is done stands in :mod:`casts`, :mod:`text`, :mod:`comparison`, :mod:`type_names`.
"""

from __future__ import annotations

from lab.shell.casts import convert, truth
from lab.shell.comparison import compare, equal
from lab.shell.number_casts import number
from lab.shell.text import span_text, to_text
from lab.shell.type_names import full_name, is_a, short_type_name, type_name

__all__ = [
    "compare", "convert", "equal", "full_name", "is_a", "number", "short_type_name", "span_text", "to_text", "truth",
    "type_name",
]  # fmt: skip
