"""What stops an upload is told apart, at once, in words that an admin can act on."""

from __future__ import annotations

import os
import re
import socket

import pytest
from fault_server import HTML, PASS, Fault, running_faults
from sending_tools import IMPATIENT, Events, send

from osvc_diag.events import Warned
from osvc_diag.exchange import errors
from osvc_diag.exchange.line import RetryPolicy
from osvc_diag.exchange.login import Login
from osvc_diag.exchange.proxy import Proxy, ProxyChoice

PAGE = ("Content-Type: text/html; charset=utf-8",)


def always(fault: Fault):
    return lambda method, path: fault


def on_chunks(fault: Fault):
    """Return a script that lets the questions before the first chunk pass."""
    return lambda method, path: fault if method == "POST" and path != "/+upload/new" else PASS


ANSWERS = [
    # every request is answered so, what is raised, words in it, words in its hint
    (Fault("answer", status=401), errors.LoginRefusedError, "401", "--exchange-credentials"),
    (
        Fault("answer", status=403),
        errors.LoginRefusedError,
        "does not accept the login",
        "--exchange-credentials",
    ),
    (Fault("answer", status=404), errors.NotAnExchangeError, "404", "--exchange"),
    (Fault("answer", headers=PAGE, body=HTML), errors.PortalError, "a web page came", "browser"),
    (Fault("answer", body=HTML), errors.PortalError, "a web page came", "browser"),
    (Fault("answer", status=511, headers=PAGE, body=HTML), errors.PortalError, "511", "browser"),
    (Fault("answer", body=b"hello"), errors.UnexpectedAnswerError, "no answer of an exchange", "browser"),
    (Fault("answer", body=b"[1]"), errors.UnexpectedAnswerError, "no answer of an exchange", "browser"),
    (
        Fault("answer", body=b"[" * 100_000),
        errors.UnexpectedAnswerError,
        "no answer of an exchange",
        "browser",
    ),
    (Fault("answer", status=418), errors.UnexpectedAnswerError, "418", "support"),
    (
        Fault("answer", status=302, headers=("Location: http://u:geheim@login.hotel.example/?t=geheim",)),
        errors.RedirectedError,
        "points to http://***@login.hotel.example/",
        "--exchange",
    ),
]


@pytest.mark.parametrize(("fault", "kind", "words", "hint"), ANSWERS)
def test_answers_that_end_it_at_once(fault, kind, words, hint, exchange, make_file) -> None:
    with running_faults(exchange.url, always(fault)) as server, pytest.raises(kind) as caught:
        send(make_file(), server.url)
    assert words in str(caught.value)
    assert hint in caught.value.hint
    assert "geheim" not in f"{caught.value} {caught.value.hint}"
    assert caught.value.exit_code == 5
    assert len(server.seen) <= 4  # nothing is tried again


CHUNK_ANSWERS = [
    (Fault("answer", status=401), errors.LoginRefusedError),
    (Fault("answer", status=403, headers=PAGE, body=HTML), errors.LoginRefusedError),
    (Fault("answer", headers=PAGE, body=HTML), errors.PortalError),
    (Fault("answer", body=b'{"files": [{"name": "other", "size": 300000}]}'), errors.UnexpectedAnswerError),
    (Fault("answer", body=b'{"files": []}'), errors.UnexpectedAnswerError),
    (Fault("answer", body=b'{"files": [7]}'), errors.UnexpectedAnswerError),
    (Fault("answer", body=b"{}"), errors.UnexpectedAnswerError),
    (Fault("answer", status=413), errors.BodyTooLargeError),
    (Fault("answer", status=302, headers=("Location: /elsewhere",)), errors.RedirectedError),
    (Fault("answer", status=418), errors.UnexpectedAnswerError),
    (Fault("answer", status=500), errors.GaveUpError),
    (Fault("answer", status=503, headers=("Retry-After: 0",)), errors.GaveUpError),
    (Fault("answer", status=429), errors.GaveUpError),
    (Fault("answer", status=404), errors.GaveUpError),
    (Fault("answer", status=400), errors.GaveUpError),
    (Fault("reset", at=0.5), errors.GaveUpError),
    (Fault("drop_answer"), errors.GaveUpError),
]


@pytest.mark.parametrize(("fault", "kind"), CHUNK_ANSWERS)
@pytest.mark.parametrize("blocked", [(), ("/+upload/new",), ("/+upload/new", "/apis/rest/items")])
def test_a_chunk_that_is_not_acknowledged_is_never_taken_for_sent(
    fault, kind, blocked, exchange, make_file
) -> None:
    path = make_file()
    with open(path, "rb") as file:
        content = file.read()

    def script(method: str, where: str) -> Fault:
        return Fault("answer", status=404) if where in blocked else on_chunks(fault)(method, where)

    with running_faults(exchange.url, script) as server, pytest.raises(errors.ExchangeError) as caught:
        send(path, server.url)
    if not blocked:
        assert isinstance(caught.value, kind)
    with open(path, "rb") as file:
        assert file.read() == content


