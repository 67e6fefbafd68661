"""Masks what this program says: rules of third parties take away what is told of, never its own words."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Callable

from osvc_diag.plugin.foreign import Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osvc_diag.redaction import Redactor, Rule

# A value in a sentence stands in quotes; an apostrophe opens none.
_VALUE = re.compile(r"(?<![^\s(\[=])(?:'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")(?!\w)")


class Words:
    """Hints, reasons and pages of one run, without secrets and still to be understood."""

    def __init__(self, redactor: Redactor, rules: Sequence[Rule], make: Callable[..., Redactor]) -> None:
        """Prepare.

        Args:
            redactor: of the run, with the rules of third parties.
            rules: these.
            make: makes another one, with `extra_rules`.
        """
        # A hit of a certain rule is a secret wherever it stands: verify looks for it in these words too.
        certain = [rule for rule in rules if rule.certain]
        self._redactor = redactor
        self._has_others = len(certain) < len(rules)
        self._make = functools.partial(make, extra_rules=certain)

    @functools.cached_property
    def _own(self) -> Redactor:
        return self._make() if self._has_others else self._redactor

    def mask(self, text: str) -> str:
        """Return a sentence of this program; values in quotes, and what is from outside, see all rules."""
        told = Told.of(text)
        own = self._own.mask_text(told.own)
        if self._has_others:
            own = _VALUE.sub(lambda match: self._redactor.mask_text(match[0]), own)
        return own + (self._redactor.mask_text(told.outside) if told.outside else "")

    def mask_page(self, page: str) -> str:
        """Return a page of this program, in which everything from outside was masked before."""
        return self._own.mask_text(page)
