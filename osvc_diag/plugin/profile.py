"""How much a run takes: a profile includes those before it."""

from __future__ import annotations

import enum

from osvc_diag.errors import UsageError


class Profile(str, enum.Enum):
    """How much is taken, as `--profile` names it."""

    QUICK = "quick"
    """Files alone: nothing is run, nothing computed."""
    STANDARD = "standard"
    FULL = "full"

    @classmethod
    def parse(cls, text: str) -> Profile:
        """Return the profile of a name.

        Raises:
            UsageError: there is none of that name.
        """
        try:
            return cls(text.strip().lower())
        except ValueError:
            names = ", ".join(profile.value for profile in cls)
            raise UsageError(f"not a profile: {text!r}", hint=f"there are {names}") from None

    def includes(self, other: Profile) -> bool:
        """Tell whether a run of this profile takes what belongs to another one."""
        order = list(Profile)
        return order.index(other) <= order.index(self)
