"""Engines are chosen, give up without harm, and spell what they look for in their own ways."""

from __future__ import annotations

import platform
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Callable

import pytest
from redaction_tools import redacted, redactor, usable_engines

from osvc_diag import libpcre2
from osvc_diag.form import Form
from osvc_diag.redaction import Anchor, engine, hyperscan
from osvc_diag.redaction.engine import make_finder
from osvc_diag.redaction.finder import PythonFinder
from osvc_diag.redaction.hyperscan import HyperscanFinder
from osvc_diag.redaction.pcre2 import Pcre2Finder
from osvc_diag.redaction.planning import plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.redaction.engine import LineFinder
    from osvc_diag.redaction.planning import Plan

PLANNED = plan([Anchor(b"token=")], [b"Sup3rS3cret"])
BLOCK = b"x token=1\ny Sup3rS3cret"


def test_an_unknown_engine_is_refused():
    with pytest.raises(ValueError, match="hyper"):
        redactor(engine="hyper")


@pytest.mark.skipif(
    sys.version_info < (3, 10) or platform.machine() not in {"x86_64", "aarch64"},
    reason="the hyperscan package has no wheel for this Python or processor",
)
def test_no_engine_goes_untried():
    assert "hyperscan" in usable_engines()


def test_what_is_expected_counts_as_if_it_had_come(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(engine, "WORTHWHILE", (("pcre2", 10_000),))
    assert isinstance(chosen_after(make_finder(None, (), (b"Sup3rS3cret",)), b"x"), PythonFinder)
    assert isinstance(
        chosen_after(make_finder(None, (), (b"Sup3rS3cret",), expected=10_001), b"x"), Pcre2Finder
    )


def test_an_engine_that_takes_long_is_prepared_beside_the_one_before(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("hyperscan")
    may_go_on = threading.Event()
    prepare = engine._finder

    def slow(name: str, planned: Plan) -> object:
        assert name != "hyperscan" or may_go_on.wait(30)
        return prepare(name, planned)

    monkeypatch.setattr(engine, "_finder", slow)
    finder = make_finder(None, (), (b"Sup3rS3cret",), expected=1 << 30)
    assert finder.find(b"a line\nsaid Sup3rS3cret") == [12]
    assert isinstance(finder._finder, Pcre2Finder)
    may_go_on.set()
    finder._preparing.join()
    assert finder.find(b"a line\nsaid Sup3rS3cret")[0] > len(b"a line\n")
    assert isinstance(finder._finder, HyperscanFinder)


def chosen_after(finder: LineFinder, block: bytes) -> object:
    finder.find(block)
    return finder._finder


def test_without_accelerators_the_choice_is_pure_python(no_accelerators: None):
    assert b"hunter2x" not in redacted(redactor(), b"password=hunter2x\n" * 50)
    with pytest.raises(ValueError, match="pcre2 is not usable"):
        redactor(engine="pcre2")
    with pytest.raises(ValueError, match="hyperscan is not usable"):
        redactor(engine="hyperscan")


@pytest.fixture
def no_accelerators(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "hyperscan", None)
    monkeypatch.setattr(libpcre2, "_NAMES", ("libnone.so.0",))
    monkeypatch.setattr(engine, "WORTHWHILE", (("pcre2", 10), ("hyperscan", 20)))
    libpcre2._library.cache_clear()
    yield
    libpcre2._library.cache_clear()


@pytest.mark.skipif("pcre2" not in usable_engines(), reason="no libpcre2 here")
def test_a_match_of_libpcre2_that_fails_is_done_again_in_pure_python(monkeypatch: pytest.MonkeyPatch):
    finder = Pcre2Finder(PLANNED)

    def fail(self: object, block: bytes, offsets: set[int]) -> None:
        offsets.add(0)
        raise libpcre2.Pcre2Error("error -46")

    monkeypatch.setattr(libpcre2.Program, "find", fail)
    assert finder.find(BLOCK) == PythonFinder(PLANNED).find(BLOCK)


@pytest.mark.skipif("hyperscan" not in usable_engines(), reason="no hyperscan here")
@pytest.mark.parametrize("broken", ["raises", "is out of bounds", "calls with nonsense"])
def test_a_scan_of_hyperscan_that_fails_is_done_again_in_pure_python(broken: str):
    class Broken:
        def scan(self, block: bytes, match_event_handler: Callable[..., None], context: object) -> None:
            if broken == "raises":
                raise MemoryError
            if broken == "is out of bounds":
                match_event_handler(0, 0, len(block) + 1, 0, context)
            match_event_handler(None, None, None, None, context)

    finder = hyperscan.HyperscanFinder(PLANNED)
    finder._database = Broken()
    assert finder.find(BLOCK) == PythonFinder(PLANNED).find(BLOCK)


@pytest.mark.parametrize("engines", [["pcre2"], ["hyperscan"], ["pcre2", "hyperscan"]])
def test_a_switch_in_the_middle_of_a_stream_makes_no_difference(
    engines: list[str], monkeypatch: pytest.MonkeyPatch
):
    text = (b"token=abc123 and Sup3rS3cret\n" + b"all is well\n" * 60) * 1_000
    blocks = [text[at : at + 65_536] for at in range(0, len(text), 65_536)]
    stages = tuple((name, 300_000 * number) for number, name in enumerate(engines, 1))
    monkeypatch.setattr(engine, "WORTHWHILE", stages)
    out = b"".join(redactor(b"Sup3rS3cret").redact(blocks, Form.LOG, Counter()))
    assert out == b"".join(redactor(b"Sup3rS3cret", engine="re").redact(blocks, Form.LOG, Counter()))


@pytest.mark.parametrize("name", usable_engines())
def test_a_finder_that_serves_several_threads_finds_the_same_in_each(name: str):
    finder = engine.make_finder(name, [Anchor(b"token=")], [b"Sup3rS3cret"])
    blocks = [b"x" * at + b"\ntoken=1\ny Sup3rS3cret\n" * at for at in range(1, 60)]
    expected = [finder.find(block) for block in blocks]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(finder.find, blocks * 5)) == expected * 5


@pytest.mark.parametrize(
    ("anchor", "spelled"),
    [
        (rb"pw[=:]", rb"pw[=:]"),
        (rb"w(?<=pw)[=:]", rb"pw[=:]"),
        (rb"-p(?<=\s-p)x", rb"\s-px"),
        (rb"_(?<=[sr]k_(?:live|test)_)[a-z]{16}", rb"[sr]k_(?:live|test)_[a-z]{16}"),
        (rb"A(?<=x|(y))z", rb"(?:x|(y))z"),
        (rb"a{0,64}b{1,4}[{0,64}]\{0,64}c{3,9}", rb"a{0,}b{1,4}[{0,64}]\{0,64}c{3,}"),
    ],
)
def test_an_anchor_is_spelled_for_hyperscan_without_looking_behind_or_counting_far(
    anchor: bytes, spelled: bytes
):
    assert hyperscan.plain(anchor) == spelled


def test_what_was_expected_and_came_counts_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(engine, "WORTHWHILE", (("pcre2", 100_000),))
    finder = make_finder(None, (), (b"Sup3rS3cret",), expected=60_000)
    assert isinstance(chosen_after(finder, b"x" * 60_000), PythonFinder)
