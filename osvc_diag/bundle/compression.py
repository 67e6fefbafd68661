"""What matters more in an archive: that it is made fast, or that it is small."""

from __future__ import annotations

import enum
from typing import Union

from osvc_diag.errors import UsageError


class Compression(str, enum.Enum):
    """The bytes of an archive depend on it; the tar inside is the same."""

    FAST = "fast"
    """About a quarter larger than gzip makes it, at a multiple of its speed."""
    SMALL = "small"
    """A little smaller than gzip makes it, and slower."""

    @classmethod
    def parse(cls, value: Union[str, Compression]) -> Compression:
        """Return the one that is meant.

        Raises:
            UsageError: there is no such one.
        """
        try:
            return cls(value)
        except ValueError:
            raise UsageError(f"{value!r} is no way to compress", hint="fast or small") from None
