"""The entry point of a lab's first process.

Run as `python3 -I -S -E …/init/__main__.py --hvlab-pod --report FD`.

Imports its siblings as a package of their own, so that no other part of hvlab is loaded.
"""

import sys

if __name__ == "__main__":
    sys.path.append(__file__.rsplit("/", 2)[0])
    __import__("init.birth", fromlist=["main"]).main(sys.argv[1:])
