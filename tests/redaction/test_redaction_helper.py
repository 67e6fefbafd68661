"""A second process finds what one alone finds; whatever becomes of it, nothing is left out."""

from __future__ import annotations

import os
import random
import resource
import signal
import string
import subprocess
import sys
import textwrap
import time
from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Callable

import pytest
from redaction_tools import TOKENS, learned

from osvc_diag.form import Form
from osvc_diag.redaction import Redactor, SecretSearch, engine, helper, search, sharing, stream
from osvc_diag.redaction.helper import Helper, Helpers
from osvc_diag.redaction.scan import Scan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VALUE = b"Sup3rS3cret"
SECRETS = learned(VALUE, b"Zq9!xWv3")
SCAN = Scan([b"k(?=ey)"], [b"token="], [b"\x00\\x00"])
BLOCK = b"one key\ntwo\nTOKEN=1 key\x00\n"
FOUND = [4, 12, 20, 23]


@pytest.fixture
def helpers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Helpers]:
    """Return helpers that begin with the first block, on any machine, and have many blocks to look at."""
    monkeypatch.setattr(stream, "BLOCK", 128 * 1024)
    monkeypatch.setattr(stream, "FAIR", 64 * 1024)
    monkeypatch.setattr(search, "CHUNK", 256 * 1024)
    monkeypatch.setattr(engine, "WORTHWHILE", ((engine.HELPERS, 1),))
    monkeypatch.setattr(helper, "_processors", lambda: 8)
    helpers = Helpers(2)
    yield helpers
    helpers.close()


@pytest.fixture
def one() -> Iterator[Helper]:
    one = Helper(SCAN)
    yield one
    one.end()


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Have another program in the place of the helper's; `say` answers to what was asked last."""

    def replace(code: str) -> None:
        path = tmp_path / "odd.py"
        path.write_text(
            textwrap.dedent("""
            import os, struct, time
            def ask():
                head = b""
                while len(head) < 17:
                    head += os.read(0, 17 - len(head))
                _, number, size = struct.unpack("<?QQ", head)
                while size:
                    size -= len(os.read(0, size))
                return number
            def say(number, offsets, seconds=0.5):
                os.write(1, struct.pack(f"<QQd{len(offsets)}I", number, len(offsets), seconds, *offsets))
            """)
            + code
        )
        monkeypatch.setattr(helper.program, "__file__", str(path))

    return replace


def log(lines: int) -> bytes:
    """Return a log with secrets, keys over several lines and lines that may be parts of keys."""
    dice = random.Random(lines)
    pieces: list[bytes] = []
    for number in range(lines):
        kind = dice.random()
        if kind < 0.01:
            pieces.append(b"%d password=%s token: abcdef12345" % (number, VALUE))
        elif kind < 0.012:
            pieces.append(b"-----BEGIN RSA PRIVATE KEY-----")
        elif kind < 0.014:
            pieces.append(b"-----END RSA PRIVATE KEY-----")
        elif kind < 0.5:
            pieces.append("".join(dice.choices(string.ascii_letters + string.digits, k=64)).encode())
        else:
            pieces.append(b"%d INFO | svc1 is up Zq9!xWv3"[: dice.randrange(10, 29)].replace(b"%d", b"7"))
    return b"\n".join(pieces)


def in_blocks(text: bytes, size: int = 65_536) -> list[bytes]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def by(helpers: object = None) -> Redactor:
    return Redactor(SECRETS, TOKENS, engine="re", helpers=helpers)  # type: ignore[arg-type]


TEXT = log(40_000)
EXPECTED_COUNTS: Counter[str] = Counter()
EXPECTED = b"".join(by().redact(in_blocks(TEXT), Form.LOG, EXPECTED_COUNTS))


def is_expected(redactor: Redactor) -> bool:
    counts: Counter[str] = Counter()
    masked = b"".join(redactor.redact(in_blocks(TEXT), Form.LOG, counts))
    return masked == EXPECTED and counts == EXPECTED_COUNTS


