"""Option, then variable, then site file, then built in; and a ban that nothing lifts."""

from __future__ import annotations

import os

import pytest

from osvc_diag.errors import UsageError
from osvc_diag.exchange.login import Login
from osvc_diag.settings import DEFAULT_EXCHANGE, PUBLIC_LOGIN, read_credentials, resolve_settings


@pytest.fixture
def site(tmp_path):
    """Write a site file and return its folder."""

    def write(text: str, mode: int = 0o644) -> str:
        path = tmp_path / "diag.ini"
        path.write_text(text)
        path.chmod(mode)
        return str(tmp_path)

    return write


def test_built_in_is_the_supports_exchange_with_its_public_login() -> None:
    settings = resolve_settings()
    assert (settings.exchange, settings.exchange_login) == (DEFAULT_EXCHANGE, PUBLIC_LOGIN)
    assert (settings.upload, settings.lifetime, settings.proxy) == ("ask", 7 * 86400, None)
    assert settings.origin("exchange") == "built in"


def test_each_source_beats_the_next(site) -> None:
    etc = site("[diag]\nlifetime = 1d\nexchange = https://site\nproxy = http://site:1\n")
    environ = {"OSVC_DIAG_LIFETIME": "2d", "OSVC_DIAG_EXCHANGE": "https://variable"}
    settings = resolve_settings({"lifetime": "3d", "proxy": None}, environ=environ, etc=etc)
    assert settings.lifetime == 3 * 86400
    assert settings.exchange == "https://variable"
    assert settings.proxy == "http://site:1"
    assert settings.origin("lifetime") == "--lifetime"
    assert settings.origin("exchange") == "OSVC_DIAG_EXCHANGE"
    assert settings.origin("proxy") == os.path.join(etc, "diag.ini")


def test_an_empty_variable_says_nothing(site) -> None:
    settings = resolve_settings(environ={"OSVC_DIAG_LIFETIME": ""}, etc=site("[diag]\nlifetime = 1d\n"))
    assert settings.lifetime == 86400


def test_values_that_are_parsed_already_are_taken_as_they_are() -> None:
    assert resolve_settings({"max_size": 7, "timeout": 1.5}).max_size == 7


@pytest.mark.parametrize(
    ("options", "environ", "words"),
    [
        ({"lifetime": "soon"}, {}, "--lifetime"),
        ({}, {"OSVC_DIAG_LIFETIME": "0"}, "OSVC_DIAG_LIFETIME"),
        ({}, {"OSVC_DIAG_LOG_SIZE": "big"}, "OSVC_DIAG_LOG_SIZE"),
        ({}, {"OSVC_DIAG_UPLOAD": "always"}, "nobody but the user says yes"),
    ],
)
def test_an_option_or_variable_that_makes_no_sense_is_an_error(options, environ, words) -> None:
    with pytest.raises(UsageError, match=words):
        resolve_settings(options, environ=environ)


def test_the_site_can_forbid_uploads_against_every_option(site) -> None:
    etc = site("[diag]\nupload = never\n")
    assert resolve_settings({"upload": "ask"}, environ={"OSVC_DIAG_UPLOAD": "ask"}, etc=etc).upload == "never"


def test_the_option_upload_is_no_policy(site) -> None:
    for option in (True, False):
        assert resolve_settings({"upload": option}).upload == "ask"
        assert resolve_settings({"upload": option}, environ={"OSVC_DIAG_UPLOAD": "never"}).upload == "never"


def test_a_user_can_forbid_uploads_where_the_site_does_not(site) -> None:
    assert resolve_settings(environ={"OSVC_DIAG_UPLOAD": "never"}, etc=site("[diag]\n")).upload == "never"


@pytest.mark.parametrize("name", ["YES", "INSECURE", "CONSENT"])
def test_consent_never_comes_from_the_environment(name: str) -> None:
    settings = resolve_settings(environ={f"OSVC_DIAG_{name}": "1"})
    assert settings == resolve_settings()


