"""The same bytes whatever the blocks and the engine, in flat memory, for lines of any length."""

from __future__ import annotations

import re
import tracemalloc
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redaction_tools import cut, learned, redacted, redactor, unmarked, usable_engines

from osvc_diag.errors import RedactionError
from osvc_diag.form import Form
from osvc_diag.redaction import SecretSearch, builtin_rules, long_line, stream
from osvc_diag.redaction.engine import make_finder

if TYPE_CHECKING:
    from collections.abc import Iterator


VALUES = (
    b"Sup3rS3cret",
    b"9d1a3d2a0e6b11ef9c0a525400a1b2c3",
    b"p@ss/w%r\"d'x",
    b"it's $5 (ok)",
    b"tok-123",
    b"bobpw",
    b"line one\nline two9",
    "pà5$wörd".encode(),
    b"a.*b[c]+d?",
)
SECRETS = learned(*VALUES)
EXAMPLES = [unmarked(text) for rule in builtin_rules() for text in (*rule.masked, *rule.kept)]
# The marks of a key stand on lines of their own: glued to a secret they would be masked with it.
EXAMPLES = [b"\n" + text + b"\n" if b"-----" in text else text for text in EXAMPLES]
PREFIX = b"2026-11-22 20:03:30,449 DEBUG sid:c71d4e7e-3ce7-49ce-b6f0-8328c49d7f64 n:node1 o:svc1 sc:n | "
NOISE = [
    b" ",
    b"\n",
    b"\r\n",
    b"\t",
    b'"',
    b"'",
    b"\\",
    b":",
    b"=",
    b",",
    b"@",
    b"://",
    b"{",
    b"[",
    b"]",
    b"}",
    b"\xff",
    b"\1",
]
NOISE += [
    PREFIX,
    b"password",
    b"secret: |\n  ",
    b"token=",
    b"--value=",
    b"<masked:",
    b"<masked:conf-key:abcdefgh>",
    b"\n" + b"M" * 64 + b"\n",
]
PIECES = st.one_of(
    st.sampled_from(EXAMPLES),
    st.sampled_from(NOISE),
    st.sampled_from([literal.text for literal in SECRETS.literals]),
)
TEXTS = st.lists(PIECES, max_size=30).map(b"".join)
FORMS = st.sampled_from([Form.TEXT, Form.LOG, Form.CONF])
FINDERS = {
    engine: make_finder(
        engine,
        [anchor for rule in builtin_rules() for anchor in rule.anchors],
        [literal.text for literal in SECRETS.literals],
    )
    for engine in usable_engines()
}
BY_ENGINE = {engine: redactor(*VALUES, engine=engine) for engine in usable_engines()}
SEARCHES = {engine: SecretSearch(SECRETS, engine=engine) for engine in usable_engines()}


