"""The command: it verifies, asks, sends, tells; and shows no credential anywhere."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from fault_server import PASS, Fault, running_faults
from loopback_proxy import running_proxy
from uploading import CTRL_C, TIMEOUT, environment, upload, upload_on_terminal, wait_until, with_login

from osvc_diag.exchange.progress import progress_path
from osvc_diag.exchange.receipt import load_receipt, receipt_path

PASSWORDS = {"exchange": "Xge3heim-exchange", "proxy": "Pge3heim-proxy"}


def test_with_yes_it_is_sent_and_the_link_is_the_result(bundle, exchange) -> None:
    done = upload("--yes", bundle, OSVC_DIAG_EXCHANGE=with_login(exchange.url, "support"))
    receipt = load_receipt(bundle)
    assert done.returncode == 0, done.stderr
    assert done.stdout == receipt.link + "\n"
    with open(bundle, "rb") as file:
        assert exchange.fetch(receipt.item) == file.read()
    for words in (
        "verify:   passed",
        f"to:       {exchange.url}, kept there for 7 days",
        "through:  no proxy",
        "Purpose:  error message",
        "Impact:   web is down",
        f"sha256 {receipt.sha256}",
        "Standard support is",
        "Premium support",
        receipt_path(bundle),
    ):
        assert words in done.stderr
    assert not os.path.exists(progress_path(bundle))


def test_for_machines_there_is_json(bundle, exchange) -> None:
    done = upload("--yes", "--json", bundle, OSVC_DIAG_EXCHANGE=with_login(exchange.url, "support"))
    facts = json.loads(done.stdout)
    assert facts["link"].startswith(exchange.url)
    assert facts["bundle"] == bundle
    assert "Purpose:  error message" in facts["ticket"]


def test_without_a_terminal_and_without_yes_nothing_is_sent(bundle, exchange) -> None:
    before = exchange.items()
    done = upload("--exchange", exchange.url, bundle, OSVC_DIAG_YES="1", OSVC_DIAG_UPLOAD="ask")
    assert done.returncode == 2
    assert f"osvc-diag upload --exchange {exchange.url} --yes {bundle}" in done.stderr
    assert exchange.items() == before


@pytest.mark.parametrize(
    ("answer", "sent"),
    [
        ("y\n", True),
        ("YES\n", True),
        ("\n", False),
        ("n\n", False),
        ("no\n", False),
        ("\x04", False),
        ("maybe\ny\n", True),
        ("maybe\nn\n", False),
        ("x\nx\nx\n", False),
        ("x\n\x04", False),
    ],
)
def test_on_a_terminal_only_a_yes_is_a_yes(answer, sent, bundle, exchange) -> None:
    before = exchange.items()
    code, stdout, shown = upload_on_terminal(
        answer, bundle, OSVC_DIAG_EXCHANGE=with_login(exchange.url, "support")
    )
    assert code == 0, shown
    assert "send it? [y/N]" in shown
    assert exchange.url in shown
    if sent:
        assert stdout.strip() == load_receipt(bundle).link
    else:
        assert stdout == ""
        assert exchange.items() == before
        assert "nothing was sent" in shown


def test_who_interrupts_the_question_is_told_where_the_bundle_is(bundle, exchange) -> None:
    before = exchange.items()
    code, stdout, shown = upload_on_terminal(
        CTRL_C, bundle, OSVC_DIAG_EXCHANGE=with_login(exchange.url, "support")
    )
    assert (code, stdout) == (130, "")
    assert f"the bundle is kept: {bundle}" in shown
    assert exchange.items() == before


def test_what_is_damaged_at_its_beginning_is_named(tmp_path, exchange) -> None:
    path = tmp_path / "half.tar.gz"
    path.write_bytes(b"no archive at all")
    done = upload("--yes", str(path), OSVC_DIAG_EXCHANGE=exchange.url)
    assert done.returncode == 6
    assert f"{path}: this is no .tar.gz archive" in done.stderr


def test_a_bundle_that_does_not_verify_is_never_sent(bundle, exchange) -> None:
    before = exchange.items()
    with open(bundle, "r+b") as file:
        file.seek(-2000, os.SEEK_END)
        file.write(b"\0" * 100)
    done = upload("--yes", bundle, OSVC_DIAG_EXCHANGE=with_login(exchange.url, "support"))
    assert done.returncode == 6
    assert exchange.items() == before


def test_what_is_no_bundle_is_never_sent(tmp_path, exchange) -> None:
    before = exchange.items()
    (tmp_path / "passwd.tar.gz").write_text("root:x:0:0")
    done = upload("--yes", str(tmp_path / "passwd.tar.gz"), OSVC_DIAG_EXCHANGE=exchange.url)
    assert done.returncode == 6
    assert exchange.items() == before


def test_a_site_that_forbids_uploads_is_obeyed(bundle, exchange, tmp_path) -> None:
    """The site file of this machine's agent: a root-path install, named as the agent itself is told."""
    agent = tmp_path / "agent"
    for name in ("etc", "log", "var"):
        (agent / name).mkdir(parents=True)
    (agent / "etc" / "node.conf").write_text("")
    (agent / "etc" / "diag.ini").write_text("[diag]\nupload = never\n")
    (agent / "etc" / "diag.ini").chmod(0o644)
    before = exchange.items()
    done = upload("--yes", bundle, OSVC_DIAG_EXCHANGE=exchange.url, OSVC_ROOT_PATH=str(agent))
    assert done.returncode == 5, done.stderr
    assert "uploads are forbidden by" in done.stderr
    assert exchange.items() == before


