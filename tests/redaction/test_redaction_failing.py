"""Whatever goes wrong, no unredacted byte gets out, and no error quotes one."""

from __future__ import annotations

import codecs
import gzip
import traceback
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from redaction_tools import TOKENS, learned, redacted, redactor

from osvc_diag.errors import RedactionError
from osvc_diag.form import Form
from osvc_diag.redaction import Anchor, Redactor, Rule, Span

if TYPE_CHECKING:
    from collections.abc import Iterable


def broken_rule(find) -> Rule:
    return Rule("acme-broken", "breaks", (Anchor(b"trigger"),), (), (), find=find)


def test_a_rule_that_raises_withholds_the_artifact_and_quotes_nothing():
    def find(line: bytes) -> Iterable[Span]:
        raise KeyError(line)

    by = redactor(extra_rules=[broken_rule(find)])
    with pytest.raises(RedactionError) as caught:
        redacted(by, b"fine\ntrigger hunter2x\n")
    assert "hunter2x" not in "".join(
        traceback.format_exception(None, caught.value, caught.value.__traceback__)[-1:]
    )
    assert "acme-broken" in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_rule_that_never_comes_to_an_end_withholds_the_artifact():
    def find(line: bytes) -> Iterable[Span]:
        at = line.find(b"z")
        return [Span(at, at + 1)] if at >= 0 else []

    by = redactor(extra_rules=[broken_rule(find)])
    with pytest.raises(RedactionError, match="end"):
        redacted(by, b"trigger " + b"z" * 50)


@pytest.mark.parametrize(
    "span",
    [Span(-5, 3), Span(3, 1), Span(0, 10_000), Span(5, 5)],
    ids=["negative", "backwards", "beyond", "empty"],
)
def test_a_rule_with_impossible_spans_withholds_or_is_ignored_but_never_shifts_the_text(span: Span):
    by = redactor(b"Sup3rS3cret", extra_rules=[broken_rule(lambda _line: [span])])
    try:
        out = redacted(by, b"trigger and Sup3rS3cret")
    except RedactionError:
        return
    assert b"Sup3rS3cret" not in out


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("gzip", gzip.compress(b"password=hunter2x", mtime=0)),
        ("zip", b"PK\x03\x04 password=hunter2x"),
        ("xz", b"\xfd7zXZ\0 password=hunter2x"),
        ("UTF-16", codecs.BOM_UTF16_LE + "password=hunter2x".encode("utf-16-le")),
        ("UTF-16", "password=hunter2x\n".encode("utf-16-be")),
        ("UTF-16", "password=hunter2x\n".encode("utf-16-le")),
        ("UTF-16 or UTF-32", codecs.BOM_UTF32_LE + "password=hunter2x".encode("utf-32-le")),
        ("store of keys", b"\x30\x82\x04\xbd\x02\x01\x00 DER"),
        ("store of keys", b"\xfe\xed\xfe\xed\0\0\0\x02 JKS"),
    ],
)
@pytest.mark.parametrize("form", list(Form))
def test_what_cannot_be_searched_is_withheld(name: str, data: bytes, form: Form):
    with pytest.raises(RedactionError, match=name):
        redacted(redactor(), data, form)
    with pytest.raises(RedactionError, match=name):
        list(redactor().redact([data[at : at + 1] for at in range(len(data))], form, Counter()))


class TestBinaryData:
    """Binary data is never changed: it goes through whole, or not at all."""

    CLEAN = b"\x7fELF\x02\x01\x01\0" + bytes(range(256)) * 40

    def test_without_a_secret_it_stays_as_it_is(self):
        assert redacted(redactor(b"Sup3rS3cret"), self.CLEAN) == self.CLEAN

    def test_with_a_learned_value_it_is_withheld(self):
        with pytest.raises(RedactionError, match="binary"):
            redacted(redactor(b"Sup3rS3cret"), self.CLEAN + b" Sup3rS3cret " + self.CLEAN)

    def test_a_log_with_a_hole_of_zeros_is_a_log(self):
        text = b"before\n" + b"\0" * 5000 + b"\n" + b"token=abc123\n" * 50
        out = redacted(redactor(), text, Form.LOG)
        assert b"abc123" not in out
        assert out.startswith(b"before\n" + b"\0" * 5000)

    def test_colours_and_latin_letters_are_text(self):
        text = b"\x1b[31mpassword=hunter2x\x1b[0m caf\xe9\n" * 50
        out = redacted(redactor(), text)
        assert b"hunter2x" not in out
        assert b"caf\xe9" in out


def test_a_configuration_too_large_to_be_read_whole_is_withheld():
    with pytest.raises(RedactionError, match="configuration"):
        list(redactor().redact([b"[env]\n"] + [b"a" * 1_000_000] * 17, Form.CONF, Counter()))


def test_a_text_that_cannot_be_redacted_becomes_a_token():
    def find(line: bytes) -> Iterable[Span]:
        raise ValueError

    by = Redactor(learned(), TOKENS, extra_rules=[broken_rule(find)])
    assert by.mask_text("trigger hunter2x").startswith("<masked:withheld:")


def test_names_and_the_users_own_words_are_masked():
    by = redactor(b"Sup3rS3cret")
    assert by.mask_text("file/var/Sup3rS3cret.log") == "file/var/" + by.mask_text("Sup3rS3cret") + ".log"
    assert "hunter2x" not in by.mask_text("we set\npassword: hunter2x\nand it broke")
    assert by.mask_text("file/etc/opensvc/svc1.conf") == "file/etc/opensvc/svc1.conf"
    assert by.mask_text("a\udcffb") == "a\udcffb"
    assert by.mask_text("") == ""
