from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.errors import UsageError
from osvc_diag.units import format_size, parse_duration, parse_size, positive_duration, positive_size


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("512", 512),
        ("512B", 512),
        ("1K", 1024),
        ("1k", 1024),
        ("1KiB", 1024),
        ("1kb", 1000),
        ("32M", 32 * 1024**2),
        ("32MiB", 32 * 1024**2),
        ("32MB", 32_000_000),
        (" 32 MB ", 32_000_000),
        ("1.5G", 3 * 1024**3 // 2),
        ("2gb", 2_000_000_000),
        ("1T", 1024**4),
        ("1TB", 10**12),
        ("0.5K", 512),
    ],
)
def test_a_size_is_read_as_people_write_it(text, expected):
    assert parse_size(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "M",
        "-1",
        "+1",
        "1,5M",
        "1e9",
        "0x10",
        "1MM",
        "1iB",
        "1 M B",
        "1P",
        "nan",
        "inf",
        "\u0663",
        "1\n2",
        "1" * 100,
        "1" * 10_000_000,
        "1M;",
    ],
)
def test_what_is_no_size_is_refused_with_a_hint(text):
    with pytest.raises(UsageError, match="not a size") as caught:
        parse_size(text)
    assert caught.value.hint is not None
    assert caught.value.exit_code == 2
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90", 90),
        ("45s", 45),
        ("10m", 600),
        ("2h", 7200),
        ("3d", 259_200),
        ("1w", 604_800),
        ("1.5H", 5400),
        ("2 h", 7200),
        ("0", 0),
    ],
)
def test_a_duration_is_read_as_people_write_it(text, expected):
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "h", "-1h", "1y", "1h30m", "1..5h", "\u0663h", "1e3", "9" * 1000])
def test_what_is_no_duration_is_refused_with_a_hint(text):
    with pytest.raises(UsageError, match="not a duration") as caught:
        parse_duration(text)
    assert caught.value.hint is not None
    assert len(str(caught.value)) < 200


def test_a_limit_is_above_zero():
    assert (positive_size("1"), positive_duration("0.5s")) == (1, 0.5)
    for parse, text in ((positive_size, "0"), (positive_size, "0.4"), (positive_duration, "0m")):
        with pytest.raises(UsageError, match="above 0"):
            parse(text)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (1024**2 - 1, "1.0 MiB"),
        (32_925_286, "31.4 MiB"),
        (1024**3 - 1, "1.0 GiB"),
        (1024**4, "1.0 TiB"),
        (5 * 1024**5, "5120.0 TiB"),
        (-2048, "-2.0 KiB"),
    ],
)
def test_a_size_is_told_as_people_say_it(size, expected):
    assert format_size(size) == expected


@given(st.integers(0, 1 << 60))
def test_what_is_told_reads_back_to_about_the_same(size):
    told = parse_size(format_size(size))
    assert abs(told - size) <= max(1, size * 0.06)