def is_gone(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


def are_idle(helpers: Helpers) -> bool:
    """Wait until every helper has answered what it was asked: on a busy machine one begins late."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if all(one.room == helper.MOST_ASKED for one in helpers._working):
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("jobs", [2, 4])
def test_with_helpers_a_stream_is_redacted_as_without(helpers: Helpers, jobs: int):
    helpers._most = jobs - 1
    redactor = by(helpers)
    assert is_expected(redactor)
    assert redactor._finder.helpers == jobs - 1
    assert are_idle(helpers)
    before = [one._number for one in helpers._working]
    assert is_expected(redactor)
    assert all(one._number > number for one, number in zip(helpers._working, before))


def test_with_a_helper_a_stream_is_searched_as_without(helpers: Helpers):
    search = SecretSearch(SECRETS, engine="re", helpers=helpers)
    plain = b"7 INFO | svc1 is up <masked:conf-key:abcdefgh>\n" * 20_000
    text = plain.join([b"", VALUE, b" ", b"at " + VALUE, b"\n"])
    hits = list(search.search(in_blocks(text)))
    assert hits == list(SecretSearch(SECRETS, engine="re").search([text]))
    assert [text[hit.offset :].startswith(VALUE) for hit in hits] == [True, True]
    assert helpers._working[0]._number > 1


def test_a_long_line_between_others_is_redacted_as_without(helpers: Helpers):
    text = TEXT[:400_000] + b" " + b"x" * 700_000 + b" password=hunter2x " + b"y" * 300_000 + TEXT
    assert [b"".join(one.redact(in_blocks(text), Form.LOG, Counter())) for one in (by(helpers),)] == [
        b"".join(by().redact(in_blocks(text), Form.LOG, Counter()))
    ]


def test_a_helper_answers_in_the_order_of_the_questions(one: Helper):
    asked = [one.ask(BLOCK), one.ask(b"nothing")]
    assert [each.wait() for each in asked] == [FOUND, []]
    assert SCAN.find(BLOCK) == FOUND
    assert one.cpu_seconds > 0


def test_more_than_a_pipe_holds_is_sent_all_the_same(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(helper, "_PIPES", (1 << 60, 4096))
    one = Helper(SCAN)
    try:
        asked = [one.ask(BLOCK * 40_000), one.ask(b"x" * 700_000 + b"key")]
        assert [len(each.wait() or ()) for each in asked] == [160_000, 1]
    finally:
        one.end()


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSTOP, signal.SIGSEGV])
def test_a_helper_that_dies_or_hangs_in_the_middle_costs_nothing(
    helpers: Helpers, sign: int, monkeypatch: pytest.MonkeyPatch
):
    redactor, counts = by(helpers), Counter[str]()
    masked: list[bytes] = []
    for piece in redactor.redact(in_blocks(TEXT), Form.LOG, counts):
        masked.append(piece)
        if len(masked) == 4:
            process = helpers._working[0]._process
            os.kill(process.pid, sign)
            monkeypatch.setattr(helper, "PATIENCE", 0.2)
            monkeypatch.setattr(helper, "SLOWEST", 1e9)
    assert b"".join(masked) == EXPECTED
    assert counts == EXPECTED_COUNTS
    assert redactor._finder.helpers == 0
    assert process.returncode is not None
    assert is_expected(redactor)


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemExit",
        "ask(); raise SystemExit",
        "time.sleep(1000)",
        "while True: say(ask() + 1, [])",
        "number = ask(); say(number, []); say(number, []); time.sleep(1000)",
        "while True: say(ask(), [3, 2])",
        "while True: say(ask(), [2, 2])",
        "while True: say(ask(), [2**32 - 1])",
        "say(ask(), []); os.write(1, struct.pack('<QQd', ask(), 2**60, 0.5)); time.sleep(1000)",
        "say(ask(), []); os.write(1, struct.pack('<QQd', ask(), 9, 0.5)); time.sleep(1000)",
        "say(ask(), []); say(ask(), [], float('nan')); time.sleep(1000)",
        "say(ask(), []); say(ask(), [], 0.1); time.sleep(1000)",
        "say(ask(), []); os.write(1, b'Traceback (most recent call last)' * 100); time.sleep(1000)",
    ],
    ids=range(13),
)
def test_a_helper_that_answers_oddly_is_given_up(
    helpers: Helpers, code: str, program: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(helper, "PATIENCE", 0.2)
    monkeypatch.setattr(helper, "SLOWEST", 1e9)
    program(code)
    redactor = by(helpers)
    assert is_expected(redactor)
    assert redactor._finder.helpers == 0
    assert helpers._working[0]._process.returncode is not None


def test_time_in_which_this_process_was_stopped_is_not_the_helpers(
    one: Helper, monkeypatch: pytest.MonkeyPatch
):
    hours = iter(range(0, 10_000_000, 3600))
    monkeypatch.setattr(helper, "time", SimpleNamespace(monotonic=lambda: next(hours)))
    assert one.ask(BLOCK).wait() == FOUND


def test_a_helper_ends_with_the_process_that_began_it_even_where_that_is_killed():
    code = """
        import sys, time
        from osvc_diag.redaction.helper import Helper
        from osvc_diag.redaction.scan import Scan
        one = Helper(Scan([b"k"], []))
        one.ask(b"k").wait()
        print(one._process.pid, flush=True)
        time.sleep(1000)
        """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        os.kill(pid, 0)
        process.kill()
        process.wait()
        assert is_gone(pid)


def test_a_helper_leaves_signals_of_the_terminal_to_the_other_process(one: Helper):
    assert one.ask(BLOCK).wait() == FOUND
    for sign in (signal.SIGINT, signal.SIGHUP):
        os.kill(one._process.pid, sign)
    assert one.ask(BLOCK).wait() == FOUND


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="no /proc here")
def test_nothing_of_a_secret_can_be_seen_of_a_helper(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OSVC_DIAG_PROXY", "http://u:geheim@proxy:3128")
    one = Helper(Scan([b"geheim"], []))
    try:
        assert one.ask(b"geheim").wait() == [0]
        told = {}
        for name in ("cmdline", "environ", "limits"):
            with open(f"/proc/{one._process.pid}/{name}", "rb") as file:
                told[name] = file.read()
        assert b"geheim" not in told["cmdline"] + told["environ"]
        # 1 keeps a dump from a program that the kernel would hand it to, 0 only from disk.
        limits = told["limits"].partition(b"core file size")[2].split()[:2]
        assert limits == ([b"1"] * 2 if resource.getrlimit(resource.RLIMIT_CORE)[1] else [b"0"] * 2)
        assert sorted(os.listdir(f"/proc/{one._process.pid}/fd")) == ["0", "1", "2"]
    finally:
        one.end()


def test_a_helper_that_looks_for_something_else_is_lost_to_who_had_it_before(helpers: Helpers):
    (first,) = helpers.start(SCAN)
    asked = first.ask(BLOCK), first.ask(BLOCK * 9_000)
    (second,) = helpers.start(Scan([b"e"], []))
    assert second._process is first._process
    assert first.is_lost
    assert first.room == 0
    assert [one.wait() for one in asked] == [None, None]
    assert second.ask(b"key").wait() == [1]
    assert [one.wait() for one in asked] == [None, None]
    helpers.close()
    assert second._process.returncode is not None
    assert helpers.cpu_seconds >= second.cpu_seconds > 0


def test_a_helper_that_has_more_to_answer_than_it_may_be_asked_is_asked_no_more(helpers: Helpers):
    (first,) = helpers.start(SCAN)
    os.kill(first._process.pid, signal.SIGSTOP)
    for _ in range(helper.MOST_ASKED):
        first.ask(BLOCK)
    finder = engine.make_finder("re", (), (VALUE,), helpers)
    finder.find(BLOCK)
    assert finder.helpers == 1
    assert finder.ask(BLOCK) is None


def test_what_a_dead_helper_worked_is_not_forgotten(helpers: Helpers):
    (first,) = helpers.start(SCAN)
    first.ask(BLOCK).wait()
    first.end()
    before = helpers.cpu_seconds
    (second,) = helpers.start(SCAN)
    assert second._process is not first._process
    assert helpers.cpu_seconds >= before > 0


@pytest.mark.parametrize(("jobs", "processors"), [(1, 8), (2, 1), (9, 1)])
def test_without_leave_or_a_second_processor_there_is_no_helper(
    jobs: int, processors: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(helper, "_processors", lambda: processors)
    assert Helpers(jobs).start(SCAN) == []


def test_where_no_python_can_be_started_there_is_no_helper(helpers: Helpers, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", "/usr/sbin/osvcd")
    assert helpers.start(SCAN) == []
    assert is_expected(by(helpers))


@pytest.mark.parametrize("name", [name for name in engine.ENGINES if name != "re"])
def test_an_engine_in_machine_code_has_no_helper(helpers: Helpers, name: str):
    try:
        redactor = Redactor(SECRETS, TOKENS, engine=name, helpers=helpers)
    except ValueError:
        pytest.skip(f"no {name} here")
    assert is_expected(redactor)
    assert helpers._working == []


class Shared:
    """A finder with a helper that has room for two and never answers before it is asked to."""

    def __init__(self, helpers: int) -> None:
        self.helpers = helpers
        self.found: list[bytes] = []

    def find(self, block: bytes) -> list[int]:
        self.found.append(block)
        return [len(block)]

    def ask(self, block: bytes) -> None:
        return None


@pytest.mark.parametrize("helpers", [0, 1, 3])
def test_an_error_of_the_source_comes_after_what_came_before_it(helpers: int):
    def source() -> Iterator[bytes]:
        yield from (b"a", b"bb", b"")
        raise OSError("the disk is gone")

    shared = Shared(helpers)
    seen: list[tuple[bytes, list[int]]] = []
    with pytest.raises(OSError, match="the disk is gone"):
        seen.extend(sharing.looked_at(source(), lambda block: block, shared))
    assert seen == [(b"a", [1]), (b"bb", [2]), (b"", [])]
    assert shared.found == [b"a", b"bb"]


@pytest.mark.parametrize("helpers", [0, 1, 3])
def test_no_more_is_taken_ahead_than_helpers_can_make_use_of(helpers: int):
    source = iter([b"x"] * 100)
    next(sharing.looked_at(source, lambda block: block, Shared(helpers)))
    assert 100 - len(list(source)) == 1 + 2 * helpers


def test_a_stream_that_was_left_in_the_middle_does_not_disturb_the_next(helpers: Helpers):
    redactor = by(helpers)
    for count in (1, 3, 5):
        stream = redactor.redact(in_blocks(TEXT), Form.LOG, Counter())
        for _ in range(count):
            next(stream)
        assert is_expected(redactor)
        stream.close()
    assert redactor._finder.helpers == 1
