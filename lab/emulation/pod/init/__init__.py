"""PID 1 of a lab: it reaps, spawns, supervises and restarts, and knows nothing of Hyper-V.

It runs as a stand-alone program (see `__main__.py`), without `site` and without importing the rest of hvlab, so that it
starts in 20 ms, stays small and forks cheaply. Hence plain classes instead of dataclasses, and no `typing` at run time.
"""

# Where its environment, which nobody but the owner can read, tells what the lab is called and what it was made from.
NAME_KEY, FILE_KEY = "HVLAB_POD_NAME", "HVLAB_POD_FILE"
