"""What a plugin may add. Hooks declare, the host runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osvc_diag.exchange.interface import Exchange
    from osvc_diag.plugin.collector import Collector
    from osvc_diag.redaction import Rule

PROJECT = "osvc_diag"
"""The name of the project for pluggy, and of the entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def osvc_diag_collectors() -> Iterable[Collector]:
    """Return collectors; the host sorts them by name and runs each one alone."""
    yield from ()


@hookspec
def osvc_diag_redaction_rules() -> Iterable[Rule]:
    """Return rules that take out more than the built-in ones; none can be removed."""
    yield from ()


@hookspec(firstresult=True)
def osvc_diag_exchange(url: str) -> Optional[Exchange]:
    """Return the exchange for a URL whose scheme this plugin owns, else None; a URL owned twice is an error.

    Args:
        url: what `--exchange` names, without a login.
    """
