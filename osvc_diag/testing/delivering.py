"""Sends a bundle by the exchange of one plugin: checked as in the program, in the test's own process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from osvc_diag.exchange.delivery import deliver
from osvc_diag.exchange.interface import Conditions
from osvc_diag.exchange.login import Login
from osvc_diag.exchange.opened import OpenedBundle
from osvc_diag.exchange.proxy import choose_proxy
from osvc_diag.exchange.registry import find_exchange
from osvc_diag.plugin.artifact import Artifact
from osvc_diag.plugin.collector import Collector
from osvc_diag.plugin.hookspecs import hookimpl
from osvc_diag.run.frontdoor import make_bundle
from osvc_diag.run.request import Request
from osvc_diag.testing.alone import alone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag.exchange.receipt import Receipt
    from osvc_diag.node.node import Node
    from osvc_diag.objects.naming import ObjectPath


def send_by(
    plugin: object,
    url: str,
    node: Node,
    folder: str,
    *,
    login: Optional[str],
    proxy: Optional[str],
    ca_bundle: Optional[str],
) -> Receipt:
    """Make a small bundle in a folder, and deliver it as `upload` does; see `NodeBuilder.deliver`."""
    result = make_bundle(Request(("node",)), node, alone(_Sample), output=folder)
    exchange = find_exchange(url, alone(plugin))
    conditions = Conditions(
        proxy=choose_proxy(url, explicit=proxy, environ={}),
        login=None if login is None else Login.parse(login),
        ca_bundle=ca_bundle,
    )
    with OpenedBundle(result.bundle) as bundle:
        return deliver(bundle, exchange, conditions, verdict=result.verdict, audit=_say_nothing)


class _Sample:
    """What is in the bundle: an exchange does not care."""

    @staticmethod
    @hookimpl
    def osvc_diag_collectors() -> Iterator[Collector]:
        """Bring a page of text."""
        yield Collector("sample", "a page of text", _sample)


def _sample(_node: Node, _objects: Sequence[ObjectPath]) -> Iterator[Artifact]:
    yield Artifact.from_text("info/sample.txt", "sent by a test\n")


def _say_nothing(_line: str) -> bool:
    """Leave syslog alone: nothing left this machine."""
    return True
