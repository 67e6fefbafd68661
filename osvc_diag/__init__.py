"""Gathers what support needs about an OpenSVC object, and leaves every secret behind."""

# This file is read by any Python, down to 2.7, before __main__ can say that it is too old.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from osvc_diag.errors import DiagError
    from osvc_diag.node.node import Node
    from osvc_diag.run.frontdoor import Result, diagnose
    from osvc_diag.run.request import Issue

__all__ = ["DiagError", "Issue", "Node", "Result", "__version__", "diagnose"]

__version__ = "0.1.0"

_HOMES = {
    "DiagError": "osvc_diag.errors",
    "Issue": "osvc_diag.run.request",
    "Node": "osvc_diag.node.node",
    "Result": "osvc_diag.run.frontdoor",
    "diagnose": "osvc_diag.run.frontdoor",
}


def __getattr__(name):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Import a public name when it is first asked for: `--help` should not pay for all of them."""
    if name not in _HOMES:
        raise AttributeError("module 'osvc_diag' has no attribute %r" % name)  # noqa: UP031
    import importlib  # noqa: PLC0415

    return getattr(importlib.import_module(_HOMES[name]), name)
