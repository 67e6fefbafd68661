"""Imports a plugin of a third party, in whichever process this runs."""

from __future__ import annotations

import sys
from importlib import metadata
from types import ModuleType
from typing import TYPE_CHECKING

from osvc_diag.plugin.hookspecs import PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping


def import_plugin(name: str, what: Mapping[str, str]) -> object:
    """Return a plugin: a module, or an object in one.

    Args:
        name: of the plugin.
        what: `value` of its entry point, or `path` and `source` of its file.

    Raises:
        BaseException: whatever its code raises.
    """
    if "source" not in what:
        loaded: object = metadata.EntryPoint(name, what["value"], PROJECT).load()
        return loaded
    module = ModuleType(f"osvc_diag_file_{name}")
    module.__file__ = what["path"]
    sys.modules[module.__name__] = module
    # The text that was read from the checked descriptor, not what the path names by now.
    exec(compile(what["source"], what["path"], "exec", dont_inherit=True), vars(module))  # noqa: S102
    return module
