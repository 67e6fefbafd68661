from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redaction_tools import cut, learned, redacted, redactor

from osvc_diag.errors import RedactionError
from osvc_diag.form import Form
from osvc_diag.redaction import SecretSearch, json_lines

PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SECRET = b'pa"ss\\w0rd-\xe9x'
BODY = [f"{'MIIEpAIBAAKCAQEA' * 3}{number:016d}" for number in range(27)]
VALUES = st.one_of(
    st.text(max_size=40),
    st.integers(),
    st.none(),
    st.booleans(),
    st.lists(st.text(max_size=20), min_size=1, max_size=3),
)
OBJECTS = st.dictionaries(st.text(min_size=1, max_size=10), VALUES, max_size=6)


def spelled(*objects):
    return b"".join(json.dumps(one).encode() + b"\n" for one in objects)


def masked(*objects, by=None):
    text = redacted(by or redactor(), spelled(*objects), Form.JSON_LINES)
    return [json.loads(line) for line in text.splitlines()]


class TestValues:
    def test_each_is_redacted_as_the_text_that_it_stands_for(self):
        by = redactor(SECRET)
        ((record),) = masked({"MESSAGE": f"x {SECRET.decode('utf-8', 'surrogateescape')} y"}, by=by)
        assert record["MESSAGE"].startswith("x <masked:conf-key:")
        assert record["MESSAGE"].endswith("> y")

    def test_a_quote_in_a_secret_ends_nothing(self):
        (record,) = masked({"MESSAGE": 'run --env DB_PASSWORD=jr"nlEnv99] (origin user)', "N": 1})
        assert "nlEnv99" not in json.dumps(record)
        assert record["N"] == 1

    def test_terminal_colours_and_strange_bytes_beside_a_secret_hide_nothing(self):
        (record,) = masked(
            {
                "OUT": "\x1b[32mOK\x1b[0m token=jrnlAnsi-77 \udcff",
                "ERR": "mot de passe refus\udce9: jrnlLatin-42",
            }
        )
        assert "jrnl" not in json.dumps(record)
        assert "\udcff" in record["OUT"]

    def test_a_list_is_redacted_value_by_value(self):
        (record,) = masked({"OUT": ["x", "--password hunter2x", "y"]})
        assert record["OUT"][0::2] == ["x", "y"]
        assert "hunter2x" not in record["OUT"][1]

    def test_a_secret_by_its_name_is_masked(self):
        (record,) = masked({"DB_PASSWORD": "hunter2x", "MESSAGE": "x"})
        assert record["DB_PASSWORD"].startswith("<masked:assignment:")

    def test_what_is_no_flat_object_is_redacted_as_text(self):
        text = b'password=hunter2x\n{"a": {"password": "hunter3x"}}\n{"A": "tok=1", "A": "x password=hunter4x"}\n\n'
        done = redacted(redactor(), text, Form.JSON_LINES)
        assert b"hunter" not in done
        assert done.count(b"\n") == 4

    def test_a_name_that_stands_twice_hides_no_value(self):
        done = redacted(redactor(b"k3yOfLab-99x"), b'{"A":"k3yOfLab-99x","A":"x"}\n', Form.JSON_LINES)
        assert b"k3yOfLab" not in done

    def test_masks_are_counted_once(self):
        counts = Counter()
        redacted(redactor(), spelled({"MESSAGE": "password=hunter2x"}), Form.JSON_LINES, counts)
        assert counts == {"assignment": 1}