@pytest.mark.parametrize(
    "location",
    ["", "http://elsewhere.example/abcdefgh", "/abc/def", "/../x", "//evil/abc", "http://[bad", "/"],
)
def test_a_form_that_is_answered_with_another_place_is_no_success(location, exchange, make_file) -> None:
    def script(method: str, path: str) -> Fault:
        if path == "/+upload":
            return Fault("answer", status=302, headers=(f"Location: {location}",), body=b"x")
        return Fault("answer", status=404)

    with running_faults(exchange.url, script) as server, pytest.raises(errors.ExchangeError):
        send(make_file(), server.url)


def test_an_unknown_host_is_told_with_the_proxy_in_mind(make_file) -> None:
    with pytest.raises(errors.UnknownHostError, match=r"the host sfx\.invalid is unknown") as caught:
        send(make_file(), "https://sfx.invalid")
    assert "--proxy" in caught.value.hint


def test_an_unknown_proxy_is_told_apart_from_an_unknown_exchange(make_file) -> None:
    for url in ("https://sfx.opensvc.com", "http://127.0.0.1:1"):
        choice = ProxyChoice(Proxy.parse("http://u:geheim@proxy.invalid:3128"), "--proxy")
        with pytest.raises(errors.NoSuchProxyError, match=r"http://\*\*\*@proxy\.invalid:3128") as caught:
            send(make_file(), url, proxy=choice)
        assert "geheim" not in f"{caught.value} {caught.value.hint}"


def test_nobody_listens_there(make_file) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port
        with pytest.raises(errors.GaveUpError, match="connection refused"):
            send(make_file(), f"http://127.0.0.1:{probe.getsockname()[1]}")


def test_a_server_that_says_nothing_is_given_up(make_file) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        policy = RetryPolicy(first_attempts=2, base=0.001, read_timeout=0.05)
        with pytest.raises(errors.GaveUpError, match="no answer in time"):
            send(make_file(), f"http://127.0.0.1:{silent.getsockname()[1]}", policy=policy)


def test_an_answer_without_end_is_not_read_to_its_end(exchange, make_file) -> None:
    fault = Fault("answer", headers=PAGE, body=HTML + b" " * 3_000_000)
    with running_faults(exchange.url, always(fault)) as server, pytest.raises(errors.PortalError):
        send(make_file(), server.url)


def test_the_whole_upload_has_a_time_limit(exchange, make_file) -> None:
    patient = RetryPolicy(attempts=10_000, first_attempts=10_000, base=0.01, cap=0.01)
    with (
        running_faults(exchange.url, on_chunks(Fault("reset"))) as server,
        pytest.raises(errors.UploadTimeoutError, match="did not end within"),
    ):
        send(make_file(), server.url, policy=patient, time_limit=0.5)


def test_four_connections_that_meet_the_same_tell_it_once_a_round(exchange, make_file) -> None:
    events = Events()
    with (
        running_faults(exchange.url, on_chunks(Fault("reset"))) as server,
        pytest.raises(errors.GaveUpError),
    ):
        send(make_file(1_500_000), server.url, on_event=events)
    rounds = [re.search(r"(\d) of 6 tries failed", event.message) for event in events.of(Warned)]
    told = [int(match.group(1)) for match in rounds if match]
    assert {2, 3, 4} <= set(told) <= {2, 3, 4, 5}
    # Each of the four would make 16; one that is late, as on a busy machine, may tell of a round again.
    assert len(told) <= 8


def test_a_wrong_password_is_told_as_such(exchange, make_file) -> None:
    with pytest.raises(errors.LoginRefusedError, match="403"):
        send(make_file(), exchange.url, login=Login("support", "wrong"))
    with pytest.raises(errors.LoginRefusedError, match="403"):
        send(make_file(), exchange.url, login=None)
    assert IMPATIENT.attempts > 1


def test_plain_http_is_for_loopback_alone_unless_it_is_asked_for(make_file) -> None:
    for url in ("http://sfx.opensvc.com", "http://192.0.2.1", "http://127.example.com"):
        with pytest.raises(errors.UnencryptedError, match="not encrypted"):
            send(make_file(), url)


def test_every_error_is_in_the_tree_that_its_module_draws() -> None:
    names = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.ExchangeError)
    }
    drawn = {word for line in errors.__doc__.splitlines() for word in line.split() if word.endswith("Error")}
    assert drawn == names
    assert all(getattr(errors, name).exit_code == 5 for name in names)


def test_every_error_of_the_tree_is_raised_somewhere() -> None:
    package = os.path.dirname(errors.__file__)
    text = ""
    for name in sorted(os.listdir(package)):
        if name.endswith(".py") and name != "errors.py":
            with open(os.path.join(package, name), encoding="utf-8") as file:
                text += file.read()
    for name, kind in vars(errors).items():
        if (
            isinstance(kind, type)
            and issubclass(kind, errors.ExchangeError)
            and kind is not errors.ExchangeError
        ):
            assert text.count(name) > 1, name  # more than its import
