"""SHA256SUMS: what is written is read back, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.bundle.sums import StoredMember, parse_sums, sums_text

name_strategy = st.one_of(
    st.binary(min_size=1, max_size=40).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
    st.text("a\\\r\n *", min_size=1),
)


@given(st.lists(name_strategy, unique=True, max_size=6))
def test_any_name_survives(names) -> None:
    members = [StoredMember.of(name, name.encode("utf-8", "surrogateescape")) for name in names]
    assert parse_sums(sums_text(members)) == {member.name: member.sha256 for member in members}


@pytest.mark.parametrize(
    "text", [b"x", b"x\n", b"\n", b"0" * 64, b"0" * 64 + b"  \n", b"0" * 63 + b"  a\n", b"A" * 64 + b"  a\n"]
)
def test_a_line_that_is_none_is_refused(text) -> None:
    with pytest.raises(ValueError, match=r"line 1 has no digest|middle of a line"):
        parse_sums(text)


def test_a_name_that_stands_there_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="second time"):
        parse_sums(sums_text([StoredMember.of("a", b"")] * 2))
