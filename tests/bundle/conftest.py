"""A whole bundle to read."""

from __future__ import annotations

import pytest
from bundle_making import write_bundle


@pytest.fixture
def bundle_path(tmp_path) -> str:
    members = {
        "file/log/web.log": b"line\n" * 100_000,
        "file/etc/web.conf": b"[DEFAULT]\n",
        "info/empty": b"",
    }
    return write_bundle(tmp_path, members)
