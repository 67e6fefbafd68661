"""Has a hook with an argument that there is not."""

from osvc_diag import hookimpl


@hookimpl
def osvc_diag_collectors(node):
    """Never called."""
