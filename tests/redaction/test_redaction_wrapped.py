"""What stands in braces, brackets or a shell's default, or on a line after its name: a secret goes."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from redaction_tools import TOKENS, cut, redacted, redactor

from osvc_diag.form import Form
from osvc_diag.redaction import Redactor, learn
from osvc_diag.redaction.values import is_reference, within


@pytest.mark.parametrize(
    "line",
    [
        "PASSWORD=${PW:-x1y2z3}",
        "PASSWORD=${PW-x1y2z3}",
        "password = ${X:-x1y2z3}",
        "password={x1y2z3}",
        "jdbc:app;user=joe;password={x1y2z3};db=1",
        "Driver={ODBC Driver};PWD={x1y2z3};",
        "password: <x1y2z3>",
        "password = $(echo x1y2z3)",
        'PASSWORD="$(echo x1y2z3)"',
        "app --password {x1y2z3}",
        "password = {x1.y2z3}",
    ],
)
def test_a_secret_in_braces_or_as_a_default_is_no_reference(line: str):
    assert "y2z3" not in redacted(redactor(), line.encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "[env]\nA = ${X:-x1y2z3}\n",
        "[app#1]\npassword = ${X:-x1y2z3}\n",
        "[env]\nA = {x1y2z3}\n",
        "[data]\nk = {x1y2z3}\n",
        "[data]\na = ${x1y2z3}\n",
        "[data]\na = literal:{x1y2z3}\n",
    ],
)
def test_a_configuration_has_no_secret_in_braces_left_and_it_is_learned_without_them(text: str):
    by = Redactor(learn([("etc/svc.conf", text.encode())], ()), TOKENS)
    assert b"x1y2z3" not in redacted(by, text.encode(), Form.CONF)
    if "${x" not in text:
        assert b"x1y2z3" not in redacted(by, b"the app said x1y2z3 today\n", Form.LOG)


@pytest.mark.parametrize(
    "value",
    [
        *("{nodename}", "{name}", "{svcname}", "{fqdn}", "{namespace}", "{short_nodename}", "{rindex}"),
        *("{env.pw}", "{env.x1y2z3}", "{env.port@node1}", "{fs#1.dev}", "{node.env}", "{#nodes}", "{nodes[0]}"),
        *("{volume#1.exposed_devs[0]}", "{upper:nodename}", "{app#1.name}", "{db_password}", "{password}", "{}"),
        *("$PASSWORD", "${PW}", "${db.password}", "${X:?}", "${X:-}", "${X:-$OTHER}", "${X:-${OTHER}}", "${env:PW}"),
        *("$(DB_PASSWORD)", "$(cat /run/pw)", "$(</run/pw)", "<password>", "<your password>", "<none>", "%(pw)s"),
        *("system/sec/b1", "sec/db", "{system/sec/b1}", "***", "xxx"),
    ],
)  # fmt: skip
def test_a_reference_or_template_stays(value: str):
    assert is_reference(value.encode())
    assert within(value.encode()) == b""
    text = f"[env]\npassword = {value}\nother = {value}\n".encode()
    assert redacted(redactor(), text, Form.CONF) == text


@pytest.mark.parametrize(
    "value",
    ["https://x1y2z3tok@git.example.com/a.git", "https://x1y2z3tok:x-oauth-basic@git.example.com/a.git"],
)
def test_a_token_in_the_place_of_a_user_makes_a_url_a_secret(value: str):
    text = f"[env]\nrepo = {value}\n".encode()
    assert b"x1y2z3tok" not in redacted(redactor(), text, Form.CONF)


@pytest.mark.parametrize(
    "value", ["https://git@git.example.com/a.git", "ssh://joe.doe2@git.example.com/a.git"]
)
def test_a_user_in_a_url_makes_it_no_secret(value: str):
    text = f"[env]\nrepo = {value}\n".encode()
    assert redacted(redactor(), text, Form.CONF) == text


@pytest.mark.parametrize(
    "text",
    [
        '{"passwords": [\n"x1y2z3"]}\n',
        '{ "credentials": {\n "pin": "x1y2z3"}}\n',
        '{"a": 1, "passwords": [\n"x1y2z3"]}\n',
        '{"a": {"credentials": {\n "pin": "x1y2z3"}}}\n',
        "password: >2-\n  x1y2z3\n",
        "password: |-2\n  x1y2z3\n",
        "- password: |2\n    x1y2z3\n",
    ],
)
def test_a_secret_in_the_line_after_its_key_goes(text: str):
    assert b"x1y2z3" not in redacted(redactor(), text.encode())


@pytest.mark.parametrize("text", ["{password:\n  what follows\n", "{secret =\n\twhat follows\n"])
def test_what_follows_a_brace_in_prose_stays(text: str):
    assert redacted(redactor(), text.encode()) == text.encode()


@pytest.mark.parametrize(
    "value",
    [
        "--user joe --password\n\tx1y2z3",
        "--user joe --password \\\n\tx1y2z3 --verbose",
        "--user joe --password\n\t'x1y2z3 x1y2z3'",
        '--user joe --password "a b\n\tx1y2z3"',
        "-e DB_PASSWORD=\n\tx1y2z3\n\t-e A=b",
        "--verbose\n\t--password\n\tx1y2z3",
    ],
)
def test_a_secret_in_the_line_after_its_option_goes_and_is_learned(value: str):
    text = f"[container#1]\nrun_args = {value}\n\t--name web\n".encode()
    by = Redactor(learn([("etc/svc.conf", text)], ()), TOKENS)
    for one in (redactor(), by):
        out = redacted(one, text, Form.CONF)
        assert b"x1y2z3" not in out
        assert out.endswith(b"\n\t--name web\n")
        assert redacted(one, out, Form.CONF) == out
    said = b"the app said x1y2z3 x1y2z3 today\n"
    assert redacted(by, said, Form.LOG) != said


@pytest.mark.parametrize(
    "value",
    [
        "--password-file\n\t/etc/app/pw",
        "--password\n\t--verbose",
        "--password\n\t{env.pw}",
        "-e A=b\n\t-e C=d9e8f7",
        "say 'no password'\n\tto joe",
    ],
)
def test_what_follows_another_line_for_no_reason_stays(value: str):
    text = f"[container#1]\nrun_args = {value}\n\t--name web\n".encode()
    assert redacted(redactor(), text, Form.CONF) == text


ENV = b"""\
{
  "env": [
    {
      "name": "DB_USER",
      "value": "joe"
    },
    {
      "name": "DB_PASSWORD",
      "value": "x1y2z3"
    },
    {
      "name": "API_TOKEN",
      "valueFrom": "pool"
    },
    {
      "name": "MODE",
      "value": "fast"
    }
  ],
  "props": "
  <token>
  x1y2z3
  </token>
  <port>1</port>"
}
"""


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("form", [Form.TEXT, Form.LOG])
def test_a_value_on_a_line_after_its_name_is_masked_wherever_blocks_begin(form: Form, end: bytes):
    text = ENV.replace(b"\n", end)
    whole = redacted(redactor(), text, form)
    assert b"x1y2z3" not in whole
    assert re.sub(b"<masked:[^>]*>", b"x1y2z3", whole) == text
    for at in range(0, len(text), 5):
        assert b"".join(redactor().redact(cut(text, [at]), form, Counter())) == whole


@pytest.mark.parametrize("between", [0, 5, 50])
def test_a_value_far_from_a_name_is_not_taken_for_its_own(between: int):
    lines = [b'"name": "DB_PASSWORD",', *[b'"a": 1,'] * between, b'"value": "x1y2z3"', b'"value": "b"', b""]
    masked = redacted(redactor(), b"\n".join(lines))
    assert (b"x1y2z3" in masked) is (between > 8)
    assert masked.endswith(b'"value": "b"\n')


def test_an_element_that_never_ends_takes_no_more_than_some_lines():
    masked = redacted(redactor(), b"<password>\n" + b"a line\n" * 20)
    assert masked.count(b"<masked:") == 8
    assert masked.endswith(b"\na line" * 12 + b"\n")
