"""`python -m tests.bench`: print the last figures as a table of Markdown."""

from __future__ import annotations

import json

from tests.bench.conftest import RESULTS
from tests.bench.figures import table

if __name__ == "__main__":
    print(table(json.loads(RESULTS.read_text(encoding="utf-8"))))
