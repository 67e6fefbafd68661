"""The only way out of a node: verified first, within its time, with a receipt and one line in syslog."""

from __future__ import annotations

import hashlib
import os
import socket
import threading

import pytest
from sending_tools import Events

from osvc_diag.bundle.verdict import Problem, Verdict
from osvc_diag.errors import ExchangeError, UsageError, VerificationError
from osvc_diag.events import Warned
from osvc_diag.exchange.bepasty import BepastyExchange
from osvc_diag.exchange.delivery import check_allowed, conditions_from, deliver, earlier_receipt
from osvc_diag.exchange.errors import UnknownHostError, UploadForbiddenError, UploadTimeoutError
from osvc_diag.exchange.interface import Conditions
from osvc_diag.exchange.login import Login
from osvc_diag.exchange.opened import OpenedBundle
from osvc_diag.exchange.progress import progress_path
from osvc_diag.exchange.receipt import Receipt, load_receipt
from osvc_diag.exchange.records import write_record
from osvc_diag.settings import PUBLIC_LOGIN, resolve_settings

PASSED = Verdict(problems=(), members=3, is_searched=True)
FAILED = Verdict(problems=(Problem("something that looks like a secret is left", "file/x", "url", 7),))


class Audit(list):
    def __call__(self, line: str) -> bool:
        self.append(line)
        return True


class Kept:
    """An exchange that keeps what it is given, or raises."""

    url = "kept://here"

    def __init__(self, error: BaseException | None = None, **wrong: object) -> None:
        self.error = error
        self.wrong = wrong
        self.content = None

    def deliver(self, bundle, conditions, on_event) -> Receipt:
        if self.error is not None:
            raise self.error
        self.content = b"".join(bundle.blocks())
        values = {"method": "kept", "size": bundle.size, "sha256": bundle.sha256, **self.wrong}
        return Receipt(
            exchange=self.url,
            link="kept://here/1",
            item="1",
            delivered="2026-11-22T10:00:00Z",
            seconds=0.1,
            **values,
        )


def test_a_verified_bundle_leaves_with_a_receipt_and_one_line(make_file) -> None:
    path, audit, exchange = make_file(1000), Audit(), Kept()
    write_record(progress_path(path), "{}")
    with OpenedBundle(path) as bundle:
        receipt = deliver(bundle, exchange, Conditions(), verdict=PASSED, audit=audit)
    with open(path, "rb") as file:
        content = file.read()
    assert exchange.content == content
    assert load_receipt(path) == receipt
    assert not os.path.exists(progress_path(path))
    [line] = audit
    assert line.startswith(f"action=deliver outcome=delivered uid={os.getuid()}")
    assert f"sha256={hashlib.sha256(content).hexdigest()} exchange=kept://here item=1" in line


def test_a_bundle_that_fails_verification_is_never_sent(make_file) -> None:
    audit, exchange = Audit(), Kept()
    with OpenedBundle(make_file()) as bundle, pytest.raises(VerificationError):
        deliver(bundle, exchange, Conditions(), verdict=FAILED, audit=audit)
    assert exchange.content is None
    assert audit == []


def test_a_bundle_that_changed_since_it_was_verified_is_never_sent(make_file) -> None:
    path, exchange = make_file(), Kept()
    with OpenedBundle(path) as bundle:
        os.utime(path, ns=(1, 1))
        with pytest.raises(ExchangeError, match="changed"):
            deliver(bundle, exchange, Conditions(), verdict=PASSED, audit=Audit())
    assert exchange.content is None


@pytest.mark.parametrize(
    ("error", "outcome"), [(UnknownHostError("x"), "UnknownHostError"), (KeyboardInterrupt(), "interrupted")]
)
def test_a_failure_leaves_its_line_too_and_no_receipt(error, outcome, make_file) -> None:
    path, audit = make_file(), Audit()
    with OpenedBundle(path) as bundle, pytest.raises(type(error)):
        deliver(bundle, Kept(error), Conditions(insecure=True), verdict=PASSED, audit=audit)
    assert f"outcome={outcome}" in audit[0]
    assert "tls=unverified" in audit[0]
    assert load_receipt(path) is None


def test_an_exchange_that_breaks_costs_the_upload_and_shows_no_detail(make_file) -> None:
    with OpenedBundle(make_file()) as bundle, pytest.raises(ExchangeError, match="KeyError") as caught:
        deliver(bundle, Kept(KeyError("geheim")), Conditions(), verdict=PASSED, audit=Audit())
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("wrong", [{"size": 1}, {"sha256": "00"}])
def test_a_receipt_for_something_else_is_no_success(wrong, make_file) -> None:
    with OpenedBundle(make_file()) as bundle, pytest.raises(ExchangeError, match="something else"):
        deliver(bundle, Kept(**wrong), Conditions(), verdict=PASSED, audit=Audit())


def test_a_missing_syslog_is_told(make_file) -> None:
    events = Events()
    with OpenedBundle(make_file()) as bundle:
        deliver(bundle, Kept(), Conditions(), verdict=PASSED, on_event=events, audit=lambda line: False)
    assert any("no syslog" in event.message for event in events.of(Warned))


