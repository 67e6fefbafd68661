"""The exchange and the proxy of the examples are what they say they are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from loopback_exchange import running_exchange
from loopback_proxy import running_proxy
from sending_tools import send

from osvc_diag.exchange.errors import LoginRefusedError, ProxyLoginError
from osvc_diag.exchange.login import Login
from osvc_diag.exchange.proxy import choose_proxy

EXAMPLES = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "examples"
)


def test_a_sender_may_create_and_the_staff_may_fetch(exchange, make_file) -> None:
    path = make_file(1000)
    receipt = send(path, exchange.url)
    with open(path, "rb") as file:
        assert exchange.fetch(receipt.item) == file.read()
    assert receipt.item in exchange.items()
    with pytest.raises(LookupError, match="404"):
        exchange.fetch("zzzzzzzz")
    with pytest.raises(LoginRefusedError):
        send(path, exchange.url, login=Login("support", "guess"))


def test_its_items_are_gone_with_it() -> None:
    with running_exchange() as exchange:
        assert os.path.isdir(exchange.storage)
    assert not os.path.exists(exchange.storage)


def test_it_can_be_killed_and_started_again_on_its_port(make_file) -> None:
    with running_exchange() as exchange:
        url = exchange.url
        first = send(make_file(100), url)
        exchange.stop(signal.SIGKILL)
        exchange.start()
        assert exchange.url == url
        assert send(make_file(101), url).item != first.item
        assert len(exchange.items()) == 2


def test_the_proxy_tells_what_it_was_asked_for_and_wants_its_login(exchange, make_file) -> None:
    with running_proxy("u:p") as proxy:
        with pytest.raises(ProxyLoginError):
            send(make_file(), exchange.url, proxy=choose_proxy(exchange.url, explicit=proxy.url, environ={}))
        named = proxy.url.replace("//", "//u:p@")
        send(make_file(), exchange.url, proxy=choose_proxy(exchange.url, explicit=named, environ={}))
        assert f"GET {exchange.url}/apis/rest" in proxy.seen


@pytest.mark.parametrize("script", ["loopback_exchange.py", "loopback_proxy.py"])
def test_each_runs_as_a_program_until_it_is_interrupted(script: str) -> None:
    command = [sys.executable, os.path.join(EXAMPLES, script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert b"http://" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert errors == b""
