"""Takes secrets out of a stream of bytes: one pass, flat memory, whatever the block boundaries."""

from __future__ import annotations

import bisect
import itertools
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, Optional, Union

from osvc_diag.errors import RedactionError
from osvc_diag.form import Form
from osvc_diag.objects.conf import ENCODING, ERRORS
from osvc_diag.redaction.builtin import builtin_rules
from osvc_diag.redaction.confs import mask_conf
from osvc_diag.redaction.content import are_texts, looked_at
from osvc_diag.redaction.engine import make_finder
from osvc_diag.redaction.json_as_text import LineReader
from osvc_diag.redaction.json_lines import redacted_lines
from osvc_diag.redaction.masker import MAX_ROUNDS, LineMasker, blanked, token_spans
from osvc_diag.redaction.pem import PrivateKeys
from osvc_diag.redaction.stream import MAX_LINE, Unit, units
from osvc_diag.redaction.text_stream import TextStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osvc_diag.redaction.helper import Helpers
    from osvc_diag.redaction.rule import Rule
    from osvc_diag.redaction.secrets import Secrets
    from osvc_diag.redaction.tokens import Tokens

WITHHELD = "withheld"  # the rule of a text that no rule could be applied to
_APART = b"\n\x02\n"  # between texts: no match goes from one into the next
_AT_ONCE = 1024  # short texts
MAX_CONF = 16 * 1024 * 1024  # bytes; a configuration is read whole, and none is as large


