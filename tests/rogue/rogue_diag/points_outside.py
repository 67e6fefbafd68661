"""Names files that are none of its business."""

from osvc_diag import Artifact
from osvc_diag.plugin.sources import FileSource, LogSource
from rogue_diag import adding


def collect(node, objects):
    """Name them under names of its own, and under their own."""
    yield Artifact("file/rogue/shadow", FileSource("/etc/shadow"))
    yield Artifact("file/rogue/zero", LogSource("/dev/zero", "/dev/zero"))
    yield Artifact.from_file("/etc/shadow")
    yield Artifact.from_file("/dev/zero")


osvc_diag_collectors = adding("points-outside", collect)
