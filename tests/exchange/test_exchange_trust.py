"""Which certificates are trusted, in which order; and that nothing is checked less unasked."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys

import pytest
import trustme

from osvc_diag.exchange import trust
from osvc_diag.exchange.errors import CertificateError


@pytest.fixture
def ca_file(tmp_path) -> str:
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    return str(tmp_path / "ca.pem")


def test_certificate_and_host_name_are_verified_unless_it_is_asked_otherwise(ca_file) -> None:
    for context in (trust.tls_context(), trust.tls_context(ca_file)):
        assert context.verify_mode == ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    loose = trust.tls_context(insecure=True)
    assert loose.verify_mode == ssl.CERT_NONE
    assert loose.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_ca_bundle_is_trusted_instead_of_the_system(ca_file) -> None:
    assert trust.tls_context(ca_file).cert_store_stats()["x509_ca"] == 1


def test_a_folder_of_certificates_is_as_good(ca_file) -> None:
    assert trust.tls_context(os.path.dirname(ca_file)).verify_mode == ssl.CERT_REQUIRED


def test_what_openssl_is_told_is_trusted(ca_file) -> None:
    code = (
        "from osvc_diag.exchange.trust import tls_context; print(tls_context().cert_store_stats()['x509_ca'])"
    )
    environ = {**os.environ, "SSL_CERT_FILE": ca_file, "SSL_CERT_DIR": "/nowhere"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "1"


def test_a_distributions_bundle_stands_in_where_openssl_finds_nothing(ca_file) -> None:
    code = (
        "import sys\n"
        "from osvc_diag.exchange import trust\n"
        "trust.SYSTEM_BUNDLES = ('/nowhere', *sys.argv[1:])\n"
        "print(trust.tls_context().cert_store_stats()['x509_ca'])\n"
    )
    environ = {**os.environ, "SSL_CERT_FILE": "/nowhere", "SSL_CERT_DIR": "/nowhere"}
    command = [sys.executable, "-c", code]
    done = subprocess.run([*command, ca_file], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
    # Else what comes with Python packages, where it is there; nothing is trusted where that is missing too.
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0" or int(done.stdout) > 50


def test_a_folder_that_cannot_be_read_is_told(tmp_path) -> None:
    with pytest.raises(CertificateError, match="cannot be used"):
        trust.tls_context(str(tmp_path / "missing.pem"))