def test_a_missing_syslog_is_no_word_between_a_failure_and_its_cause(make_file) -> None:
    events = Events()
    with OpenedBundle(make_file()) as bundle, pytest.raises(UnknownHostError):
        deliver(
            bundle,
            Kept(UnknownHostError("x")),
            Conditions(),
            verdict=PASSED,
            on_event=events,
            audit=lambda line: False,
        )
    assert events.of(Warned) == []


def test_the_receipt_of_the_same_bytes_at_the_same_exchange_is_found(make_file) -> None:
    path = make_file()
    with OpenedBundle(path) as bundle:
        receipt = deliver(bundle, Kept(), Conditions(), verdict=PASSED, audit=Audit())
        assert earlier_receipt(bundle, "kept://here") == receipt
        assert earlier_receipt(bundle, "kept://there") is None
    make_file()
    with OpenedBundle(path) as bundle:
        assert earlier_receipt(bundle, "kept://here") is None


def test_a_receipt_of_what_expired_or_was_only_written_is_no_delivery(make_file) -> None:
    path = make_file()
    with OpenedBundle(path) as bundle:
        for values in ({"expires": "2020-01-01T00:00:00Z"}, {"method": "eml"}):
            deliver(bundle, Kept(**values), Conditions(), verdict=PASSED, audit=Audit())
            assert earlier_receipt(bundle, "kept://here") is None
        deliver(bundle, Kept(expires="2999-01-01T00:00:00Z"), Conditions(), verdict=PASSED, audit=Audit())
        assert earlier_receipt(bundle, "kept://here") is not None


def test_a_mail_that_was_only_written_is_logged_as_such(make_file) -> None:
    audit = Audit()
    with OpenedBundle(make_file()) as bundle:
        deliver(bundle, Kept(method="eml"), Conditions(), verdict=PASSED, audit=audit)
    assert "outcome=written" in audit[0]


def test_a_closed_bundle_is_not_read_by_a_thread_that_was_left_behind(make_file, tmp_path) -> None:
    release, outcome = threading.Event(), []

    class Hanging(Kept):
        def deliver(self, bundle, conditions, on_event) -> Receipt:
            release.wait(30)
            try:
                outcome.append(bundle.read(0, 10))
            except ValueError as error:
                outcome.append(error)
            done.set()
            raise ExchangeError("late")

    done = threading.Event()
    with OpenedBundle(make_file()) as bundle, pytest.raises(UploadTimeoutError, match="hung"):
        deliver(bundle, Hanging(), Conditions(time_limit=-1.9), verdict=PASSED, audit=Audit())
    with open(tmp_path / "other", "wb+"):  # has the descriptor's number now
        release.set()
        assert done.wait(30)
    assert isinstance(outcome[0], ValueError)


def test_a_server_that_drips_an_endless_answer_meets_the_time_limit(make_file) -> None:
    def drip(server: socket.socket, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                    while not stop.wait(0.01):
                        connection.sendall(b"x")
                except OSError:
                    pass

    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server, stop))
        thread.start()
        try:
            exchange = BepastyExchange(f"http://127.0.0.1:{server.getsockname()[1]}")
            with OpenedBundle(make_file()) as bundle, pytest.raises(UploadTimeoutError):
                deliver(bundle, exchange, Conditions(time_limit=0.5), verdict=PASSED, audit=lambda line: True)
        finally:
            stop.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_conditions_take_logins_from_private_files(tmp_path) -> None:
    for name in ("exchange", "proxy", "smtp"):
        (tmp_path / name).write_text(f"{name}:ge:heim\n")
        (tmp_path / name).chmod(0o600)
    settings = resolve_settings(
        {
            "exchange": "https://h",
            "proxy": "http://p:1",
            "smtp": "relay",
            **{f"{name}_credentials": str(tmp_path / name) for name in ("exchange", "proxy", "smtp")},
        }
    )
    conditions = conditions_from(settings, environ={})
    assert conditions.login == Login("exchange", "ge:heim")
    assert conditions.proxy.proxy.login == Login("proxy", "ge:heim")
    assert conditions.smtp_login == Login("smtp", "ge:heim")
    assert "heim" not in repr(conditions)
    (tmp_path / "proxy").chmod(0o644)
    with pytest.raises(UsageError, match="readable by group or others"):
        conditions_from(settings, environ={})


def test_conditions_of_the_default_exchange_have_its_public_login() -> None:
    conditions = conditions_from(resolve_settings(), environ={"https_proxy": "http://u:p@e:1"})
    assert conditions.login == PUBLIC_LOGIN
    assert (conditions.proxy.source, conditions.proxy.proxy.url) == ("https_proxy", "http://e:1")
    assert not conditions.insecure


def test_a_site_that_forbids_uploads_is_obeyed(tmp_path) -> None:
    (tmp_path / "diag.ini").write_text("[diag]\nupload = never\n")
    (tmp_path / "diag.ini").chmod(0o644)
    check_allowed(resolve_settings())
    with pytest.raises(UploadForbiddenError, match=r"diag\.ini"):
        check_allowed(resolve_settings(etc=str(tmp_path)))
    (tmp_path / "diag.ini").chmod(0o666)
    with pytest.raises(UploadForbiddenError, match="writable by group or others"):
        check_allowed(resolve_settings(etc=str(tmp_path)))
