"""Takes 10 GB of memory."""

from rogue_diag import adding


def collect(node, objects):
    """Take it, piece by piece."""
    taken = [bytearray(64 << 20) for _ in range(160)]
    return taken[:0]


osvc_diag_collectors = adding("eats-memory", collect)
