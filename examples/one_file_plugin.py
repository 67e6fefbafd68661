"""What haproxy says on this node. Dropped into /etc/opensvc/diag.d, owned by root, it is in every bundle."""

from osvc_diag import Artifact, Collector, hookimpl


def collect(node, objects):
    """Declare its log, and what it thinks of its own configuration."""
    yield Artifact.from_log("/var/log/haproxy.log")
    yield Artifact.from_command("haproxy/check", ["haproxy", "-c", "-f", "/etc/haproxy/haproxy.cfg"])


@hookimpl
def osvc_diag_collectors():
    """Add the collector."""
    return [
        Collector(
            "haproxy", "haproxy's log and the check of its configuration", collect, folders=("/var/log",)
        )
    ]
