"""Logins stay out of sight."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.errors import UsageError
from osvc_diag.exchange.login import Login, mask_url, split_login


def test_a_login_shows_nothing_of_itself() -> None:
    login = Login("alice", "geheim")
    assert "alice" not in f"{login!r} {login}"
    assert "geheim" not in f"{login!r} {login}"


@pytest.mark.parametrize(
    ("url", "bare", "login"),
    [
        ("https://h/p", "https://h/p", None),
        ("https://u:p@h:1/p?q=1", "https://h:1/p?q=1", Login("u", "p")),
        ("https://u@h", "https://h", Login("u", "")),
        ("https://:p@h", "https://h", Login("", "p")),
        ("https://u%40x:p%3A%2F@h", "https://h", Login("u@x", "p:/")),
        ("https://u:a@b@h", "https://h", Login("u", "a@b")),
        ("mailto:support@opensvc.com", "mailto:support@opensvc.com", None),
        ("file:///mnt/a@b/", "file:///mnt/a@b/", None),
    ],
)
def test_a_url_is_split_from_its_login(url, bare, login) -> None:
    assert split_login(url) == (bare, login)


def test_a_url_that_cannot_be_read_is_refused_without_being_shown() -> None:
    with pytest.raises(UsageError) as caught:
        split_login("https://u:geheim@h:port/")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("https://u:p@h/x", "https://***@h/x"),
        ("https://h/x?token=abc#frag", "https://h/x?***"),
        ("https://h/x", "https://h/x"),
        ("https://[::1", "***"),
    ],
)
def test_a_masked_url_shows_neither_login_nor_query(url: str, masked: str) -> None:
    assert mask_url(url) == masked


@given(st.text(max_size=80))
def test_masking_never_fails(text: str) -> None:
    assert isinstance(mask_url(text), str)


def test_credentials_without_a_colon_are_refused_without_being_shown() -> None:
    with pytest.raises(UsageError) as caught:
        Login.parse("geheim")
    assert "geheim" not in str(caught.value)
