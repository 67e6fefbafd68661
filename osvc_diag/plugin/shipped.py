"""The plugins that come with this very code: found also without a package's metadata."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE = "osvc_diag_plugins"
DISTRIBUTION = "osvc-diag"

SHIPPED: Mapping[str, str] = MappingProxyType(
    {
        "agent-commands": "agent_commands",
        "cluster-conf": "cluster_conf",
        "exchange-bepasty": "exchange_bepasty",
        "exchange-file": "exchange_file",
        "exchange-mail": "exchange_mail",
        "machine-log": "machine_log",
        "node-conf": "node_conf",
        "node-journal": "node_journal",
        "node-log": "node_log",
        "node-state": "node_state",
        "object-conf": "object_conf",
        "object-journal": "object_journal",
        "object-log": "object_log",
        "object-state": "object_state",
        "premium-support": "premium_support",
        "site-rules": "site_rules",
        "system": "system",
    }
)
"""Module in the package by name of the plugin: the same as the entry points in pyproject.toml."""


def load_shipped(name: str) -> object:
    """Import a shipped plugin.

    Raises:
        ImportError: it is not there.
    """
    if PACKAGE not in sys.modules and importlib.util.find_spec(PACKAGE) is None:
        _find_in_checkout()
    return importlib.import_module(f"{PACKAGE}.{SHIPPED[name]}")


def is_shipped(distribution: str, value: str) -> bool:
    """Tell whether an entry point is one of this code's own, under whatever name.

    Args:
        distribution: the name of its package, and its version behind a space.
        value: what it points to.
    """
    own = distribution.partition(" ")[0].lower().replace("_", "-") == DISTRIBUTION
    return own and value.partition(":")[0].partition(".")[0].strip() == PACKAGE


def _find_in_checkout() -> None:
    """Make the package known where this code runs from a checkout, with the plugins in their own folder."""
    home = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = os.path.join(home, "plugins", PACKAGE, "__init__.py")
    if not os.path.isfile(path):
        return
    spec = importlib.util.spec_from_file_location(
        PACKAGE, path, submodule_search_locations=[os.path.dirname(path)]
    )
    if spec is not None and spec.loader is not None:
        package = importlib.util.module_from_spec(spec)
        sys.modules[PACKAGE] = package
        spec.loader.exec_module(package)
