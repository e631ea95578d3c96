"""The programs of a machine that boots over the network, or that others boot from.

Run as `python3 -I -S -E …/pxe/__main__.py boot|respond|serve|run TOLD [PROGRAM...]`; TOLD is a JSON object. Imports its
siblings as a package of their own, so that no other part of hvlab is loaded.
"""

import sys

if __name__ == "__main__":
    sys.path.append(__file__.rsplit("/", 2)[0])
    module = {"boot": "loader", "respond": "responder", "serve": "images", "run": "machine"}[sys.argv[1]]
    __import__(f"pxe.{module}", fromlist=["main"]).main(*sys.argv[2:])
