"""Takes secrets out of a stream of bytes: one pass, flat memory, whatever the block boundaries."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Optional

from osvc_diag.artifact import Form
from osvc_diag.conf import ENCODING, ERRORS
from osvc_diag.errors import RedactionError
from osvc_diag.redaction.builtin import builtin_rules
from osvc_diag.redaction.confs import mask_conf
from osvc_diag.redaction.finder import PythonFinder
from osvc_diag.redaction.masker import LineMasker
from osvc_diag.redaction.pem import PrivateKeys
from osvc_diag.redaction.stream import whole_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osvc_diag.redaction.rule import Rule
    from osvc_diag.redaction.secrets import Secrets
    from osvc_diag.redaction.tokens import Tokens

MAX_CONF = 16 * 1024 * 1024  # bytes; a configuration is read whole, and none is as large
MAX_LINE = 1024 * 1024  # bytes


class Redactor:
    """Masks learned values and what the rules find; one may serve many streams, one after the other."""

    def __init__(
        self,
        secrets: Secrets,
        tokens: Tokens,
        *,
        extra_rules: Sequence[Rule] = (),
        mask_network: bool = False,
        engine: Optional[str] = None,
    ) -> None:
        self._secrets = secrets
        self._tokens = tokens
        rules = (*builtin_rules(), *extra_rules)
        self._masker = LineMasker(secrets, tokens, rules)
        self._finder = PythonFinder(
            [anchor for rule in rules for anchor in rule.anchors],
            [literal.text for literal in secrets.literals],
        )

    def redact(self, blocks: Iterable[bytes], form: Form, counts: Counter[str]) -> Iterator[bytes]:
        """Yield the blocks of an artifact with a token for every secret; `counts` grows by rule.

        Raises:
            RedactionError: it cannot be redacted, and must be withheld as a whole.
        """
        if form is Form.CONF:
            blocks = [mask_conf(_whole(blocks), self._secrets, self._tokens, counts)]
        keys = PrivateKeys(self._tokens)
        for block in whole_lines(blocks, MAX_LINE):
            yield self._masked(keys.mask(block, counts, last=False), counts)
        yield self._masked(keys.mask(b"", counts, last=True), counts)

    def mask_text(self, text: str) -> str:
        """Return a short text, such as a name or the user's own words, with a token for every secret."""
        blocks = self.redact([text.encode(ENCODING, ERRORS)], Form.TEXT, Counter())
        return b"".join(blocks).decode(ENCODING, ERRORS)

    def _masked(self, block: bytes, counts: Counter[str]) -> bytes:
        pieces, last = [], 0
        for offset in self._finder.find(block):
            if offset < last:
                continue
            start = block.rfind(b"\n", 0, offset) + 1
            end = block.find(b"\n", offset)
            end = len(block) if end < 0 else end
            if block[end - 1 : end] == b"\r":
                end -= 1
            line = block[start:end]
            masked = self._masker.mask(line, counts)
            if masked is not line:
                pieces += [block[last:start], masked]
                last = end
        return b"".join((*pieces, block[last:])) if pieces else block


def _whole(blocks: Iterable[bytes]) -> bytes:
    pieces, size = [], 0
    for block in blocks:
        size += len(block)
        if size > MAX_CONF:
            raise RedactionError(f"a configuration of more than {MAX_CONF} bytes")
        pieces.append(block)
    return b"".join(pieces)