@pytest.mark.parametrize("mode", [0o666, 0o664])
def test_a_site_file_that_others_can_write_is_ignored_and_forbids_uploads(site, mode) -> None:
    settings = resolve_settings(etc=site("[diag]\nexchange = https://evil\n", mode))
    assert (settings.exchange, settings.upload) == (DEFAULT_EXCHANGE, "never")
    assert "writable by group or others" in settings.warnings[0]


@pytest.mark.parametrize("text", ["no section\n", "[diag]\nlifetime = 1d\nlifetime = 2d\n", "\udcff"])
def test_a_site_file_that_cannot_be_read_forbids_uploads(tmp_path, text: str) -> None:
    (tmp_path / "diag.ini").write_bytes(text.encode("utf-8", "surrogateescape"))
    (tmp_path / "diag.ini").chmod(0o644)
    settings = resolve_settings(etc=str(tmp_path))
    assert settings.upload == "never"
    assert "nothing is sent" in settings.warnings[0]


def test_a_value_of_the_site_file_that_makes_no_sense_forbids_uploads(site) -> None:
    settings = resolve_settings(etc=site("[diag]\nlifetime = later\n"))
    assert (settings.lifetime, settings.upload) == (7 * 86400, "never")
    assert "lifetime" in settings.warnings[0]


def test_an_unknown_setting_and_a_missing_section_are_told(site) -> None:
    assert "proxi" in resolve_settings(etc=site("[diag]\nproxi = http://p:1\n")).warnings[0]
    assert "no section [diag]" in resolve_settings(etc=site("[other]\nproxy = http://p:1\n")).warnings[0]


def test_a_missing_site_file_is_nothing_to_speak_of(tmp_path) -> None:
    settings = resolve_settings(etc=str(tmp_path))
    assert (settings.upload, settings.warnings) == ("ask", ())


def test_a_percent_sign_in_the_site_file_is_no_reference(site) -> None:
    settings = resolve_settings(etc=site("[diag]\nproxy = http://u:p%40@p:1\n"))
    assert settings.proxy == "http://u:p%40@p:1"


def test_the_public_login_goes_to_the_supports_exchange_alone() -> None:
    assert resolve_settings({"exchange": "https://other"}).exchange_login is None
    assert resolve_settings({"exchange": "https://SFX.opensvc.com/"}).exchange_login == PUBLIC_LOGIN
    assert resolve_settings({"exchange": "http://sfx.opensvc.com"}).exchange_login is None
    own = resolve_settings({"exchange": "https://u:p@sfx.opensvc.com"})
    assert own.exchange_login == Login("u", "p")


def test_a_sites_credentials_are_not_given_to_a_server_that_somebody_else_names(site) -> None:
    etc = site(
        "[diag]\nexchange = https://site\nexchange_credentials = /etc/secret\nproxy_credentials = /p\n"
    )
    assert resolve_settings(etc=etc).exchange_credentials == "/etc/secret"
    settings = resolve_settings({"exchange": "https://evil", "proxy": "http://evil:1"}, etc=etc)
    assert settings.exchange_credentials is None
    assert settings.proxy_credentials is None
    assert len(settings.warnings) == 2


def test_no_credential_is_in_the_repr(site) -> None:
    etc = site("[diag]\nproxy = http://alice:geheim@p:1\nexchange = https://bob:heimlich@h\n", 0o600)
    settings = resolve_settings(etc=etc)
    assert settings.exchange == "https://h"
    for word in ("alice", "geheim", "bob", "heimlich", "support:support"):
        assert word not in f"{settings!r} {settings}"


def test_credentials_are_read_from_a_private_file_alone(tmp_path) -> None:
    path = tmp_path / "credentials"
    path.write_text("alice:ge:heim\nsecond line\n")
    path.chmod(0o600)
    assert read_credentials(str(path)) == Login("alice", "ge:heim")
    path.chmod(0o640)
    with pytest.raises(UsageError, match="readable by group or others") as caught:
        read_credentials(str(path))
    assert "heim" not in str(caught.value)
    with pytest.raises(UsageError, match="No such file"):
        read_credentials(str(tmp_path / "missing"))
