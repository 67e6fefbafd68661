"""What a user reads when an upload fails: what it was, where the bundle is, and a command to copy."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys

import pytest
from fault_server import Fault, running_faults
from loopback_proxy import running_proxy
from uploading import TIMEOUT, environment, run_program, upload, upload_on_terminal, wait_until, with_login

PASSWORD = "Fge3heim"
REFUSED = "http://127.0.0.1:9"


def resume_of(told: str) -> list[str]:
    """Return the arguments of the command that was told: it stands alone in its line."""
    [line] = [line for line in told.splitlines() if line.startswith("    osvc-diag upload ")]
    return shlex.split(line)[2:]


def write_login(path, login: str = "support:support") -> str:
    path.write_text(login + "\n")
    path.chmod(0o600)
    return str(path)


def test_the_command_that_goes_on_has_the_proxy_and_asks_for_its_login(bundle, exchange, tmp_path) -> None:
    login = write_login(tmp_path / "exchange.secret")
    with running_proxy(f"joe:{PASSWORD}") as proxy:
        arguments = ("--yes", "--exchange", exchange.url, "--exchange-credentials", login, bundle)
        done = upload("--proxy", with_login(proxy.url, f"X{PASSWORD}"), *arguments)
        assert done.returncode == 5
        assert PASSWORD not in done.stderr
        assert "first write the login that stood in --proxy into FILE" in done.stderr
        command = resume_of(done.stderr)
        assert command[command.index("--proxy") + 1] == proxy.url
        assert command[command.index("--proxy-credentials") + 1] == "FILE"
        # Whoever does what is told gets the bundle delivered, through the same proxy.
        filled = write_login(tmp_path / "proxy.secret", f"joe:{PASSWORD}")
        again = upload(*(filled if word == "FILE" else word for word in command))
        assert again.returncode == 0, again.stderr
        assert proxy.seen


@pytest.mark.parametrize("password", ["support", PASSWORD])
def test_a_login_in_the_url_of_the_exchange_is_asked_for_again(password, bundle) -> None:
    done = upload("--yes", "--json", "--proxy", "none", "--exchange", with_login(REFUSED, password), bundle)
    facts = json.loads(done.stdout)
    assert "--exchange-credentials FILE" in facts["resume"]
    assert f"--exchange {REFUSED} " in facts["resume"]
    assert "--proxy none" in facts["resume"]
    assert "that stood in --exchange" in facts["note"]
    assert PASSWORD not in done.stdout + done.stderr


def test_two_logins_are_asked_for_in_two_files(bundle) -> None:
    given = ("--exchange", with_login(REFUSED, PASSWORD), "--proxy", with_login(REFUSED, PASSWORD))
    done = upload("--yes", "--upload-timeout", "1s", *given, bundle)
    assert resume_of(done.stderr).count("FILE") == 2
    assert "that stood in --exchange and that in --proxy into a FILE of its own" in done.stderr
    assert PASSWORD not in done.stderr


def test_the_command_that_goes_on_has_every_option_of_the_way_and_the_node(bundle, sample_tree) -> None:
    given = [
        "--lifetime",
        "1d",
        "--upload-timeout",
        "20m",
        "--root",
        str(sample_tree()),
        "--timezone",
        "Europe/Paris",
    ]
    done = upload("--yes", "--exchange", "https://sfx.invalid", *given, bundle)
    command = resume_of(done.stderr)
    for option, value in zip(given[::2], given[1::2]):
        assert command[command.index(option) + 1] == value


def test_the_error_comes_first_and_then_what_to_do_and_no_warning(bundle) -> None:
    done = upload("--yes", "-q", "--exchange", "https://sfx.invalid", bundle)
    told = done.stderr.splitlines()
    at = next(number for number, line in enumerate(told) if line.startswith("osvc-diag:"))
    assert all("was made on" in line for line in told[:at])  # whose secrets could not be looked for
    assert [line.partition(":")[0] for line in told[at:]] == [
        "osvc-diag",
        "  hint",
        "  the bundle is kept",
        "  to send it, or go on where this stopped",
        "    osvc-diag upload --exchange https",
    ]


def test_on_a_narrow_terminal_the_command_is_one_line_all_the_same(bundle) -> None:
    code, _, shown = upload_on_terminal(
        "y\n", "--yes", "--exchange", "https://sfx.invalid", bundle, COLUMNS="40", NO_COLOR="1"
    )
    assert code == 5
    assert resume_of(shown)[-1] == bundle


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_upload_that_is_ended_tells_programs_the_way_on(number, code, bundle, exchange) -> None:
    with running_faults(exchange.url, lambda method, path: Fault("hold")) as server:
        environ = environment(OSVC_DIAG_EXCHANGE=with_login(server.url, "support"))
        command = [sys.executable, "-m", "osvc_diag", "upload", "--yes", "--json", "-q", bundle]
        with subprocess.Popen(
            command, env=environ, stderr=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            wait_until(lambda: bool(server.seen))
            process.send_signal(number)
            told, words = process.communicate(timeout=TIMEOUT)
        server.released.set()
    facts = json.loads(told)
    assert process.returncode == facts["exit_code"] == code
    assert facts["bundle"] == bundle
    assert facts["resume"] == f"osvc-diag upload --yes {bundle}"
    assert facts["error"] == "Interrupted"
    lines = words.decode().splitlines()
    assert lines[-4].startswith("osvc-diag: ")
    assert lines[-3:] == [
        f"  the bundle is kept: {bundle}",
        "  to send it, or go on where this stopped:",
        f"    osvc-diag upload --yes {bundle}",
    ]


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--exchange", "http://192.0.2.1", "http://192.0.2.1 is not encrypted"),
        ("--ca-bundle", "nosuch.pem", "the CA bundle nosuch.pem cannot be used"),
        ("--smtp", "relay:port", "relay"),
        ("--mail-from", "nobody", "not a mail address"),
        ("--proxy", "ftp://proxy", "not a scheme of a proxy"),
    ],
)
def test_a_mistake_of_the_command_line_is_told_before_anything_is_done(
    option, value, words, bundle, sample_tree, tmp_path
) -> None:
    sent = upload("--yes", option, value, bundle)
    place = ("--root", str(sample_tree()), "--output", str(tmp_path / "made.tar.gz"))
    collected = run_program("prod/svc/web", *place, "--upload", option, value)
    for done in (sent, collected):
        assert done.returncode == 2, done.stderr
        first = next(line for line in done.stderr.splitlines() if not line.startswith("warning:"))
        assert first.startswith("osvc-diag: ")
        assert words in first
    assert not (tmp_path / "made.tar.gz").exists()


def test_a_site_file_that_names_what_is_not_encrypted_is_no_obstacle_to_collecting(
    sample_tree, tmp_path
) -> None:
    place = ("--root", str(sample_tree()), "--output", str(tmp_path / "made.tar.gz"))
    done = run_program("prod/svc/web", *place, OSVC_DIAG_EXCHANGE="http://192.0.2.1")
    assert done.returncode in {0, 10}, done.stderr
    assert "this bundle cannot be sent as things are: http://192.0.2.1 is not encrypted" in done.stderr


def test_a_full_disk_is_told_as_one_and_no_receipt_is_named_that_is_not_there(bundle, exchange) -> None:
    environ = {"OSVC_DIAG_EXCHANGE": with_login(exchange.url, "support")}
    command = 'ulimit -f 0; exec "$0" -m osvc_diag upload --yes "$@"'

    def send(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", command, sys.executable, *options, bundle],
            capture_output=True,
            text=True,
            check=False,
            env=environment(PYTHONDONTWRITEBYTECODE="1", **environ),
        )

    done = send()
    assert done.returncode == 0, done.stderr
    assert f"{bundle}.upload.json cannot be written: File too large" in done.stderr
    assert "the receipt could not be written beside the bundle: File too large; keep the link" in done.stderr
    assert "receipt: " not in done.stderr
    assert json.loads(send("--json").stdout)["receipt"] is None
