"""What an engine is asked once for many small texts is what it would say of each."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redaction_tools import redacted, redactor, unmarked, usable_engines

from osvc_diag.errors import RedactionError
from osvc_diag.plugin.artifact import Form
from osvc_diag.redaction.builtin import builtin_rules
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


@given(texts=st.lists(SMALL, max_size=12))
def test_what_is_untouched_is_returned_by_redact_as_it_is(by, texts):
    for text, is_untouched in zip(texts, by.untouched(texts)):
        if is_untouched:
            counts: Counter[str] = Counter()
            assert redacted(by, text, Form.LOG, counts) == text
            assert not counts


@given(texts=st.lists(SMALL, max_size=12))
def test_nothing_that_redact_changes_or_withholds_is_untouched(by, texts):
    for text, is_untouched in zip(texts, by.untouched(texts)):
        try:
            is_changed = redacted(by, text, Form.TEXT) != text
        except RedactionError:
            is_changed = True
        assert not (is_changed and is_untouched)


def test_of_many_harmless_texts_all_are_untouched(by):
    texts = [b'{"status": "up", "number": %d}\n' % number for number in range(1000)]
    assert by.untouched(texts) == [True] * 1000
    texts[500] = b"password=Zq9!xWv3\n"
    texts[501] = b"has Zq9!xWv3 in it"
    assert [number for number, is_untouched in enumerate(by.untouched(texts)) if not is_untouched] == [
        500,
        501,
    ]


def test_an_engine_is_asked_once(by, monkeypatch):
    asked = []
    real = by._finder.find
    monkeypatch.setattr(
        by, "_finder", type("", (), {"find": lambda _, block: asked.append(1) or real(block)})()
    )
    by.untouched([b"line\n"] * 500)
    assert by.mask_texts(["file/a", "file/b"] * 250) == ["file/a", "file/b"] * 250
    assert len(asked) == 2


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
    assert by.untouched([b"badge", b"badge number AB1234"]) == [True, False]


def test_a_text_of_a_line_that_is_too_long_for_one_block_is_left_to_redact(by):
    assert by.untouched([b"x" * MAX_LINE, b"x" * (MAX_LINE + 1)]) == [True, False]


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