def test_a_failure_keeps_the_bundle_and_prints_the_way_on(bundle) -> None:
    done = upload("--yes", "--exchange", "https://sfx.invalid", bundle)
    assert done.returncode == 5
    assert "the host sfx.invalid is unknown" in done.stderr
    assert f"the bundle is kept: {bundle}" in done.stderr
    assert f"osvc-diag upload --exchange https://sfx.invalid --yes {bundle}" in done.stderr
    assert done.stdout == ""
    assert os.path.exists(bundle)


def test_a_failure_as_json(bundle) -> None:
    done = upload("--yes", "--json", "--exchange", "https://sfx.invalid", bundle)
    facts = json.loads(done.stdout)
    assert (facts["error"], facts["exit_code"]) == ("UnknownHostError", 5)
    assert facts["resume"].endswith(bundle)


def test_sudo_is_named_when_the_proxy_may_have_got_lost_on_the_way(bundle) -> None:
    arguments = ("--yes", "--exchange", "https://sfx.invalid", bundle)
    assert "sudo drops https_proxy" in upload(*arguments, SUDO_USER="alice").stderr
    assert "sudo drops https_proxy" not in upload(*arguments).stderr
    told = upload(*arguments, SUDO_USER="alice", https_proxy="http://proxy.invalid:1").stderr
    assert "sudo drops https_proxy" not in told


def test_what_was_delivered_is_not_sent_again(bundle, exchange) -> None:
    environ = {"OSVC_DIAG_EXCHANGE": with_login(exchange.url, "support")}
    first = upload("--yes", bundle, **environ)
    before = exchange.items()
    second = upload("--yes", bundle, **environ)
    assert (second.returncode, second.stdout) == (0, first.stdout)
    assert "was delivered before" in second.stderr
    assert exchange.items() == before


