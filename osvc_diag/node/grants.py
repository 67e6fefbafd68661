"""Which files outside of the agent's folders may be opened: the core refuses any other, whoever names it."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from osvc_diag.node.site_files import read_site_rules

if TYPE_CHECKING:
    from osvc_diag.node.site_rules import SiteRules
    from osvc_diag.objects.layout import Layout

SYSTEM_LOGS = ("/var/log/syslog", "/var/log/messages", "/var/log/kern.log")
"""On the node; where syslog writes what the kernel says, on the families of Debian and of Red Hat."""

_ROTATED = re.compile(r"[.-][A-Za-z0-9._-]{1,64}")


class Grants:
    """The system's own logs, and what the rules of the site name; those are read when they first matter."""

    def __init__(self, layout: Layout, base: str) -> None:
        """Prepare; nothing is read yet.

        Args:
            layout: where the agent's folders are.
            base: the folder that stands for `/`.
        """
        self._layout = layout
        self._base = base

    def __call__(self, path: str) -> bool:
        """Tell whether a file may be opened, by its absolute, normal path on the node."""
        return is_system_log(path) or self._rules.grants(path)

    @functools.cached_property
    def _rules(self) -> SiteRules:
        return read_site_rules(self._layout, self._base)[0]


def is_system_log(path: str) -> bool:
    """Tell whether a file on the node is one of the system's logs, or was rotated from it."""
    lives = [live for live in SYSTEM_LOGS if path.startswith(live)]
    return any(path == live or _ROTATED.fullmatch(path, len(live)) for live in lives)
