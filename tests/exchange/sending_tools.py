"""How the tests of this folder send a file, and look at what arrived."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Callable, Optional

from osvc_diag.exchange.bepasty import BepastyExchange
from osvc_diag.exchange.interface import Conditions
from osvc_diag.exchange.line import RetryPolicy
from osvc_diag.exchange.login import Login
from osvc_diag.exchange.opened import OpenedBundle
from osvc_diag.exchange.proxy import ProxyChoice

if TYPE_CHECKING:
    from loopback_exchange import LoopbackExchange

    from osvc_diag.events import Event
    from osvc_diag.exchange.receipt import Receipt

SENDER = Login("support", "support")
SMALL_BODY = 192 * 1024  # bytes: small bundles go in several chunks, which can shrink

IMPATIENT = RetryPolicy(
    attempts=6,
    first_attempts=6,
    base=0.001,
    cap=0.01,
    connect_timeout=5,
    read_timeout=0.5,
    jitter=lambda: 0.5,
)
"""Tries as often as in earnest, and waits no time worth mentioning."""


class Events(list):
    """A listener that keeps all it hears."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        with self._lock:
            self.append(event)

    def of(self, kind: type) -> list:
        return [event for event in self if isinstance(event, kind)]


def send(
    path: str,
    url: str,
    *,
    login: Optional[Login] = SENDER,
    proxy: Optional[ProxyChoice] = None,
    policy: RetryPolicy = IMPATIENT,
    time_limit: float = 120.0,
    on_event: Callable[[Event], None] = lambda event: None,
    **more: object,
) -> Receipt:
    """Deliver a file to a bepasty, without the gate before it."""
    conditions = Conditions(
        login=login,
        proxy=proxy or ProxyChoice(None, "nothing"),
        policy=policy,
        time_limit=time_limit,
        **more,
    )
    with OpenedBundle(path) as bundle:
        return BepastyExchange(url).deliver(bundle, conditions, on_event)


def is_whole(exchange: LoopbackExchange, item: str, path: str) -> bool:
    """Tell whether an item is complete on the server, and equal to the file."""
    with open(path, "rb") as file:
        content = file.read()
    return exchange.meta(item)["size"] == len(content) and exchange.fetch(item) == content
