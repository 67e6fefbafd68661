"""What an engine is asked once for many small texts is what it would say of each."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redaction_tools import redacted, redactor, unmarked, usable_engines
from test_redaction_corpus import MASKED_CONFS

from osvc_diag.errors import RedactionError
from osvc_diag.form import Form
from osvc_diag.redaction.builtin import builtin_rules
from osvc_diag.redaction.redactor import SmallText
from osvc_diag.redaction.rule import Anchor, Rule
from osvc_diag.redaction.stream import MAX_LINE

LEARNED = (b"Zq9!xWv3", b"tr0ub4dor&3", b"plain-old-words-of-mine")
EXAMPLES = [unmarked(example) for rule in builtin_rules() for example in (*rule.masked, *rule.kept)]
TEXTS = st.one_of(
    st.sampled_from([*EXAMPLES, *LEARNED, b"", b"\n", b"-----BEGIN PRIVATE KEY-----", b"-" * 300, b"A" * 64]),
    st.binary(max_size=40),
    st.sampled_from(
        [b"\x1f\x8b", b"BZh9", b"Rar!", b"\xff\xfe", b"\x28\xb5\x2f\xfd", b"\xfe\xed\xfe\xed", b"0\x82"]
    ),
)
SMALL = st.lists(TEXTS, max_size=4).map(b"\n".join)


@pytest.fixture(scope="module", params=usable_engines())
def by(request):
    return redactor(*LEARNED, engine=request.param)


def alone(by, text, form):
    """A text redacted for itself, or why it cannot be, and the counts."""
    counts: Counter[str] = Counter()
    try:
        return redacted(by, text, form, counts), counts
    except RedactionError as error:
        return str(error), counts


@given(texts=st.lists(st.tuples(SMALL, st.sampled_from(Form)), max_size=12))
def test_texts_are_redacted_as_each_alone(by, texts):
    small = [SmallText(content, form, Counter()) for content, form in texts]
    for text, result in zip(small, by.redact_all(small)):
        expected, counts = alone(by, text.content, text.form)
        assert (str(result) if isinstance(result, Exception) else result) == expected
        assert isinstance(expected, str) or text.counts == counts


@pytest.mark.parametrize("name", MASKED_CONFS)
def test_confs_are_redacted_as_each_alone(by, name):
    content = unmarked(MASKED_CONFS[name])
    small = [SmallText(content, Form.CONF, Counter()) for _ in range(3)]
    expected, counts = alone(by, content, Form.CONF)
    assert by.redact_all(small) == [expected] * 3
    assert [text.counts for text in small] == [counts] * 3


def asked_of(by, monkeypatch) -> list[int]:
    """The sizes of what an engine is asked for."""
    asked = []
    real = by._finder

    class Asked:
        def find(self, block):
            asked.append(len(block))
            return real.find(block)

    monkeypatch.setattr(by, "_finder", Asked())
    return asked


def test_an_engine_is_asked_once(by, monkeypatch):
    asked = asked_of(by, monkeypatch)
    assert by.redact_all([SmallText(b"line\n", Form.LOG, Counter())] * 500) == [b"line\n"] * 500
    assert by.mask_texts(["file/a", "file/b"] * 250) == ["file/a", "file/b"] * 250
    confs = [SmallText(b"[env]\npassword = x%dyZ!\n" % number, Form.CONF, Counter()) for number in range(500)]
    assert all(b"<masked:" in masked for masked in by.redact_all(confs))
    assert len(asked) == 3


def test_a_match_over_a_line_end_hides_nothing_of_the_next_text():
    rule = Rule(
        id="acme-wide",
        purpose="a plugin's anchor that runs over line ends",
        anchors=(Anchor(rb"badge\s+badge"), Anchor(rb"number")),
        pattern=rb"(?i:badge|number) (?P<secret>[A-Z]{2}\d{4})",
        masked=("Badge «AB1234» entered",),
        kept=("badge",),
    )
    by = redactor(extra_rules=(rule,))
    small = [SmallText(text, Form.TEXT, Counter()) for text in (b"badge", b"badge number AB1234")]
    first, second = by.redact_all(small)
    assert first == b"badge"
    assert b"AB1234" not in second


@pytest.mark.parametrize("extra", [0, 1, 300])
def test_a_line_that_is_too_long_for_one_block_is_redacted_as_alone(by, extra):
    content = b"x" * (MAX_LINE + extra - 20) + b" Zq9!xWv3 "
    assert by.redact_all([SmallText(content, Form.TEXT, Counter())]) == [redacted(by, content)]


def test_short_texts_are_masked_as_each_alone(by):
    texts = [
        "file/etc/web.conf",
        "a Zq9!xWv3 b",
        "",
        "tr0ub4dor&3",
        "with\nline password=xY12!abcd",
        "\udcff",
    ]
    assert by.mask_texts(texts) == [by.mask_text(text) for text in texts]
    assert "Zq9!xWv3" not in "".join(by.mask_texts(texts))


def test_an_engine_that_fails_on_all_of_them_is_asked_for_each(by, monkeypatch):
    find = by._finder.find

    def failing(block):
        if b"\x02" in block or b"bad" in block:
            raise OSError("the engine crashed")
        return find(block)

    monkeypatch.setattr(by._finder, "find", failing)
    texts = [b"good", b"bad", b"a Zq9!xWv3 b"]
    good, bad, masked = by.redact_all([SmallText(text, Form.TEXT, Counter()) for text in texts])
    assert good == b"good"
    assert isinstance(bad, OSError)
    assert b"<masked:" in masked
    assert b"Zq9!xWv3" not in masked
