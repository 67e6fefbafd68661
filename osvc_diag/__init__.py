"""Gathers what support needs about an OpenSVC object, and leaves every secret behind."""

# This file is read by any Python, down to 2.7, before __main__ can say that it is too old.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from osvc_diag.errors import DiagError, ExchangeError, UsageError
    from osvc_diag.events import Advanced, Listener, PhaseStarted, Warned
    from osvc_diag.exchange.interface import Conditions, Exchange
    from osvc_diag.exchange.opened import OpenedBundle
    from osvc_diag.exchange.receipt import Receipt
    from osvc_diag.exchange.sending import upload
    from osvc_diag.form import Form
    from osvc_diag.gap import Gap, State
    from osvc_diag.node.node import Node
    from osvc_diag.objects.conf import ConfEntry
    from osvc_diag.objects.naming import ObjectPath
    from osvc_diag.plugin.artifact import Artifact, Artifacts, Priority
    from osvc_diag.plugin.collector import Collector, Declared
    from osvc_diag.plugin.hookspecs import hookimpl
    from osvc_diag.plugin.options import Option
    from osvc_diag.plugin.profile import Profile
    from osvc_diag.redaction.rule import Anchor, Rule
    from osvc_diag.run.frontdoor import Result
    from osvc_diag.run.library import diagnose
    from osvc_diag.run.request import Issue
    from osvc_diag.settings import Settings, resolve_settings

__all__ = [
    "Advanced",
    "Anchor",
    "Artifact",
    "Artifacts",
    "Collector",
    "Conditions",
    "ConfEntry",
    "Declared",
    "DiagError",
    "Exchange",
    "ExchangeError",
    "Form",
    "Gap",
    "Issue",
    "Listener",
    "Node",
    "ObjectPath",
    "OpenedBundle",
    "Option",
    "PhaseStarted",
    "Priority",
    "Profile",
    "Receipt",
    "Result",
    "Rule",
    "Settings",
    "State",
    "UsageError",
    "Warned",
    "__version__",
    "diagnose",
    "hookimpl",
    "resolve_settings",
    "upload",
]

__version__ = "0.1.0"

_HOMES = {
    "Advanced": "osvc_diag.events",
    "Anchor": "osvc_diag.redaction.rule",
    "Artifact": "osvc_diag.plugin.artifact",
    "Artifacts": "osvc_diag.plugin.artifact",
    "Collector": "osvc_diag.plugin.collector",
    "Conditions": "osvc_diag.exchange.interface",
    "ConfEntry": "osvc_diag.objects.conf",
    "Declared": "osvc_diag.plugin.collector",
    "DiagError": "osvc_diag.errors",
    "Exchange": "osvc_diag.exchange.interface",
    "ExchangeError": "osvc_diag.errors",
    "Form": "osvc_diag.form",
    "Gap": "osvc_diag.gap",
    "Issue": "osvc_diag.run.request",
    "Listener": "osvc_diag.events",
    "Node": "osvc_diag.node.node",
    "ObjectPath": "osvc_diag.objects.naming",
    "OpenedBundle": "osvc_diag.exchange.opened",
    "Option": "osvc_diag.plugin.options",
    "PhaseStarted": "osvc_diag.events",
    "Priority": "osvc_diag.plugin.artifact",
    "Profile": "osvc_diag.plugin.profile",
    "Receipt": "osvc_diag.exchange.receipt",
    "Result": "osvc_diag.run.frontdoor",
    "Rule": "osvc_diag.redaction.rule",
    "Settings": "osvc_diag.settings",
    "State": "osvc_diag.gap",
    "UsageError": "osvc_diag.errors",
    "Warned": "osvc_diag.events",
    "diagnose": "osvc_diag.run.library",
    "hookimpl": "osvc_diag.plugin.hookspecs",
    "resolve_settings": "osvc_diag.settings",
    "upload": "osvc_diag.exchange.sending",
}

if not TYPE_CHECKING:  # else a misspelt name would pass for one

    def __getattr__(name):  # noqa: ANN001, ANN202
        """Import a public name when it is first asked for: `--help` should not pay for all of them."""
        if name not in _HOMES:
            raise AttributeError("module 'osvc_diag' has no attribute %r" % name)  # noqa: UP031
        import importlib  # noqa: PLC0415

        return getattr(importlib.import_module(_HOMES[name]), name)