def outcome(engine: str, blocks: list[bytes], form: Form) -> tuple[object, Counter[str]]:
    counts: Counter[str] = Counter()
    try:
        return b"".join(BY_ENGINE[engine].redact(blocks, form, counts)), counts
    except RedactionError as error:
        return str(error), Counter()


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Blocks and windows so small that every text crosses them."""
    monkeypatch.setattr(stream, "BLOCK", 600)
    monkeypatch.setattr(stream, "MAX_LINE", 600)
    monkeypatch.setattr(long_line, "WINDOW", 600)
    monkeypatch.setattr(long_line, "CONTEXT", 200)
    return


@given(TEXTS, FORMS, st.lists(st.integers(0, 10_000), max_size=8))
def test_engines_and_block_boundaries_make_no_difference(text: bytes, form: Form, places: list[int]):
    expected = outcome("re", [text], form)
    for engine in BY_ENGINE:
        assert outcome(engine, cut(text, places), form) == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS, st.lists(st.integers(0, 10_000), max_size=8))
def test_nor_do_they_in_long_lines(narrow: None, text: bytes, places: list[int]):
    text = text.replace(b"\n", b" ")
    expected = outcome("re", [text], Form.LOG)
    for engine in BY_ENGINE:
        assert outcome(engine, cut(text, places), Form.LOG) == expected


@given(TEXTS, FORMS)
def test_a_second_redaction_changes_nothing(text: bytes, form: Form):
    once, _ = outcome("re", [text], form)
    if isinstance(once, bytes):
        assert outcome("re", [once], form) == (once, Counter())


@given(TEXTS, FORMS)
def test_the_search_finds_nothing_in_what_was_redacted(text: bytes, form: Form):
    once, _ = outcome("re", [text], form)
    if isinstance(once, bytes):
        assert list(SEARCHES["re"].search([once])) == []


@given(TEXTS, st.lists(st.integers(0, 10_000), max_size=8))
def test_the_search_finds_the_same_by_every_engine_and_whatever_the_blocks(text: bytes, places: list[int]):
    expected = set(SEARCHES["re"].search([text]))
    for search in SEARCHES.values():
        assert set(search.search(cut(text, places))) == expected


@given(TEXTS)
def test_an_engine_that_finds_a_line_alone_finds_it_among_others(text: bytes):
    """A match that went on into the next line would hide what begins there."""
    for finder in FINDERS.values():
        among = {text.count(b"\n", 0, offset) for offset in finder.find(text)}
        assert among >= {at for at, line in enumerate(text.split(b"\n")) if finder.find(line)}


@given(TEXTS)
def test_an_engine_finds_every_line_that_holds_an_anchor_or_a_learned_value(text: bytes):
    """However an engine spells and shares out what it looks for."""
    anchors = {anchor for rule in builtin_rules() for anchor in rule.anchors}
    asked = {
        number
        for number, line in enumerate(text.split(b"\n"))
        if any(anchor.compiled.search(line.lower() if anchor.caseless else line) for anchor in anchors)
        or any(literal.text in line for literal in SECRETS.literals)
    }
    for finder in FINDERS.values():
        assert asked <= {text.count(b"\n", 0, offset) for offset in finder.find(text)}


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_bytes_without_a_secret_come_out_as_they_are_or_not_at_all(data: bytes, places: list[int]):
    out, counts = outcome("re", cut(data, places), Form.LOG)
    assert out == data or counts or isinstance(out, str)


@pytest.mark.parametrize("engine", usable_engines())
@pytest.mark.parametrize("value", VALUES)
def test_a_secret_at_every_block_boundary_is_masked(engine: str, value: bytes):
    text = PREFIX + b"before " + value + b" after\n"
    whole = redacted(BY_ENGINE[engine], text)
    for at in range(len(PREFIX), len(text)):
        assert b"".join(BY_ENGINE[engine].redact([text[:at], text[at:]], Form.LOG, Counter())) == whole
    assert value.split(b"\n")[0] not in whole


def test_one_byte_at_a_time_gives_the_same():
    text = b"".join(EXAMPLES)
    single = [text[at : at + 1] for at in range(len(text))]
    assert b"".join(BY_ENGINE["re"].redact(single, Form.LOG, Counter())) == redacted(BY_ENGINE["re"], text)


@pytest.mark.parametrize("end", [b"", b"\n", b"\n-----END PRIVATE KEY-----\n"])
def test_the_short_last_line_of_a_key_is_masked_wherever_a_block_ends(end: bytes, monkeypatch):
    last = b"Q9/x4w=="
    text = b"-----BEGIN PRIVATE KEY-----\n" + b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" * 2 + b"\n" + last + end
    assert last not in redacted(redactor(), text)
    monkeypatch.setattr(stream, "BLOCK", text.index(last))
    assert last not in redacted(redactor(), text)


def test_line_ends_of_every_kind_and_their_absence_stay():
    text = b"\n\r\n\n\rtoken=abc1\r\n\n\r\r\ntoken=abc2"
    out = redacted(redactor(), text, Form.LOG)
    assert out.count(b"\n") == text.count(b"\n")
    assert out.count(b"\r") == text.count(b"\r")
    assert b"abc" not in out


class TestLongLines:
    """A line that is never held whole."""

    @pytest.mark.parametrize("engine", usable_engines())
    @pytest.mark.parametrize("at", [0, 1, 262_100, 262_144, 262_150, 327_600, 327_680, 500_000, 999_980])
    def test_a_secret_is_masked_wherever_it_stands(self, engine: str, at: int):
        filler = b"some harmless words, "
        line = (filler * 50_000)[:1_000_000]
        line = line[:at] + b" Sup3rS3cret token=abc123 " + line[at:]
        out = redacted(BY_ENGINE[engine], line + b"\nnext Sup3rS3cret\n", Form.LOG)
        assert b"Sup3rS3cret" not in out
        assert b"abc123" not in out
        assert out.count(b"<masked:") == 3
        rest = re.sub(rb"<masked:[^>]*>", b"", out)
        assert rest == (line + b"\nnext Sup3rS3cret\n").replace(b"Sup3rS3cret", b"").replace(b"abc123", b"")

    @pytest.mark.parametrize("engine", usable_engines())
    def test_looking_for_anchors_only_around_what_the_engine_names_changes_nothing(
        self, engine: str, monkeypatch: pytest.MonkeyPatch
    ):
        texts = [text for rule in builtin_rules() for text in (*rule.masked, *rule.kept) if "\n" not in text]
        filler = b" some 'harmless' words" * 500
        line = b"".join(filler[: 997 * at % len(filler)] + unmarked(text) for at, text in enumerate(texts))
        assert len(line) > 3 * long_line.WINDOW
        near = redacted(BY_ENGINE[engine], line, Form.LOG)
        monkeypatch.setattr(long_line.LongLine, "_around", lambda self, offsets: None)
        assert near == redacted(BY_ENGINE[engine], line, Form.LOG)
        assert near.count(b"<masked:") > 50

    @pytest.mark.parametrize("engine", usable_engines())
    def test_a_learned_value_of_many_kilobytes_is_masked(self, engine: str):
        value = b"".join(b"%d-Sup3rS3cret-" % at for at in range(700))
        line = b"some harmless words, " * 20_000 + b" " + value + b" and more" * 50_000
        out = redacted(redactor(value, engine=engine), line, Form.LOG)
        assert b"Sup3rS3cret" not in out
        assert out.endswith(b"> and more" + b" and more" * 49_999)

    def test_json_on_one_line_keeps_its_shape(self):
        record = b'{"user": "joe", "password": "x1y2z3", "n": [1, 2, 3]},'
        out = redacted(redactor(), b"[" + record * 20_000 + b"]", Form.JSON)
        assert b"x1y2z3" not in out
        assert out.count(b'"password": "<masked:assignment:') == 20_000

    def test_a_secret_too_long_to_be_seen_whole_withholds_the_artifact(self):
        with pytest.raises(RedactionError, match="more than"):
            redacted(
                redactor(),
                b'{"a": "' + b"a" * 300_000 + b'", "password": "' + b"q" * 400_000 + b'"}',
                Form.JSON,
            )

    @pytest.mark.parametrize(
        "shape",
        [
            b"a",
            b" ",
            b"Ab3+",
            b"eyJ",
            b"eyJabcdefghi.",
            b"://a:b",
            b":ab@",
            b"password=x ",
            b'"password":"x",',
            b"\\",
            b'\\"',
        ],
        ids=repr,
    )
    @pytest.mark.parametrize("engine", usable_engines())
    def test_a_line_of_any_shape_comes_to_an_end(self, engine: str, shape: bytes):
        line = shape * (600_000 // len(shape))
        try:
            out = redacted(BY_ENGINE[engine], line, Form.LOG)
        except RedactionError:
            return
        assert out

    def test_memory_does_not_grow_with_the_line(self):
        def blocks() -> Iterator[bytes]:
            for _ in range(64):
                yield b"harmless words " * 17_476

        by = redactor(engine="re")
        redacted(by, b"password=x1\n")
        tracemalloc.start()
        try:
            for _ in by.redact(blocks(), Form.LOG, Counter()):
                pass
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 8 * 1024 * 1024


class TestPrivateKeys:
    """Keys over several lines, cut off or mixed with other lines."""

    BODY = (
        b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
        b"MzEfYyjiWA4R4ypbHqGC0H0+tG3hGbN5MYHRXPLOGRGEOT/ABCDEFGHIJKLMNOPQ",
        b"R4ypb==",
    )
    BEGIN, END = b"-----BEGIN PRIVATE KEY-----", b"-----END PRIVATE KEY-----"

    @pytest.mark.parametrize("engine", usable_engines())
    def test_whose_head_goes_on_from_a_learned_value(self, engine: str):
        by = redactor(b"X9X Private", engine=engine)
        out = redacted(by, b"X9X Private-Lines: 3\n" + b"\n".join(self.BODY) + b"\nall done.\n", Form.LOG)
        assert not any(body in out for body in self.BODY)
        assert out.endswith(b"\nall done.\n")

    def check(self, lines: list[bytes], form: Form = Form.LOG) -> bytes:
        text = b"\n".join(lines) + b"\n"
        out = redacted(redactor(), text, form)
        for body in self.BODY:
            assert body not in out
        assert out.count(b"\n") == text.count(b"\n")
        for places in ([17], [70, 140], [150], range(0, len(text), 13)):
            assert b"".join(redactor().redact(cut(text, places), form, Counter())) == out
        return out

    def test_whole(self):
        out = self.check([b"before", self.BEGIN, *self.BODY, self.END, b"after"])
        assert out.startswith(b"before\n" + self.BEGIN)
        assert out.endswith(self.END + b"\nafter\n")

    def test_with_the_prefix_of_a_log(self):
        self.check([PREFIX + b"| " + line for line in (self.BEGIN, *self.BODY, self.END)])

    def test_without_its_head_as_in_the_tail_of_a_log(self):
        out = self.check([*self.BODY, self.END, b"after"])
        assert out.endswith(self.END + b"\nafter\n")

    def test_without_its_head_after_other_lines(self):
        assert self.check([b"before", *self.BODY, self.END]).startswith(b"before\n")

    def test_without_its_head_in_a_log(self):
        self.check([PREFIX + b"| " + line for line in (*self.BODY, self.END)])

    def test_without_its_end(self):
        self.check([b"before", self.BEGIN, *self.BODY])

    def test_with_lines_of_other_threads_in_between(self):
        out = self.check(
            [self.BEGIN, self.BODY[0], PREFIX + b"daemon is well", self.BODY[1], PREFIX + b"a b", self.END]
        )
        assert PREFIX + b"daemon is well\n" in out

    def test_indented_quoted_or_in_an_array(self):
        self.check([b"  " + line for line in (self.BEGIN, *self.BODY, self.END)])
        self.check([b'    "' + line + b'",' for line in (self.BEGIN, *self.BODY, self.END)], Form.JSON)
        self.check([b"\t" + line for line in (self.BEGIN, *self.BODY, self.END)], Form.CONF)

    def test_a_certificate_beside_it_stays(self):
        certificate = [b"-----BEGIN CERTIFICATE-----", self.BODY[0], b"-----END CERTIFICATE-----"]
        text = b"\n".join([*certificate, self.BEGIN, self.BODY[1], self.END, *certificate]) + b"\n"
        out = redacted(redactor(), text)
        assert out.count(self.BODY[0]) == 2
        assert self.BODY[1] not in out
