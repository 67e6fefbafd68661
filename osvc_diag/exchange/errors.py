"""What can stop a delivery: one class for each thing that an admin can act on.

ExchangeError                          exit 5; the bundle is kept
├── UploadForbiddenError               the site file forbids uploads
├── UploadRunningError                 another process delivers the same bundle
├── BundleChangedError                 the bundle changed while it was sent
├── NoSuchProxyError                   the proxy's host is unknown
├── ProxyUnreachableError              the proxy does not answer
├── ProxyLoginError                    407: the proxy wants a login, or another one
├── ProxyRefusedError                  the proxy does not let this destination through
├── SocksMissingError                  a SOCKS proxy, and the optional package is not there
├── UnknownHostError                   the exchange's host is unknown here
├── UnencryptedError                   http:// over a network, and nobody asked for that
├── TlsError                           no TLS is spoken there, or not one that both know
│   └── CertificateError               the certificate is not one to trust
├── LoginRefusedError                  401, 403
├── NotAnExchangeError                 404: nothing there takes bundles
├── RedirectedError                    it points elsewhere
├── PortalError                        a web page where an answer of the exchange should be
├── UnexpectedAnswerError              any other answer
├── TooLargeError                      larger than the exchange takes
├── BodyTooLargeError                  413, even for the smallest chunk
├── UnconfirmedError                   all was sent, and nothing proves that it is complete
├── GaveUpError                        the retries are used up
├── UploadTimeoutError                 the time limit of the whole upload
├── MailError                          the relay does not take the mail
└── DestinationError                   the folder of a file exchange cannot be written
"""

from __future__ import annotations

from osvc_diag.errors import ExchangeError


class UploadForbiddenError(ExchangeError):
    """The site file forbids uploads, or cannot be trusted to allow them."""


class UploadRunningError(ExchangeError):
    """Another process delivers the same bundle."""


class BundleChangedError(ExchangeError):
    """The bundle is not the one that the delivery began with."""


class NoSuchProxyError(ExchangeError):
    """The name of the proxy's host is unknown."""


class ProxyUnreachableError(ExchangeError):
    """The proxy does not answer."""


class ProxyLoginError(ExchangeError):
    """The proxy wants a login, or another one (407)."""


class ProxyRefusedError(ExchangeError):
    """The proxy does not let this destination through."""


class SocksMissingError(ExchangeError):
    """A SOCKS proxy was named, and the optional package PySocks is not installed."""


class UnknownHostError(ExchangeError):
    """The name of the exchange's host is unknown on this node."""


class UnencryptedError(ExchangeError):
    """The exchange would be reached over a network without TLS."""


class TlsError(ExchangeError):
    """No TLS could be agreed on."""


class CertificateError(TlsError):
    """The certificate of the exchange, or of an intercepting proxy, is not one to trust."""


class LoginRefusedError(ExchangeError):
    """The exchange does not accept the login (401, 403)."""


class NotAnExchangeError(ExchangeError):
    """Nothing at this URL takes bundles (404)."""


class RedirectedError(ExchangeError):
    """The URL points elsewhere; nothing is ever sent there."""


class PortalError(ExchangeError):
    """A web page came where an answer of the exchange should be: a captive portal, a filter."""


class UnexpectedAnswerError(ExchangeError):
    """The exchange answered with something that its protocol does not know."""


class TooLargeError(ExchangeError):
    """The bundle is larger than the exchange takes."""


class BodyTooLargeError(ExchangeError):
    """Even the smallest chunk is refused as too large (413)."""


class UnconfirmedError(ExchangeError):
    """All bytes were sent, and nothing proves that the exchange has them all."""


class GaveUpError(ExchangeError):
    """The retries are used up."""


class UploadTimeoutError(ExchangeError):
    """The time limit of the whole upload is over."""


class MailError(ExchangeError):
    """The mail cannot be written, or the relay does not take it."""


class DestinationError(ExchangeError):
    """The folder of a file exchange cannot take the bundle."""
