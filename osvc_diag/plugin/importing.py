"""Imports a plugin of a third party, in whichever process this runs."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

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
        # As importlib.metadata does it, which takes longer to import than all else here.
        module_name, _, attributes = what["value"].partition("[")[0].partition(":")
        loaded: object = importlib.import_module(module_name.strip())
        for attribute in filter(None, attributes.strip().split(".")):
            loaded = getattr(loaded, attribute)
        return loaded
    module = ModuleType(f"osvc_diag_file_{name}")
    module.__file__ = what["path"]
    sys.modules[module.__name__] = module
    # The text that was read from the checked descriptor, not what the path names by now.
    exec(compile(what["source"], what["path"], "exec", dont_inherit=True), vars(module))  # noqa: S102
    return module
