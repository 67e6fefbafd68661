"""Wants to end the program."""

import sys

from rogue_diag import adding


def collect(node, objects):
    """Exit."""
    sys.exit(3)


osvc_diag_collectors = adding("exits", collect)
