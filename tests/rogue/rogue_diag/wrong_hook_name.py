"""Has a hook that there is not."""

from osvc_diag import hookimpl


@hookimpl
def osvc_diag_colectors():
    """Never called."""
