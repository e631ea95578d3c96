"""Ends this process when its event loop has stopped turning; PID 1 starts it again, and no flow is lost meanwhile.

A message with an element of length zero keeps the framework's parser busy for ever (ryu issues 188 to 196), and takes
100 MB of memory per second. The kernel counts and kills: neither a thread nor a line of Python has to run for it. What
counts is processor time, so that a busy machine kills nobody, and for a loop that sleeps a much longer real time.
"""

from __future__ import annotations

import faulthandler
import signal

from controllers.framework import hub, spawn
from controllers.patience import Patience


def start(patience: Patience) -> None:
    """Watch from now on. Where the loop hung is written to standard error."""
    for number in (signal.SIGPROF, signal.SIGALRM):
        faulthandler.register(number, all_threads=False, chain=True)  # then the default action: the process ends
    _wind_up(patience)
    spawn(lambda: _keep_winding_up(patience))


def _keep_winding_up(patience: Patience) -> None:
    while True:
        _wind_up(patience)
        hub.sleep(patience.winding_s)


def _wind_up(patience: Patience) -> None:
    signal.setitimer(signal.ITIMER_PROF, patience.winding_s + patience.loop_cpu_s)
    signal.setitimer(signal.ITIMER_REAL, patience.winding_s + patience.loop_s)
