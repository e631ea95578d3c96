"""A program that writes the files of another one, and becomes that one.

Run as `python3 -I -S -E …/launcher.py TOLD PROGRAM ARGUMENT...`, inside a machine: what a guest has made of its files
concerns nobody else then. TOLD is a JSON object: ``folder`` is where ``files`` (name: content) are written, ``copies``
names the programs to be copied (path: program), ``environment`` is added.
"""

from __future__ import annotations

import json
import os
import shutil
import sys

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def main(told: str, argv: list[str]) -> None:
    """Write what is to be written, and run the program."""
    found = json.loads(told)
    folder = found["folder"]
    os.makedirs(folder, mode=0o750, exist_ok=True)
    for name, content in found["files"].items():
        _write(os.path.join(folder, name), content.encode(), 0o640)
    for path, name in found["copies"].items():
        source = shutil.which(name, path=_PATH)
        if source is None:
            raise SystemExit(f'there is no program "{name}"')
        with open(source, "rb") as program:
            _write(path, program.read(), 0o750)
    os.execvpe(argv[0], argv, {**os.environ, **found["environment"]})


def _write(path: str, content: bytes, mode: int) -> None:
    """Write a file as a whole: a program that runs is not changed under it."""
    new = f"{path}.new"
    with open(new, "wb") as file:
        file.write(content)
    os.chmod(new, mode)
    os.replace(new, path)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
