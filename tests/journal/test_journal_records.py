from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osvc_diag.journal import records
from osvc_diag.journal.records import MAX_LINE, MAX_RECORD, MAX_VALUE, decoded, encoded, lines

PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
fields = st.dictionaries(
    st.from_regex(r"[A-Z0-9_]{1,64}", fullmatch=True),
    st.one_of(st.text(), st.lists(st.text(min_size=1), min_size=1)),
    max_size=20,
)


def blocks_of(text, size):
    return [text[at : at + size] for at in range(0, len(text), size)]


class TestLines:
    @PATIENTLY
    @given(st.lists(st.binary().map(lambda raw: raw.replace(b"\n", b""))), st.integers(1, 50))
    def test_a_stream_is_cut_at_its_line_ends_whatever_its_blocks_are(self, wanted, size):
        text = b"".join(line + b"\n" for line in wanted)
        assert list(lines(blocks_of(text, size))) == wanted

    def test_a_last_line_without_an_end_counts(self):
        assert list(lines([b"a\nb"])) == [b"a", b"b"]

    def test_a_record_that_is_too_large_is_told_with_its_time_and_the_next_one_is_read(self):
        huge = (
            b'{"MESSAGE":"'
            + b"x" * 60_000
            + b'","__REALTIME_TIMESTAMP":"17","CMD":"'
            + b"y" * MAX_LINE
            + b'"}'
        )
        first, second = lines([*blocks_of(huge, 4096), b"\n{}\n"])
        assert decoded(first) == {
            "__REALTIME_TIMESTAMP": "17",
            "PRIORITY": "4",
            "MESSAGE": f"[a record of {len(huge)} bytes was left out]",
        }
        assert second == b"{}"

    def test_no_more_of_a_huge_line_is_held_than_what_is_kept_of_one(self):
        held = []

        def endless():
            for _ in range(64):
                yield b"x" * 256 * 1024

        pieces = lines(endless())
        held.append(next(pieces))
        assert len(held[0]) < 200


class TestDecoded:
    def test_values_that_come_as_byte_numbers_are_texts(self):
        line = json.dumps({"MESSAGE": list(b"caf\xe9 \x1b[1m"), "OUT": list("é".encode())}).encode()
        assert decoded(line) == {"MESSAGE": "caf\udce9 \x1b[1m", "OUT": "é"}

    def test_a_field_that_a_record_has_twice_is_a_list_whatever_its_values_are_spelled_as(self):
        assert decoded(b'{"A":["x",[121,255],"z"]}') == {"A": ["x", "y\udcff", "z"]}

    def test_null_is_no_value(self):
        assert decoded(b'{"A":null,"B":""}') == {"B": ""}

    def test_names_that_journald_would_never_let_through_are_left_out(self):
        assert decoded(b'{"a":"1","A B":"2","A":"3"}') == {"A": "3"}

    @pytest.mark.parametrize(
        "line", [b"", b"-- Boot 1 --", b"[1]", b"{", b'{"A":"' + b"[" * 5000, b"[" * 50_000]
    )
    def test_what_is_no_record_is_none(self, line):
        assert decoded(line) is None

    @PATIENTLY
    @given(st.binary())
    def test_nothing_makes_it_raise(self, line):
        decoded(line)

    def test_of_a_value_that_is_too_long_whole_lines_are_kept(self):
        text = "first\n" + "x" * MAX_VALUE
        assert decoded(json.dumps({"OUT": text}).encode()) == {
            "OUT": f"first\n[{MAX_VALUE} more characters were left out]"
        }


class TestEncoded:
    @PATIENTLY
    @given(fields)
    def test_what_is_written_is_read_again(self, record):
        record = {
            name: value[0] if len(value) == 1 and isinstance(value, list) else value
            for name, value in record.items()
        }
        if all(
            char < "\ud800" or char > "\udfff" for value in record.values() for text in value for char in text
        ):
            assert json.loads(encoded(record)) == record

    @PATIENTLY
    @given(st.binary())
    def test_bytes_that_are_no_text_survive(self, raw):
        record = decoded(json.dumps({"MESSAGE": list(raw)}).encode())
        again = json.loads(encoded(record))["MESSAGE"]
        assert again.encode("utf-8", "surrogateescape") == raw

    @PATIENTLY
    @given(fields)
    def test_a_record_is_one_line_to_every_reader(self, record):
        assert len(encoded(record).decode("utf-8").splitlines()) == 1

    def test_a_record_of_many_large_fields_stays_below_the_limit(self):
        record = {f"F{number}": "\x01" * MAX_VALUE for number in range(records.MAX_FIELDS)}
        line = encoded({"__REALTIME_TIMESTAMP": "1", **record})
        assert len(line) <= MAX_RECORD
        assert json.loads(line)["__REALTIME_TIMESTAMP"] == "1"
