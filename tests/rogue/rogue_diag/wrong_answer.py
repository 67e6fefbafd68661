"""Gives something else in the place of collectors."""

from osvc_diag import hookimpl


@hookimpl
def osvc_diag_collectors():
    """Give a name."""
    return ["node-log"]