def test_after_kill_9_it_goes_on_where_the_server_stands(bundle, exchange) -> None:
    def script(method: str, path: str) -> Fault:
        chunks = [where for verb, where, _ in server.seen if verb == "POST" and where != "/+upload/new"]
        return Fault("hold") if method == "POST" and path != "/+upload/new" and chunks else PASS

    with running_faults(exchange.url, script) as server:
        environ = environment(OSVC_DIAG_EXCHANGE=with_login(server.url, "support"))
        command = [sys.executable, "-m", "osvc_diag", "upload", "--yes", bundle]
        with subprocess.Popen(
            command, env=environ, stderr=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            wait_until(lambda: acknowledged(bundle) > 0 and server.seen[-1][2] == "hold")
            process.send_signal(signal.SIGKILL)
        kept = acknowledged(bundle)
        server.script = lambda method, path: PASS
        server.released.set()
        server.seen.clear()
        done = upload("--yes", "--json", bundle, OSVC_DIAG_EXCHANGE=environ["OSVC_DIAG_EXCHANGE"])
        sent = [path for method, path, _ in server.seen if method == "POST"]
    facts = json.loads(done.stdout)
    assert kept > 0
    assert facts["resumed"]
    assert sent == [f"/+upload/{facts['item']}"]
    with open(bundle, "rb") as file:
        assert exchange.fetch(facts["item"]) == file.read()


def test_ctrl_c_ends_it_soon_and_tells_the_way_on(bundle, exchange) -> None:
    with running_faults(exchange.url, lambda method, path: Fault("hold")) as server:
        environ = environment(OSVC_DIAG_EXCHANGE=with_login(server.url, "support"))
        command = [sys.executable, "-m", "osvc_diag", "upload", "--yes", bundle]
        with subprocess.Popen(
            command, env=environ, stderr=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            wait_until(lambda: bool(server.seen))
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=TIMEOUT)
        server.released.set()
    assert process.returncode == 130
    assert f"osvc-diag upload --yes {bundle}" in told.decode()


def acknowledged(bundle: str) -> int:
    with contextlib.suppress(OSError, ValueError), open(progress_path(bundle)) as file:
        return sum(end - start for start, end in json.load(file)["acknowledged"])
    return 0


def everything_below(folder: str) -> str:
    text = ""
    for parent, _, names in os.walk(folder):
        for name in names:
            if not name.endswith((".tar.gz", ".secret")):
                with open(os.path.join(parent, name), errors="replace") as file:
                    text += file.read()
    return text


@pytest.mark.parametrize("how", ["delivered", "refused", "reset", "portal", "proxy refuses", "redirected"])
def test_no_credential_is_in_output_files_or_errors(how, bundle, exchange, tmp_path) -> None:
    faults = {
        "reset": Fault("reset"),
        "portal": Fault("answer", body=b"<html>"),
        "redirected": Fault("answer", status=302, headers=("Location: http://127.0.0.1:1/steal",)),
    }
    password = "support" if how == "delivered" else PASSWORDS["exchange"]
    proxy_password = PASSWORDS["proxy"]
    accepted = "other" if how == "proxy refuses" else proxy_password
    arguments = ("--yes", "--debug", "-v", "--upload-timeout", "20s", bundle)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(running_faults(exchange.url, lambda method, path: faults.get(how, PASS)))
        proxy = stack.enter_context(running_proxy(f"support:{accepted}"))
        done = upload(
            *arguments,
            OSVC_DIAG_EXCHANGE=with_login(server.url, password),
            OSVC_DIAG_PROXY=with_login(proxy.url, proxy_password),
        )
    assert done.returncode == (0 if how == "delivered" else 5), done.stderr
    told = done.stdout + done.stderr + everything_below(str(tmp_path))
    assert proxy_password not in told
    assert PASSWORDS["exchange"] not in told
    assert "support:support" not in told
    assert "c3VwcG9yd" not in told  # base64 of the user


def test_a_redirect_takes_no_login_to_another_host(bundle, exchange) -> None:
    other_requests = []

    def note(method: str, path: str) -> Fault:
        other_requests.append(path)
        return Fault("answer")

    with running_faults(exchange.url, note) as other:
        away = Fault("answer", status=307, headers=(f"Location: {other.url}/steal",))
        with running_faults(exchange.url, lambda method, path: away) as server:
            done = upload("--yes", bundle, OSVC_DIAG_EXCHANGE=with_login(server.url, "support"))
    assert done.returncode == 5
    assert f"points to {other.url}/steal" in done.stderr
    assert other_requests == []


def test_no_credential_of_a_file_or_variable_is_in_the_process_list(bundle, exchange, tmp_path) -> None:
    secret = tmp_path / "login.secret"
    secret.write_text(f"support:{PASSWORDS['exchange']}\n")
    secret.chmod(0o600)
    with running_faults(exchange.url, lambda method, path: Fault("hold")) as server:
        command = [sys.executable, "-m", "osvc_diag", "upload", "--yes", bundle]
        command += ["--exchange", server.url, "--exchange-credentials", str(secret)]
        with subprocess.Popen(
            command, env=environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            wait_until(lambda: bool(server.seen))
            with open(f"/proc/{process.pid}/cmdline") as file:
                seen = file.read()
            process.kill()
        server.released.set()
    assert PASSWORDS["exchange"] not in seen


def test_a_password_on_the_command_line_is_warned_of(bundle, exchange) -> None:
    done = upload("--yes", "--exchange", with_login(exchange.url, exchange.staff_password), bundle)
    assert done.returncode == 0
    assert "the password in --exchange can be seen by every user of this node" in done.stderr
    assert exchange.staff_password not in done.stderr


def test_a_credentials_file_that_others_can_read_is_refused(bundle, exchange, tmp_path) -> None:
    secret = tmp_path / "login.secret"
    secret.write_text("support:support\n")
    secret.chmod(0o644)
    done = upload("--yes", "--exchange", exchange.url, "--exchange-credentials", str(secret), bundle)
    assert done.returncode == 2
    assert "readable by group or others" in done.stderr
    secret.chmod(0o600)
    done = upload("--yes", "--exchange", exchange.url, "--exchange-credentials", str(secret), bundle)
    assert done.returncode == 0, done.stderr


def test_the_way_through_a_proxy_is_shown_and_kept(bundle, exchange) -> None:
    with running_proxy() as proxy:
        done = upload(
            "--yes", "--proxy", proxy.url, bundle, OSVC_DIAG_EXCHANGE=with_login(exchange.url, "support")
        )
        assert done.returncode == 0, done.stderr
        assert f"through:  {proxy.url} (named by --proxy)" in done.stderr
        assert load_receipt(bundle).proxy == proxy.url
        assert any(urlsplit(exchange.url).netloc in line for line in proxy.seen)


def test_a_mail_and_a_share_are_exchanges_too(bundle, tmp_path) -> None:
    (tmp_path / "share").mkdir()
    done = upload("--yes", "--exchange", f"file://{tmp_path}/share/", bundle)
    assert done.stdout.strip() == str(tmp_path / "share" / os.path.basename(bundle))
    done = upload("--yes", "--exchange", "mailto:support@opensvc.com", bundle)
    assert done.stdout.strip() == f"{bundle}.eml"
    assert "is ready, not sent" in done.stderr
    with open(f"{bundle}.eml") as file:
        assert "Purpose:  error message" in file.read()
