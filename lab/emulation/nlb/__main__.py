"""The entry point of a member's program.

Run as `python3 -I -S -E …/nlb/__main__.py SETUP`. Imports its siblings as a package of their own, so that no other part
of hvlab is loaded.
"""

import sys

if __name__ == "__main__":
    sys.path.append(__file__.rsplit("/", 2)[0])
    __import__("nlb.entry", fromlist=["main"]).main(sys.argv[1])
