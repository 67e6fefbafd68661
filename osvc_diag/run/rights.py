"""What to tell whoever may not read a file of the node."""

from __future__ import annotations

import os
from typing import Optional

AS_ROOT = "run it as root: sudo --preserve-env=https_proxy,no_proxy ..."


def as_root() -> Optional[str]:
    """Return the hint; None for root, to whom it is of no use."""
    return None if os.geteuid() == 0 else AS_ROOT