class TestKeysOverSeveralRecords:
    def lines(self, *, begin=True, end=True):
        return [
            *(["-----BEGIN RSA PRIVATE KEY-----"] if begin else []),
            *BODY,
            *(["-----END RSA PRIVATE KEY-----"] if end else []),
        ]

    @pytest.mark.parametrize(("begin", "end"), [(True, True), (True, False), (False, True)])
    def test_a_key_that_is_logged_line_by_line_is_masked(self, begin, end):
        objects = [
            {"MESSAGE": line, "SID": f"f07cce71-6d0a-4c5e-9f58-{number:012d}", "PKG": "x"}
            for number, line in enumerate(["before", *self.lines(begin=begin, end=end), "and after"])
        ]
        found = masked(*objects)
        assert not any(line in json.dumps(found) for line in BODY)
        assert [one["SID"] for one in found] == [one["SID"] for one in objects]
        assert (found[0]["MESSAGE"], found[-1]["MESSAGE"]) == ("before", "and after")

    def test_a_key_in_one_value_is_masked(self):
        (record,) = masked({"MESSAGE": "dump\n" + "\n".join(self.lines()) + "\nend"})
        assert not any(line in record["MESSAGE"] for line in BODY)
        assert record["MESSAGE"].startswith("dump\n-----BEGIN RSA PRIVATE KEY-----\n<masked:")
        assert record["MESSAGE"].endswith("\n-----END RSA PRIVATE KEY-----\nend")


class TestLaws:
    @PATIENTLY
    @given(st.lists(OBJECTS, max_size=8), st.lists(st.integers(0, 10_000), max_size=4))
    def test_what_holds_no_secret_is_left_as_it_is_however_it_is_cut(self, objects, places):
        text = spelled(*objects)
        blocks = cut(text, places)
        assert b"".join(
            redactor().redact(blocks, Form.JSON_LINES, Counter())
        ) == text or b"<masked:" in b"".join(redactor().redact(blocks, Form.JSON_LINES, Counter()))

    @PATIENTLY
    @given(st.lists(OBJECTS, min_size=1, max_size=5), st.data(), st.text(max_size=10), st.text(max_size=10))
    def test_a_learned_value_is_gone_from_every_value_and_each_line_is_json(
        self, objects, data, before, after
    ):
        secret = SECRET.decode("utf-8", "surrogateescape")
        target = data.draw(st.sampled_from(objects))
        target["FIELD"] = f"{before} {secret} {after}"
        text = redacted(redactor(SECRET), spelled(*objects), Form.JSON_LINES)
        found = [json.loads(line) for line in text.split(b"\n")[:-1]]
        assert len(found) == len(objects)
        assert not any(secret in str(one) for record in found for one in record.values())
        assert list(SecretSearch(learned(SECRET)).search([text])) == []

    @PATIENTLY
    @given(st.lists(OBJECTS, max_size=6), st.lists(st.integers(0, 2000), max_size=5))
    def test_blocks_play_no_part_and_redacting_again_changes_nothing(self, objects, places):
        objects = [{**one, "MESSAGE": f"password=hunter{number}x"} for number, one in enumerate(objects)]
        by = redactor()
        once = redacted(by, spelled(*objects), Form.JSON_LINES)
        assert b"".join(by.redact(cut(spelled(*objects), places), Form.JSON_LINES, Counter())) == once
        assert redacted(by, once, Form.JSON_LINES) == once
        assert b"hunter" not in once


class TestLimits:
    def test_a_line_that_is_too_long_is_withheld(self):
        with pytest.raises(RedactionError, match="too long"):
            redacted(redactor(), b'{"A":"' + b"x" * 300_000 + b'"}\n', Form.JSON_LINES)

    def test_names_without_end_are_withheld(self):
        with pytest.raises(RedactionError, match="more than 256 names"):
            masked({f"F{number}": "x" for number in range(300)})

    def test_a_value_that_may_be_a_key_holds_the_others_back_no_longer_than_memory_allows(self, monkeypatch):
        monkeypatch.setattr(json_lines, "MOST_WAITING", 10_000)
        lines = [
            {"ONCE": "A" * 64, "N": 0},
            *({"MESSAGE": "x" * 100, "N": number} for number in range(1, 9000)),
        ]
        out = redactor().redact(cut(spelled(*lines), range(0, 10**6, 256 * 1024)), Form.JSON_LINES, Counter())
        first = next(block for block in out if block)
        assert first.startswith(b'{"ONCE": ')
        assert b"".join([first, *out]) == spelled(*lines)
