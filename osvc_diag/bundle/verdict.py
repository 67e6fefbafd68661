"""What a verification says of a bundle; it never holds a secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from osvc_diag.errors import VerificationError

COPY_AGAIN = "copy it again from where it was made, or make it again"
_KEEP_BACK = "give it to nobody: make it again, and report which rule found something if that one fails too"


@dataclass(frozen=True)
class Problem:
    """Something that must not be in a bundle; never the thing itself."""

    what: str
    """A sentence."""
    member: Optional[str] = None
    """Its name, or its number where the name holds a secret; None for the archive as a whole."""
    rule: Optional[str] = None
    offset: Optional[int] = None
    """Plain bytes from the start of the member; inside its compression where it has one."""

    def __str__(self) -> str:
        where = "" if self.member is None else f"{self.member!a}: "
        offset = "" if self.offset is None else f", offset {self.offset}"
        rule = "" if self.rule is None else f" (rule {self.rule}{offset})"
        return f"{where}{self.what}{rule}"


@dataclass(frozen=True)
class Verdict:
    """What a verification came to."""

    problems: tuple[Problem, ...]
    members: int = 0
    plain_bytes: int = 0
    is_searched: bool = False
    """Whether secrets were looked for; else the structure and the checksums only."""

    @property
    def ok(self) -> bool:
        """Whether the bundle may leave the node, as far as was looked."""
        return not self.problems

    @property
    def hint(self) -> Optional[str]:
        """What to do about the problems; None where there are none."""
        if self.ok:
            return None
        return _KEEP_BACK if any(problem.rule for problem in self.problems) else COPY_AGAIN

    def raise_for_problems(self) -> None:
        """Raise unless all is well.

        Raises:
            VerificationError: It tells the first problem and how many there are.
        """
        if self.problems:
            more = f", and {len(self.problems) - 1} more" if len(self.problems) > 1 else ""
            raise VerificationError(
                f"the bundle did not pass verification: {self.problems[0]}{more}", hint=self.hint
            )
