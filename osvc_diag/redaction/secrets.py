"""What was learned: secret values, the rules that name them, and every spelling to look for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Optional

from osvc_diag.redaction import forms, values

if TYPE_CHECKING:
    from collections.abc import Iterable

PIECE = 2048  # bytes; a longer value is looked for piece by piece
MIN_BASE64 = 6  # characters


class Literal(NamedTuple):
    """One spelling of one learned value, to be found byte by byte."""

    text: bytes
    value: bytes
    """The value itself, which decides the token."""
    rule: str
    alone: bool
    """It counts only between bytes that are no letters or digits."""
    is_base64: bool
    """The run of base64 around it is masked with it."""

    def __repr__(self) -> str:
        return f"Literal(rule={self.rule!r})"


class Secrets:
    """The secret values of a node. Its `repr` shows none of them."""

    def __init__(self, known: Iterable[bytes] = ()) -> None:
        self._rules: dict[bytes, str] = {}
        self._known = {name.lower() for name in known}
        self._literals: Optional[tuple[Literal, ...]] = None
        self.cluster_secret: bytes = b""
        """The key of the cluster's tokens; empty where it is not known."""
        self.hosts: frozenset[bytes] = frozenset()
        """Names of the cluster's nodes, for `--mask-network`."""
        self.limits: list[str] = []
        """Sentences for the manifest: what could not be learned, and why."""

    def __len__(self) -> int:
        return len(self._rules)

    def __repr__(self) -> str:
        return f"<Secrets: {len(self)} values>"

    def add(self, value: bytes, rule: str) -> None:
        """Learn a value, its lines and its pieces; the first rule that named a value keeps it."""
        lines = [line.strip() for line in value.split(b"\n")]
        whole = b"\n".join(line for line in lines if line)
        for part in {whole, *lines}:
            for start in range(0, len(part), PIECE):
                self._rules.setdefault(part[start : start + PIECE], rule)
        self._literals = None

    def know(self, names: Iterable[bytes]) -> None:
        """Add names that are never searched for, were they a secret's value too."""
        self._known.update(name.lower() for name in names)
        self._literals = None

    def merge(self, other: Secrets) -> Secrets:
        """Return what either has learned; where both name a value or a cluster secret, this one decides."""
        merged = Secrets(self._known | other._known)
        merged._rules = {**other._rules, **self._rules}
        merged.hosts = self.hosts | other.hosts
        merged.limits = list(dict.fromkeys((*self.limits, *other.limits)))
        merged.cluster_secret = self.cluster_secret or other.cluster_secret
        return merged

    def rule_of(self, value: bytes) -> Optional[str]:
        """Return the rule that named a value, searchable or not; None for a value never learned."""
        return self._rules.get(value)

    @property
    def literals(self) -> tuple[Literal, ...]:
        """Every spelling of every searchable value, the longest first."""
        if self._literals is None:
            found: dict[bytes, Literal] = {}
            for value, rule in self._rules.items():
                if values.is_searchable(value, self._known):
                    for literal in _literals(value, rule):
                        if values.is_sought(literal.text, self._known):
                            found.setdefault(literal.text, literal)
            self._literals = tuple(
                sorted(found.values(), key=lambda literal: (-len(literal.text), literal.text))
            )
        return self._literals


def _literals(value: bytes, rule: str) -> Iterable[Literal]:
    alone = values.stands_alone(value)
    for text in dict.fromkeys(forms.text_forms(value)):
        # What goes over a line's end is found line by line: each line was learned, too.
        if len(text) >= values.MIN_SEARCHABLE and b"\n" not in text:
            yield Literal(text, value, rule, alone and values.stands_alone(text), is_base64=False)
    for text in dict.fromkeys(forms.base64_forms(value)):
        if len(text) >= MIN_BASE64:
            yield Literal(text, value, rule, alone=False, is_base64=True)
