"""Hangs in C code that holds the interpreter's lock and ignores what can be ignored."""

import ctypes
import signal

from rogue_diag import adding


def collect(node, objects):
    """Never return."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    ctypes.PyDLL(None).sleep(1000)
    return []


osvc_diag_collectors = adding("hangs-in-c", collect, timeout=1.0)
