"""Crashes the interpreter, and says so."""

import ctypes
import sys

from rogue_diag import adding


def collect(node, objects):
    """Read what is not there."""
    print("about to crash", file=sys.stderr, flush=True)
    ctypes.string_at(0)


osvc_diag_collectors = adding("crashes", collect)
