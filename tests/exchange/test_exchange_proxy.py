"""Which proxy is chosen: one table of option, environment, URL and choice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.errors import UsageError
from osvc_diag.exchange.login import Login
from osvc_diag.exchange.proxy import Proxy, choose_proxy, is_exempt

SFX = "https://sfx.opensvc.com"
PLAIN = "http://files.corp.example:8080/pastes"

TABLE = [
    # explicit, environment, URL, chosen URL, who says so
    (None, {}, SFX, None, "nothing"),
    ("http://p:1", {}, SFX, "http://p:1", "--proxy"),
    ("p.corp:8080", {}, SFX, "http://p.corp:8080", "--proxy"),
    ("p.corp", {}, SFX, "http://p.corp:3128", "--proxy"),
    ("https://p.corp", {}, SFX, "https://p.corp:443", "--proxy"),
    ("socks5://p.corp", {}, SFX, "socks5://p.corp:1080", "--proxy"),
    ("socks5h://[2001:db8::1]:1", {}, SFX, "socks5h://[2001:db8::1]:1", "--proxy"),
    ("http://p:1", {"https_proxy": "http://e:2"}, SFX, "http://p:1", "--proxy"),
    ("http://p:1", {"no_proxy": "*"}, SFX, "http://p:1", "--proxy"),
    ("none", {"https_proxy": "http://e:2"}, SFX, None, "--proxy"),
    ("NONE", {"https_proxy": "http://e:2"}, SFX, None, "--proxy"),
    ("  ", {"https_proxy": "http://e:2"}, SFX, "http://e:2", "https_proxy"),
    (None, {"https_proxy": "http://e:2"}, SFX, "http://e:2", "https_proxy"),
    (None, {"HTTPS_PROXY": "http://E:2"}, SFX, "http://e:2", "HTTPS_PROXY"),
    (None, {"https_proxy": "http://e:2", "HTTPS_PROXY": "http://E:3"}, SFX, "http://e:2", "https_proxy"),
    (None, {"https_proxy": "", "HTTPS_PROXY": "http://E:3"}, SFX, "http://e:3", "HTTPS_PROXY"),
    (None, {"all_proxy": "http://a:4"}, SFX, "http://a:4", "all_proxy"),
    (None, {"ALL_PROXY": "socks5h://a:4"}, SFX, "socks5h://a:4", "ALL_PROXY"),
    (None, {"https_proxy": "http://e:2", "all_proxy": "http://a:4"}, SFX, "http://e:2", "https_proxy"),
    (None, {"http_proxy": "http://e:2"}, SFX, None, "nothing"),
    (None, {"https_proxy": "http://e:2"}, PLAIN, None, "nothing"),
    (None, {"http_proxy": "http://e:2"}, PLAIN, "http://e:2", "http_proxy"),
    (None, {"HTTP_PROXY": "http://e:2"}, PLAIN, "http://e:2", "HTTP_PROXY"),
    (None, {"HTTP_PROXY": "http://e:2", "REQUEST_METHOD": "GET"}, PLAIN, None, "nothing"),
    (None, {"https_proxy": "http://e:2", "no_proxy": "opensvc.com"}, SFX, None, "no_proxy"),
    (None, {"https_proxy": "http://e:2", "NO_PROXY": ".opensvc.com"}, SFX, None, "no_proxy"),
    (None, {"https_proxy": "http://e:2", "no_proxy": "opensvc.org"}, SFX, "http://e:2", "https_proxy"),
    (None, {"no_proxy": "*"}, SFX, None, "nothing"),
    (None, {"https_proxy": "http://e:2"}, "desk://h/", "http://e:2", "https_proxy"),
    (
        None,
        {"desk_proxy": "http://d:1", "https_proxy": "http://e:2"},
        "desk://h/",
        "http://d:1",
        "desk_proxy",
    ),
    (
        None,
        {"https_proxy": "http://e:2", "all_proxy": "http://a:4"},
        "desk://h/",
        "http://e:2",
        "https_proxy",
    ),
    (None, {"https_proxy": "http://e:2", "no_proxy": "h"}, "desk://h/", None, "no_proxy"),
    (None, {"http_proxy": "http://e:2"}, "desk://h/", None, "nothing"),
    (None, {"https_proxy": "http://e:2"}, "file:///srv/", None, "nothing"),
]


@pytest.mark.parametrize(("explicit", "environ", "url", "proxy", "source"), TABLE)
def test_the_table_of_choices(explicit, environ, url, proxy, source) -> None:
    choice = choose_proxy(url, explicit=explicit, environ=environ)
    assert (choice.proxy and choice.proxy.url, choice.source) == (proxy, source)


NO_PROXY = [
    ("https://sfx.opensvc.com", "sfx.opensvc.com", True),
    ("https://sfx.opensvc.com", "SFX.OpenSVC.com", True),
    ("https://sfx.opensvc.com.", "sfx.opensvc.com", True),
    ("https://sfx.opensvc.com", "*.opensvc.com", True),
    ("https://sfx.opensvc.com", "fx.opensvc.com", False),
    ("https://sfx.opensvc.com", "localhost, .opensvc.com", True),
    ("https://sfx.opensvc.com", "a b opensvc.com", True),
    ("https://sfx.opensvc.com", "sfx.opensvc.com:443", True),
    ("https://sfx.opensvc.com", "sfx.opensvc.com:8443", False),
    ("https://sfx.opensvc.com:8443", "sfx.opensvc.com:8443", True),
    ("https://10.1.2.3", "10.0.0.0/8", True),
    ("https://10.1.2.3", "10.1.2.3", True),
    ("https://10.1.2.3", "10.1.2", False),
    ("https://11.1.2.3", "10.0.0.0/8", False),
    ("https://[2001:db8::7]", "2001:db8::/32", True),
    ("https://[2001:db8::7]:8443", "[2001:db8::7]:8443", True),
    ("https://[2001:db8::7]", "2001:DB8:0::7", True),
    ("https://sfx.opensvc.com", "10.0.0.0/8,/,:,.,[],%%%,1.2.3.4/99", False),
    ("https://sfx.opensvc.com", "", False),
]


@pytest.mark.parametrize(("url", "no_proxy", "exempt"), NO_PROXY)
def test_the_table_of_exceptions(url: str, no_proxy: str, exempt: bool) -> None:
    assert is_exempt(url, no_proxy) is exempt


@given(st.text(max_size=60))
def test_any_no_proxy_is_read_without_an_error(no_proxy: str) -> None:
    assert is_exempt(SFX, no_proxy) in {True, False}


@pytest.mark.parametrize(
    "text",
    [
        "ftp://p:1",
        "http://",
        "http://u:geheim@",
        "http://p:geheim",
        "http://p:1/geheim",
        "http://u:geh#eim@p:1",
    ],
)
def test_what_is_no_proxy_is_refused_and_never_shown(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Proxy.parse(text)
    assert "geh" not in f"{caught.value} {caught.value.hint}"


def test_whoever_named_what_is_no_proxy_is_told() -> None:
    with pytest.raises(UsageError, match="https_proxy: not a scheme of a proxy: 'ftp'"):
        choose_proxy(SFX, environ={"https_proxy": "ftp://p"})
    with pytest.raises(UsageError, match=r"/etc/opensvc/diag\.ini: not the URL"):
        choose_proxy(SFX, explicit="http://", explicit_source="/etc/opensvc/diag.ini", environ={})


def test_the_password_of_a_proxy_is_in_no_text_of_it() -> None:
    proxy = Proxy.parse("http://alice:s%3Acr%40t@proxy.corp:8080")
    assert proxy.login == Login("alice", "s:cr@t")
    choice = choose_proxy(SFX, explicit="http://alice:s%3Acr%40t@proxy.corp:8080", environ={})
    for text in (str(proxy), repr(proxy), proxy.url, str(choice), repr(choice)):
        assert "alice" not in text
        assert "cr" not in text.replace("proxy.corp", "")
    assert str(proxy) == "http://***@proxy.corp:8080"


def test_a_login_in_the_url_beats_one_from_a_file() -> None:
    other = Login("bob", "b")
    assert Proxy.parse("http://a:x@p:1").with_login(other).login == Login("a", "x")
    assert Proxy.parse("http://p:1").with_login(other).login == other
