"""A distribution of a third party in which everything goes wrong: one module for each misbehaviour."""

from __future__ import annotations

from typing import Any, Callable

from osvc_diag import Collector, hookimpl


def adding(name: str, collect: Callable[..., Any], *, timeout: float = 20.0) -> Callable[..., Any]:
    """Return the hook of a plugin with one collector."""

    @hookimpl
    def osvc_diag_collectors() -> list[Collector]:
        return [Collector(name, "of the rogue", collect, timeout=timeout)]

    return osvc_diag_collectors
