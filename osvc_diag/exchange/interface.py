"""What an exchange is: the seam that a plugin fills to own a URL scheme.

A third party's runs inside the program, unlike all else of its plugin: docs/writing-an-exchange.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Optional, Protocol

from osvc_diag.exchange.line import RetryPolicy
from osvc_diag.exchange.proxy import UNSET, ProxyChoice

if TYPE_CHECKING:
    import ssl

    from osvc_diag.events import Listener
    from osvc_diag.exchange.login import Login
    from osvc_diag.exchange.opened import OpenedBundle
    from osvc_diag.exchange.receipt import Receipt


@dataclass(frozen=True)
class Conditions:
    """What the user and the site ask of a delivery. No credential is in its `repr`."""

    proxy: ProxyChoice = field(default_factory=lambda: ProxyChoice(None, UNSET))
    login: Optional[Login] = None
    """For the exchange itself."""
    ca_bundle: Optional[str] = None
    """Path of a PEM file; None is the system's trust store."""
    insecure: bool = False
    """TLS need not be verified: asked for with --insecure, and kept in the receipt."""
    lifetime: float = 7 * 86400.0
    """Seconds that the bundle should be kept there."""
    time_limit: float = 4 * 3600.0
    """Seconds for the whole delivery."""
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    text: str = ""
    """The ticket, for an exchange that carries one, such as a mail."""
    link: Optional[str] = None
    """Where the same bundle was left before, for an exchange that cannot carry all of it."""
    smtp: Optional[str] = None
    """`host[:port]` of a mail relay."""
    smtp_login: Optional[Login] = None
    mail_from: Optional[str] = None
    mail_limit: int = 10 * 1024 * 1024
    """Bytes up to which a bundle is attached to a mail."""

    def tls_context(self) -> ssl.SSLContext:
        """Return how TLS is to be spoken: what `ca_bundle` and `insecure` say, 1.2 at least.

        Raises:
            ExchangeError: `ca_bundle` cannot be read as certificates.
        """
        from osvc_diag.exchange.trust import tls_context  # noqa: PLC0415 - not every exchange speaks it

        return tls_context(self.ca_bundle, insecure=self.insecure)


class Exchange(Protocol):
    """Where bundles are left. The host has verified the bundle and asked the user before it calls.

    Whatever else is raised fails the upload, too, and is blamed on the plugin.
    """

    @property
    def url(self) -> str:
        """Its URL as it can be shown: without a login."""

    def deliver(self, bundle: OpenedBundle, conditions: Conditions, on_event: Listener) -> Receipt:
        """Leave the bundle there and return the proof; return only when it is whole.

        Args:
            bundle: its name, size, sha256 and bytes.
            conditions: what to keep to.
            on_event: gets `PhaseStarted("upload", size)`, `Advanced` and `Warned`.

        Raises:
            ExchangeError: it is not there, or nobody knows; the bundle is kept, and the user reads the text.
        """
