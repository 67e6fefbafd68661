"""Uploads to a real bepasty, by each of its ways."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import tempfile
import threading

import pytest
from fault_server import PASS, Fault, running_faults
from loopback_exchange import running_exchange
from sending_tools import IMPATIENT, Events, is_whole, send

from osvc_diag.errors import UsageError
from osvc_diag.events import Advanced, PhaseStarted, Warned
from osvc_diag.exchange.bepasty import BepastyExchange
from osvc_diag.exchange.errors import BundleChangedError, GaveUpError, TooLargeError, UnconfirmedError
from osvc_diag.exchange.login import Login
from osvc_diag.exchange.multipart import safe_name
from osvc_diag.exchange.progress import load_progress, progress_path

WEB_GONE = ("/+upload/new",)
ONLY_FORM = ("/+upload/new", "/apis/rest/items", "/apis/rest")


def blocking(paths):
    """Return a script that answers 404 to some paths."""
    return lambda method, path: Fault("answer", status=404) if path in paths else PASS


def failing_after(count: int, fault: Fault):
    """Return a script that lets some chunks pass, then none."""
    passed = []

    def script(method: str, path: str) -> Fault:
        if method == "POST" and path not in WEB_GONE:
            passed.append(path)
            if len(passed) > count:
                return fault
        return PASS

    return script


@pytest.mark.parametrize("size", [1, 32 * 1024 - 1, 32 * 1024, 32 * 1024 + 1, 200_000, 1_500_000])
@pytest.mark.parametrize(("blocked", "method"), [((), "web"), (WEB_GONE, "rest"), (ONLY_FORM, "form")])
def test_the_item_is_equal_to_the_bundle_by_every_way(size, blocked, method, exchange, make_file) -> None:
    path = make_file(size)
    with running_faults(exchange.url, blocking(blocked)) as server:
        receipt = send(path, server.url)
    assert receipt.method == method
    assert is_whole(exchange, receipt.item, path)


def test_the_receipt_tells_what_a_ticket_needs(exchange, make_file) -> None:
    path = make_file(5000)
    receipt = send(path, exchange.url, lifetime=3 * 86400)
    with open(path, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    assert receipt.link == f"{exchange.url}/{receipt.item}"
    assert (receipt.size, receipt.sha256) == (5000, digest)
    assert not receipt.insecure
    assert not receipt.resumed
    meta = exchange.meta(receipt.item)
    assert meta["filename"] == "osvc-diag_lab_node1_svc1.tar.gz"
    assert meta["type"] == "application/gzip"
    assert meta["timestamp-max-life"] - meta["timestamp-upload"] == 3 * 86400


@pytest.mark.parametrize("blocked", [(), WEB_GONE, ONLY_FORM])
@pytest.mark.parametrize("lifetime", [60, 3600, 7 * 86400, 30 * 86400, 90 * 60])
def test_the_lifetime_is_kept_by_every_way(blocked, lifetime, exchange, make_file) -> None:
    with running_faults(exchange.url, blocking(blocked)) as server:
        receipt = send(make_file(100), server.url, lifetime=lifetime)
    meta = exchange.meta(receipt.item)
    assert abs(meta["timestamp-max-life"] - meta["timestamp-upload"] - lifetime) <= 1


def test_progress_adds_up_to_the_size(exchange, make_file) -> None:
    events = Events()
    send(make_file(700_000), exchange.url, on_event=events)
    assert events.of(PhaseStarted) == [PhaseStarted("upload", 700_000)]
    assert sum(event.byte_count for event in events.of(Advanced)) == 700_000


def test_an_exchange_below_a_path_is_as_good(make_file) -> None:
    with running_exchange("--prefix", "/pastes") as exchange:
        for blocked in ((), ("/pastes/+upload/new",), tuple("/pastes" + path for path in ONLY_FORM)):
            path = make_file(100_000)
            with running_faults(exchange.url, blocking(blocked)) as server:
                receipt = send(path, server.url + "/pastes")
            assert receipt.link == f"{server.url}/pastes/{receipt.item}"
            assert is_whole(exchange, receipt.item, path)
            os.unlink(progress_path(path)) if os.path.exists(progress_path(path)) else None


def test_a_login_that_may_read_gets_size_and_sha256_confirmed(exchange, make_file) -> None:
    staff = Login("staff", exchange.staff_password)
    assert send(make_file(100_000), exchange.url, login=staff).confirmed


def test_an_item_that_differs_on_the_server_is_no_success(exchange, make_file) -> None:
    staff = Login("staff", exchange.staff_password)
    meta = json.dumps({"file-meta": {"size": 100_000, "hash": "00" * 32}}).encode()

    def script(method: str, path: str) -> Fault:
        return Fault("answer", body=meta) if path.startswith("/apis/rest/items/") else PASS

    with running_faults(exchange.url, script) as server, pytest.raises(UnconfirmedError, match="sha256"):
        send(make_file(100_000), server.url, login=staff)


def test_a_bundle_above_the_servers_limit_is_refused_before_a_byte_is_sent(make_file) -> None:
    with running_exchange("--max-file", "50000") as exchange:
        with pytest.raises(TooLargeError, match=r"takes 48\.8 KiB at most"):
            send(make_file(50_001), exchange.url)
        assert exchange.items() == []
        assert send(make_file(50_000), exchange.url).size == 50_000


def test_several_chunks_are_in_flight_and_the_completing_one_comes_last(exchange, make_file) -> None:
    """Four chunks wait for each other: one at a time would never meet."""
    meeting = threading.Barrier(4, timeout=30)
    chunks = []

    def script(method: str, path: str) -> Fault:
        if method == "POST" and path not in WEB_GONE:
            chunks.append(path)
            return Fault("meet") if len(chunks) <= 4 else PASS
        return PASS

    path = make_file(1_500_000)
    with running_faults(exchange.url, script) as server:
        server.meeting = meeting
        receipt = send(path, server.url)
    assert is_whole(exchange, receipt.item, path)
    assert len(chunks) > 5


def test_a_smaller_chunk_is_tried_where_one_is_too_large(exchange, make_file) -> None:
    path = make_file(900_000)
    with running_faults(exchange.url, lambda method, path: Fault("too_large")) as server:
        receipt = send(path, server.url)
    assert is_whole(exchange, receipt.item, path)


@pytest.mark.parametrize("blocked", [(), WEB_GONE])
def test_an_interrupted_upload_goes_on_where_the_server_stands(blocked, exchange, make_file) -> None:
    path = make_file(1_500_000)
    script = failing_after(4, Fault("reset", at=0.5))

    def first(method: str, where: str) -> Fault:
        return blocking(blocked)(method, where) if where in blocked else script(method, where)

    with running_faults(exchange.url, first) as server:
        with pytest.raises(GaveUpError):
            send(path, server.url)
        kept = load_progress(path)
        assert kept is not None
        assert kept.ranges.total > 0
        assert stat.S_IMODE(os.stat(progress_path(path)).st_mode) == 0o600
        server.script = blocking(blocked)
        server.seen.clear()
        events = Events()
        receipt = send(path, server.url, on_event=events)
        sent = [where for method, where, _ in server.seen if method == "POST"]
    assert receipt.resumed
    assert receipt.item == kept.item
    assert receipt.expires == kept.expires
    assert "/+upload/new" not in sent
    # A chunk that was in flight when the first run gave up may still have been acknowledged since.
    assert events.of(Advanced)[0].byte_count >= kept.ranges.total
    assert is_whole(exchange, receipt.item, path)


def test_a_changed_bundle_is_never_resumed_into_an_old_item(exchange, make_file) -> None:
    path = make_file(1_500_000)
    with running_faults(exchange.url, failing_after(4, Fault("reset"))) as server:
        with pytest.raises(GaveUpError):
            send(path, server.url)
        kept = load_progress(path)
        make_file(1_500_000)
        server.script = lambda method, where: PASS
        receipt = send(path, server.url)
    assert receipt.item != kept.item
    assert not receipt.resumed
    assert is_whole(exchange, receipt.item, path)


def test_progress_at_another_exchange_is_not_gone_on_with(exchange, make_file) -> None:
    path = make_file(1_500_000)
    with running_faults(exchange.url, failing_after(4, Fault("reset"))) as server, pytest.raises(GaveUpError):
        send(path, server.url)
    receipt = send(path, exchange.url)
    assert not receipt.resumed
    assert is_whole(exchange, receipt.item, path)


def test_a_bundle_that_changes_while_it_is_sent_is_not_completed(exchange, make_file) -> None:
    path = make_file(1_500_000)

    def on_event(event) -> None:
        if isinstance(event, Advanced):
            os.utime(path, ns=(1, 1))

    with running_faults(exchange.url, lambda method, where: PASS) as server:
        with pytest.raises(BundleChangedError):
            send(path, server.url, on_event=on_event)
        item = next(
            where for _, where, _ in server.seen if where.startswith("/+upload/") and where[9:] != "new"
        )[9:]
    with pytest.raises(LookupError, match="409"):
        exchange.meta(item)


def test_an_item_that_the_server_lost_is_begun_anew(own_exchange, make_file) -> None:
    path = make_file(1_500_000)
    with running_faults(own_exchange.url, failing_after(4, Fault("reset"))) as server:
        with pytest.raises(GaveUpError):
            send(path, server.url)
        for name in os.listdir(own_exchange.storage):
            os.unlink(os.path.join(own_exchange.storage, name))
        server.script = lambda method, where: PASS
        receipt = send(path, server.url)
    assert not receipt.resumed
    assert is_whole(own_exchange, receipt.item, path)


@pytest.mark.parametrize("blocked", [(), WEB_GONE])
def test_an_upload_outlives_a_crash_of_the_server(blocked, own_exchange, make_file) -> None:
    path = make_file(1_500_000)
    crashed = threading.Event()

    def script(method: str, where: str) -> Fault:
        if where in blocked:
            return Fault("answer", status=404)
        if method == "POST" and where != "/+upload/new" and not crashed.is_set() and len(server.seen) > 4:
            crashed.set()
            own_exchange.stop(signal.SIGKILL)
            threading.Timer(0.2, own_exchange.start).start()
        return PASS

    patient = type(IMPATIENT)(attempts=200, first_attempts=200, base=0.02, cap=0.05, read_timeout=5)
    with running_faults(own_exchange.url, script) as server:
        receipt = send(path, server.url, policy=patient)
    assert crashed.is_set()
    assert is_whole(own_exchange, receipt.item, path)


def test_a_complete_item_is_recognized_when_only_the_receipt_is_missing(exchange, make_file) -> None:
    """As after kill -9 between the last answer and the receipt."""
    for blocked in ((), WEB_GONE):
        path = make_file(300_000)
        with running_faults(exchange.url, blocking(blocked)) as server:
            first = send(path, server.url)
            assert load_progress(path) is not None
            second = send(path, server.url)
        assert second.item == first.item
        assert is_whole(exchange, second.item, path)


def test_a_rest_item_that_the_server_closed_too_early_is_not_believed(exchange, make_file) -> None:
    """A body that is cut on the way is stored as it came, and called complete."""
    path = make_file(100_000)
    cuts = [Fault("truncate", at=0.5), Fault("close_answer", at=0.5)]

    def script(method: str, where: str) -> Fault:
        if where == "/+upload/new":
            return Fault("answer", status=404)
        return cuts.pop(0) if cuts and where == "/apis/rest/items" else PASS

    with running_faults(exchange.url, script) as server:
        receipt = send(path, server.url)
    assert is_whole(exchange, receipt.item, path)


def test_an_unwritable_folder_costs_the_resume_and_not_the_upload(exchange, ordinary_user) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "b.tar.gz")
        with open(path, "wb") as file:
            file.write(os.urandom(100_000))
        os.chmod(path, 0o644)
        if os.geteuid() != 0:
            os.chmod(folder, 0o555)
        events = Events()
        with ordinary_user():
            receipt = send(path, exchange.url, on_event=events)
        os.chmod(folder, 0o755)
        assert is_whole(exchange, receipt.item, path)
        assert os.listdir(folder) == ["b.tar.gz"]
    assert ["cannot be resumed" in event.message for event in events.of(Warned)] == [True]


@pytest.mark.parametrize(
    "url",
    ["https://", "https://h/?q=1", "https://h/#f", "https://u:123/x@h/", "https:///x", "https://h:port"],
)
def test_what_cannot_be_the_url_of_an_exchange_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        BepastyExchange(url)


def test_a_file_name_is_reduced_to_what_a_bepasty_keeps() -> None:
    assert safe_name('a/b"c\r\nd é.tar.gz') == "abcd .tar.gz"
    assert safe_name("é") == "bundle.tar.gz"
    assert len(safe_name("x" * 300)) == 250
