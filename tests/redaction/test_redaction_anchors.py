"""How other tools fail at redaction: each of their failures, made impossible here."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from redaction_tools import TOKENS, cut, learned, redacted, redactor

from osvc_diag.errors import RedactionError
from osvc_diag.form import Form
from osvc_diag.redaction import Anchor, Redactor, Rule, SecretSearch, learn

LEAK = "hunter2-Leak"


def test_an_error_while_redacting_lets_no_raw_byte_out():
    """One tool archives the raw file when its redaction failed on a line of 10 MB."""

    def find(line: bytes) -> list[object]:
        raise MemoryError

    rule = Rule("acme", "breaks", (Anchor(b"zz"),), (), (), find=find)  # type: ignore[arg-type]
    blocks = redactor(extra_rules=[rule]).redact([b"zz token=hunter2-Leak\n"], Form.LOG, Counter())
    with pytest.raises(RedactionError):
        next(blocks)


def test_a_line_of_ten_megabytes_is_redacted():
    """The same tool; another ends its copy silently at a line over 64 KiB."""
    line = b"x" * 70_000 + b" token=hunter2-Leak " + b"y " * 5_000_000
    out = redacted(redactor(), line + b"\nafter token=hunter2-Leak\n", Form.LOG)
    assert LEAK.encode() not in out
    assert out.endswith(b">\n")
    assert out.count(b"\n") == 2


@pytest.mark.parametrize(
    "text",
    [
        "secret = {}", "secret={}", "secret\t=\t{}", "secret  =  {}", "secret@node1 = {}", "secret: {}",
        "secret = {} and more words", "secret = \n\t{}", "Secret = {}", "SECRET={}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", [Form.CONF, Form.TEXT])
@pytest.mark.parametrize("section", ["cluster", "hb#2", "arbitrator#1", "DEFAULT", "whatever#x"])
def test_every_spelling_of_a_secret_key_in_every_section_is_masked(text: str, form: Form, section: str):
    """One tool masks `secret = x` in cluster.conf, and misses every other spelling and file."""
    conf = f"[{section}]\n{text.format(LEAK)}\nname = lab\n".encode()
    out = redacted(redactor(), conf, form)
    assert LEAK.encode() not in out
    assert b"more words" not in out
    assert out.endswith(b"\nname = lab\n")


@pytest.mark.parametrize("form", [Form.CONF, Form.TEXT])
def test_an_empty_secret_leaves_the_next_line_alone(form: Form):
    """The same tool corrupts the line after an empty `secret =`; the agent's own support corrupts the file."""
    conf = b"[cluster]\nsecret =\nname = lab\n[hb#1]\nsecret = \ntype = unicast\n"
    assert redacted(redactor(), conf, form) == conf
    assert learn([("cluster.conf", conf)], []).literals == ()


def test_a_value_learned_last_is_masked_in_what_was_read_first():
    """Two tools mask only what they knew when they came to a file, or only on the first node."""
    secrets = learn(
        [("a.conf", f"[app#1]\nstart = run {LEAK}\n".encode()), ("z.conf", f"[env]\npw = {LEAK}\n".encode())],
        [],
    )
    by = Redactor(secrets, TOKENS)
    assert LEAK.encode() not in redacted(by, f"[app#1]\nstart = run {LEAK}\n".encode(), Form.CONF)
    assert LEAK.encode() not in redacted(by, f"it said {LEAK}\n".encode(), Form.LOG)


def test_a_secret_split_across_read_blocks_is_masked():
    """One tool's streaming writer missed it, and was removed."""
    text = f"a token={LEAK} b\n".encode()
    for at in range(len(text)):
        assert LEAK.encode() not in b"".join(redactor().redact(cut(text, [at]), Form.LOG, Counter()))


@pytest.mark.parametrize(
    "value", [b"a.c[d", b"(unclosed", b"x*+?{2}", b"$^\\d|", b"back\\slash", b"[a-z]+", b"p.ss.ord1"]
)
def test_a_secret_with_regex_characters_is_a_text_and_no_pattern(value: bytes):
    """One tool takes the values of the configuration for patterns."""
    by = redactor(value)
    assert redacted(by, b"got " + value + b" today") != b"got " + value + b" today"
    kept = b"abcd xx**+?{2} p-ss-ord1 d"
    assert redacted(by, kept) == kept


@pytest.mark.parametrize(
    "line",
    [
        "secret_backend_timeout = 30", "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "id = 0b1f7a52-6d0a-4c5e-9f58-2d9b6c7d8e12",
        "container 4f1b6a7e2c9d0a3b5c8d7e6f1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b", "token_bucket: 5",
    ],
)  # fmt: skip
def test_what_support_needs_is_not_masked(line: str):
    """One tool masks settings, hashes and ids because of a word or a length."""
    assert redacted(redactor(), line.encode()).decode() == line


def test_binary_data_empty_lines_and_comments_come_out_as_they_went_in():
    """Two tools change binary files, lose empty lines, and lose comments."""
    binary = bytes(range(256)) * 100
    assert redacted(redactor(b"Sup3rS3cret"), binary) == binary
    text = b"\n\n# a comment\n\n; another\n[env]\n\n\n\t\n"
    assert redacted(redactor(), text, Form.CONF) == text


@pytest.mark.parametrize(
    "text", ["https://joe:hunter2-Leak@sfx.example.com/", "curl -F file=@b https://u:hunter2-Leak@h/ 2>&1"]
)
def test_the_password_in_an_upload_url_is_masked(text: str):
    """One tool prints it, and stores it in its archive."""
    assert LEAK not in redactor().mask_text(text)


def test_a_masked_value_tells_nothing_about_itself():
    """The agent's own support replaces the secret by its unsalted md5."""
    import hashlib  # noqa: PLC0415

    token = redacted(redactor(), f"token={LEAK}".encode()).partition(b"=")[2]
    for digest in ("md5", "sha1", "sha256"):
        assert hashlib.new(digest, LEAK.encode()).hexdigest()[:6].encode() not in token
    assert len(token) == len(redacted(redactor(), b"token=x").partition(b"=")[2])


def test_learned_values_go_from_logs_that_say_nothing_about_them():
    """One tool masks one of nine planted secrets, and still one after its extra pass."""
    values = [
        b"9d1a3d2a0e6b11ef9c0a525400a1b2c3",
        b"arbSecret42",
        b"SvcEnvPw1",
        b"urlpw",
        b"tok-123",
        b"pgsecret",
        b"cfgpw",
        b"bobpw",
        b"S3cretEnv!",
    ]
    out = redacted(redactor(*values), b"\n".join(b"echo " + value for value in values), Form.LOG)
    assert len(re.findall(rb"<masked:conf-key:\w{8}>", out)) == len(values)
    assert list(SecretSearch(learned(*values)).search([out])) == []