class SmallText(NamedTuple):
    """One of many texts that are in memory, to be redacted with the others."""

    content: bytes
    form: Form
    counts: Counter[str]
    """Of what each rule masked; empty before."""


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
        helpers: Optional[Helpers] = None,
        expected: int = 0,
    ) -> None:
        """Prepare; nothing is compiled yet.

        Args:
            secrets: what was learned.
            tokens: what stands for masked values.
            extra_rules: rules of plugins, after the shipped ones.
            mask_network: mask addresses and host names, too.
            engine: `re`, `pcre2` or `hyperscan`; None chooses.
            helpers: that may find for it where it is `re`.
            expected: bytes that are to come, as far as that is known: what chooses.

        Raises:
            ValueError: an extra rule cannot work, or there is no such engine.
        """
        self._tokens = tokens
        for rule in extra_rules:
            rule.check()
        rules = [*builtin_rules(), *extra_rules]
        if mask_network:
            from osvc_diag.redaction.rules_network import network_rules  # noqa: PLC0415 (ipaddress takes 10 ms)

            rules += network_rules(secrets.hosts)
        self._masker = LineMasker(secrets, tokens, rules)
        self._finder = make_finder(
            engine,
            (anchor for rule in rules for anchor in rule.anchors),
            (literal.text for literal in secrets.literals),
            helpers,
            expected=expected,
        )

    def redact(self, blocks: Iterable[bytes], form: Form, counts: Counter[str]) -> Iterator[bytes]:
        """Yield the blocks of an artifact with a token for every secret; `counts` grows by rule.

        Raises:
            RedactionError: it cannot be redacted, and must be withheld as a whole.
        """
        is_binary, blocks = looked_at(blocks)
        if is_binary:
            yield from self._binary(blocks)
            return
        if form is Form.CONF:
            yield self._conf(_whole(blocks), counts)
        elif form is Form.JSON_LINES:
            reader = LineReader(self._finder, self._masker, counts)
            yield from redacted_lines(blocks, lambda: self._stream(counts), reader)
        else:
            yield from self._text(blocks, counts)

    def redact_all(self, texts: Sequence[SmallText]) -> list[Union[bytes, Exception]]:
        """Redact small texts as `redact` does each of them; return an error for one that must be withheld.

        An engine is asked once for all of them, which takes a fraction of asking for each.
        """
        begun = [
            self._begun(text) if is_text else None
            for text, is_text in zip(texts, are_texts([text.content for text in texts]))
        ]
        try:
            offsets = self._offsets([b"" if text is None else text for text in begun])
        except Exception:  # noqa: BLE001 - of each alone it is told what it costs
            begun, offsets = [None] * len(texts), [[]] * len(texts)
        return [self._ended(*one) for one in zip(texts, begun, offsets)]

    def _begun(self, text: SmallText) -> Optional[bytes]:
        """Return what engines are to look at; None where it is to be redacted alone."""
        begun = text.content
        if text.form is Form.CONF:
            try:
                begun = mask_conf(begun, self._masker, text.counts)
            except Exception:  # noqa: BLE001 - alone it fails once more, and that is told
                return None
        return None if text.form is Form.JSON_LINES or len(begun) > MAX_LINE else begun

    def _ended(self, text: SmallText, begun: Optional[bytes], offsets: list[int]) -> Union[bytes, Exception]:
        try:
            if begun is not None:
                stream = self._stream(text.counts) if offsets else None
                masked = begun if stream is None else stream.next(Unit(begun), offsets) + stream.end()
                if text.form is not Form.CONF or masked == begun or _keys_of(masked) == _keys_of(begun):
                    return masked
            text.counts.clear()
            return b"".join(self.redact([text.content], text.form, text.counts))
        except Exception as error:  # noqa: BLE001 - one text costs only itself
            return error

    def _offsets(self, texts: Sequence[bytes]) -> list[list[int]]:
        """Return what an engine finds in each of some texts, when it looks at all of them in one block."""
        ends = list(itertools.accumulate(len(text) + len(_APART) for text in texts))
        found: list[list[int]] = [[] for _ in texts]
        for offset in self._finder.find(_APART.join(texts)):
            number = bisect.bisect_right(ends, offset)
            found[number].append(offset - (ends[number - 1] if number else 0))
        return found

    def mask_texts(self, texts: Sequence[str]) -> list[str]:
        """Return many short texts as `mask_text` does."""
        masked: list[str] = []
        for start in range(0, len(texts), _AT_ONCE):
            some = texts[start : start + _AT_ONCE]
            offsets = self._offsets([text.encode(ENCODING, ERRORS) for text in some])
            masked += [self.mask_text(text) if found else text for text, found in zip(some, offsets)]
        return masked

    def mask_text(self, text: str) -> str:
        """Return a short text, such as a name or the user's own words, with a token for every secret."""
        raw = text.encode(ENCODING, ERRORS)
        if not self._finder.find(raw):
            return text
        try:
            masked = b"".join(self._text([raw], Counter()))
        except RedactionError:
            masked = self._tokens.token(WITHHELD, raw)
        return masked.decode(ENCODING, ERRORS)

    def _conf(self, text: bytes, counts: Counter[str]) -> bytes:
        for _ in range(MAX_ROUNDS):
            by_key = mask_conf(text, self._masker, counts)
            masked = b"".join(self._text([by_key], counts))
            if masked == text or _keys_of(masked) == _keys_of(by_key):
                return masked
            # A rule took a delimiter away with a secret: the lines belong to other keys now.
            text = masked
        raise RedactionError("the redaction rules do not come to an end on a configuration")

    def _text(self, blocks: Iterable[bytes], counts: Counter[str]) -> Iterator[bytes]:
        stream = self._stream(counts)
        # The windows of a long line are not known before it is masked.
        for unit, offsets in self._finder.each(
            units(blocks), lambda unit: b"" if unit.long_line else unit.data
        ):
            yield stream.next(unit, offsets)
        yield stream.end()

    def _stream(self, counts: Counter[str]) -> TextStream:
        return TextStream(self._masker, self._finder, PrivateKeys(self._tokens), counts)

    def _binary(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield binary data unchanged; a token in it would damage it, so a secret in it withholds it."""
        counts: Counter[str] = Counter()
        for block in self._text(blocks, counts):
            if counts:
                raise RedactionError("binary data with a secret in it")
            yield block


def _keys_of(text: bytes) -> list[bytes]:
    """Return what decides to which key each line belongs: equal lists mean equal keys."""
    visible = blanked(text, token_spans(text))
    return [line[: line.find(b"=") + 1] or line for line in visible.split(b"\n")]


def _whole(blocks: Iterable[bytes]) -> bytes:
    pieces, size = [], 0
    for block in blocks:
        size += len(block)
        if size > MAX_CONF:
            raise RedactionError(f"a configuration of more than {MAX_CONF} bytes")
        pieces.append(block)
    return b"".join(pieces)
