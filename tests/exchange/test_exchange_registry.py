"""A plugin can own a URL scheme; the shipped exchanges come in by the same hook."""

from __future__ import annotations

import subprocess
import sys
import types

import pytest

from osvc_diag.errors import PluginUnavailableError, UsageError
from osvc_diag.exchange.interface import Conditions
from osvc_diag.exchange.opened import OpenedBundle
from osvc_diag.exchange.receipt import Receipt
from osvc_diag.exchange.registry import find_exchange
from osvc_diag.plugin.hookspecs import hookimpl
from osvc_diag.plugin.plugin_manager import load_plugins

SHELF = []


class ShelfExchange:
    """What a third party might write: bundles on a shelf."""

    def __init__(self, url: str) -> None:
        self.url = url

    def deliver(self, bundle, conditions, on_event) -> Receipt:
        SHELF[:] = [b"".join(bundle.blocks())]
        return Receipt(
            self.url, "shelf", f"{self.url}/1", "1", bundle.size, bundle.sha256, "2026-11-22T10:00:00Z", 0.0
        )


def plugin(answer) -> types.ModuleType:
    @hookimpl
    def osvc_diag_exchange(url: str):
        return answer(url)

    module = types.ModuleType("some_plugin")
    module.osvc_diag_exchange = osvc_diag_exchange
    return module


def shelf(url: str):
    return ShelfExchange(url) if url.startswith("shelf:") else None


def broken(url: str):
    raise RuntimeError(url)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://sfx.opensvc.com", "BepastyExchange"),
        ("HTTP://127.0.0.1:8000/pastes", "BepastyExchange"),
        ("mailto:support@opensvc.com", "MailExchange"),
        ("file:///mnt/share/", "FileExchange"),
    ],
)
def test_the_shipped_exchanges_own_their_schemes(url: str, name: str) -> None:
    assert type(find_exchange(url, load_plugins())).__name__ == name


def test_a_third_party_can_own_a_scheme_and_deliver(make_file) -> None:
    path = make_file(1000)
    exchange = find_exchange("shelf://cellar", load_plugins([("shelf", plugin(shelf))]))
    with OpenedBundle(path) as bundle:
        receipt = exchange.deliver(bundle, Conditions(), lambda event: None)
    with open(path, "rb") as file:
        assert [file.read()] == SHELF
    assert receipt.method == "shelf"


def test_a_plugin_sees_no_login() -> None:
    exchange = find_exchange("shelf://u:geheim@cellar", load_plugins([("shelf", plugin(shelf))]))
    assert exchange.url == "shelf://cellar"


def test_a_scheme_that_nobody_owns_is_a_usage_error() -> None:
    with pytest.raises(
        UsageError, match=r"no exchange for gopher://\*\*\*|no exchange for gopher://h"
    ) as caught:
        find_exchange("gopher://u:geheim@h", load_plugins())
    assert "geheim" not in str(caught.value)


def test_two_owners_are_both_named() -> None:
    plugins = load_plugins([("one", plugin(shelf)), ("two", plugin(shelf))])
    with pytest.raises(PluginUnavailableError, match="one and two"):
        find_exchange("shelf://x", plugins)


def test_a_shipped_exchange_can_be_blocked_and_replaced() -> None:
    own = plugin(lambda url: ShelfExchange(url) if url.startswith("https:") else None)
    plugins = load_plugins([("own", own)], blocked=["exchange-bepasty"])
    assert find_exchange("https://sfx.opensvc.com", plugins).plugin == "own"


def test_one_broken_plugin_costs_only_itself() -> None:
    plugins = load_plugins([("broken", plugin(broken)), ("shelf", plugin(shelf))])
    assert find_exchange("shelf://x", plugins).plugin == "shelf"
    with pytest.raises(PluginUnavailableError, match=r"plugin broken failed: RuntimeError: gopher://x"):
        find_exchange("gopher://x", plugins)


def test_finding_an_exchange_loads_urllib3_only_for_http() -> None:
    code = (
        "import sys\n"
        "from osvc_diag.plugin.plugin_manager import load_plugins\n"
        "from osvc_diag.exchange.registry import find_exchange\n"
        "import osvc_diag.cli.upload, osvc_diag.cli.collect, osvc_diag.settings\n"
        "find_exchange('file:///mnt/', load_plugins())\n"
        "assert 'urllib3' not in sys.modules and 'rich' not in sys.modules\n"
        "find_exchange('https://h', load_plugins())\n"
        "assert 'urllib3' in sys.modules and 'requests' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
