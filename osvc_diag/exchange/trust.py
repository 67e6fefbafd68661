"""Which certificates are trusted: the ones the user names, else the system's; never fewer checks unasked."""

from __future__ import annotations

import ipaddress
import os
import ssl
from typing import Optional
from urllib.parse import urlsplit

from osvc_diag.exchange.errors import CertificateError, UnencryptedError

SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Red Hat and kin
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/var/ssl/certs/ca-bundle.crt",  # AIX
    "/etc/openssl/certs/ca-certificates.crt",  # Solaris
)


def tls_context(ca_bundle: Optional[str] = None, *, insecure: bool = False) -> ssl.SSLContext:
    """Return how TLS is spoken: 1.2 at least, the certificate and the host name verified.

    Trusted is, in this order of choice: `ca_bundle` alone; what OpenSSL was built to look at (or what
    SSL_CERT_FILE and SSL_CERT_DIR name); the first of the distributions' bundles; certifi, if installed.

    Args:
        ca_bundle: path of a PEM file, or of a folder of hashed certificates.
        insecure: verify nothing; the caller has to be loud about it.

    Raises:
        CertificateError: `ca_bundle` cannot be read as certificates.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif ca_bundle is not None:
        _load(context, ca_bundle)
    else:
        context.set_default_verify_paths()
        if not _has_roots(context):
            _load_fallback(context)
    return context


def check_encrypted(url: str, *, insecure: bool) -> None:
    """Make sure that what is sent to an http or https URL cannot be read on the way.

    Raises:
        UnencryptedError: it could be, over a network, and nobody asked for that.
    """
    parts = urlsplit(url)
    if parts.scheme.lower() == "http" and not insecure and not _is_loopback(parts.hostname or ""):
        raise UnencryptedError(
            f"{url} is not encrypted: the bundle and the login could be read on the way",
            hint="use https://, or ask for this with --insecure",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _load(context: ssl.SSLContext, ca_bundle: str) -> None:
    try:
        if os.path.isdir(ca_bundle):
            context.load_verify_locations(capath=ca_bundle)
        else:
            context.load_verify_locations(cafile=ca_bundle)
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror if isinstance(error, FileNotFoundError) else "it holds no PEM certificate"
        raise CertificateError(
            f"the CA bundle {ca_bundle} cannot be used: {reason}",
            hint="--ca-bundle wants a file of -----BEGIN CERTIFICATE----- blocks",
        ) from error


def _has_roots(context: ssl.SSLContext) -> bool:
    if context.cert_store_stats()["x509_ca"]:
        return True
    # A folder of hashed certificates is read when one is needed: it does not count yet.
    folder = ssl.get_default_verify_paths().capath
    return bool(folder and os.path.isdir(folder) and os.listdir(folder))


def _load_fallback(context: ssl.SSLContext) -> None:
    for bundle in SYSTEM_BUNDLES:
        if os.path.isfile(bundle):
            context.load_verify_locations(cafile=bundle)
            return
    try:
        import certifi  # noqa: PLC0415 - only where the system has no trust store
    except ImportError:
        return
    context.load_verify_locations(cafile=certifi.where())
