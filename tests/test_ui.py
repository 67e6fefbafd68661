"""What is drawn on a terminal: as wide as it is, never an escape sequence of somebody else's."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

import pytest

from osvc_diag import events
from osvc_diag.errors import BundleError
from osvc_diag.ui import TerminalOutput

if TYPE_CHECKING:
    from osvc_diag.cli.output import Output

EVIL = "a\x1b]0;owned\x07[red]b[/red]\u202e"
ESCAPED = "a\\x1b]0;owned\\x07[red]b[/red]\\u202e"


class Terminal(io.StringIO):
    """A terminal that remembers what it got."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")

    def output(columns: int = 80, **facts: bool) -> TerminalOutput:
        monkeypatch.setenv("COLUMNS", str(columns))
        return TerminalOutput(stdout=Terminal(), stderr=Terminal(), **facts)

    return output


def seen(output: Output) -> str:
    return output.stderr.getvalue()  # type: ignore[attr-defined]


def test_a_table_that_fits_is_laid_out_in_columns(make) -> None:
    output = make(40)
    output.table("", ["name", ">size"], [("short", "1 B"), ("longer one", "10 KiB")])
    assert [line.rstrip() for line in plain(seen(output)).splitlines()] == [
        "name          size",
        "short          1 B",
        "longer one  10 KiB",
    ]


def plain(text: str) -> str:
    return text.replace("\x1b[1m", "").replace("\x1b[0m", "").replace("\x1b[3m", "")


def lines(output: Output) -> list[str]:
    return [line.rstrip() for line in plain(seen(output)).splitlines()]


def test_a_table_whose_first_columns_are_too_wide_is_stacked_and_no_word_is_broken(make) -> None:
    output = make(30)
    path = "file/var/log/opensvc/namespaces/prod/svc/web.log"
    output.table("gaps", ["what", "state", "why"], [(path, "denied", "permission denied"), ("x", "", "")])
    assert lines(output) == ["gaps", path, "  state denied, why permission", "    denied", "x"]


def test_a_name_that_is_too_long_for_its_column_has_a_line_of_its_own(make) -> None:
    output = make(40)
    short, long, longest = "file/" + "a" * 20, "file/" + "b" * 30, "file/" + "c" * 40
    rows = [("ok", "1 KiB", f"{name} (masked url=1)") for name in (short, long, longest)]
    output.table("", ["state", ">size", "artifact"], rows)
    assert lines(output) == [
        "state   size  artifact",
        f"ok     1 KiB  {short}",
        "              (masked url=1)",
        "ok     1 KiB",
        f"  {long}",
        "              (masked url=1)",
        "ok     1 KiB",
        longest,
        "              (masked url=1)",
    ]


def test_a_table_of_sentences_folds_its_last_column(make) -> None:
    output = make(40)
    output.table("", ["plugin", "what it takes"], [("system", "load, memory, disks, mounts, network, clock")])
    assert [line.rstrip() for line in plain(seen(output)).splitlines()] == [
        "plugin  what it takes",
        "system  load, memory, disks, mounts,",
        "        network, clock",
    ]


def test_a_sentence_breaks_between_words_and_a_path_in_it_stays_whole(make) -> None:
    output = make(30)
    path = "/var/lib/opensvc/" + "x" * 40
    output.say(f"48 artifacts and 23 secrets; it comes to {path}")
    output.error(BundleError("there is no room at all", hint="name another folder, or take less"))
    assert plain(seen(output)).splitlines() == [
        "48 artifacts and 23 secrets;",
        "  it comes to",
        f"  {path}",
        "osvc-diag: there is no room at",
        "  all",
        "  hint: name another folder,",
        "    or take less",
    ]


def test_a_long_command_stays_in_one_piece(make) -> None:
    output = make(30)
    command = (
        "osvc-diag upload /var/tmp/" + "x" * 100 + " --label 'a; b: c; d' --exchange https://example.com"
    )
    output.say(f"next: {command}")
    output.say(f"  {command}")
    output.warn(command)
    output.error(BundleError(command, hint=f"resume it: {command}; or leave it"))
    assert seen(output).count(command) == 5


def test_an_apostrophe_is_no_quote_and_a_word_of_a_command_may_end_with_a_colon(make) -> None:
    output = make(40)
    output.say("it is the node's own file; and what it says of the node is long; osvc-diag show x tells more")
    command = "osvc-diag upload --exchange desk: --block 'it'\"'\"'s; b' /var/tmp/" + "x" * 40
    output.say(f"to send it: {command}; or leave it")
    output.say(f"  {command}")
    told = plain(seen(output)).splitlines()
    assert told[:4] == [
        "it is the node's own file; and what it",
        "  says of the node is long;",
        "  osvc-diag show x tells more",
        "to send it:",
    ]
    assert seen(output).count(command) == 2


def test_the_words_around_a_command_are_broken_between_words(make) -> None:
    output = make(50)
    output.error(
        BundleError(
            "no such option", hint="usage: osvc-diag collect SELECTOR...; osvc-diag collect --help tells more"
        )
    )
    output.say("hint: there are prod/cfg/env, prod/sec/creds, cluster; or did you mean: osvc-diag collect")
    assert plain(seen(output)).splitlines() == [
        "osvc-diag: no such option",
        "  hint: usage: osvc-diag collect SELECTOR...;",
        "    osvc-diag collect --help tells more",
        "hint: there are prod/cfg/env, prod/sec/creds,",
        "  cluster; or did you mean: osvc-diag collect",
    ]


def test_nobodys_escape_sequences_or_markup_are_drawn(make) -> None:
    output = make(200, is_verbose=True)
    output.say(EVIL)
    output.warn(EVIL)
    output.error(BundleError(EVIL, hint=EVIL))
    output.table("", ["what"], [(EVIL,)])
    output.table("", ["what"], [(EVIL,)], as_result=True)
    with output.progress() as tell:
        tell(events.PhaseStarted("collect", 10))
        tell(events.ArtifactStarted(EVIL))
        tell(events.ArtifactFinished(EVIL, "ok"))
        tell(events.Warned(EVIL))
    drawn = seen(output) + output.stdout.getvalue()
    assert drawn.count(ESCAPED) >= 7
    assert "\x1b]" not in drawn
    assert "\u202e" not in drawn
    assert "\x07" not in drawn


@pytest.mark.parametrize("columns", [20, 60, 120])
def test_progress_fits_into_a_line_and_is_gone_in_the_end(make, columns: int) -> None:
    output = make(columns)
    with output.progress() as tell:
        tell(events.PhaseStarted("plan"))
        tell(events.PhaseStarted("collect", 3 << 20))
        tell(events.ArtifactStarted("file/" + "x" * 300))
        tell(events.Advanced(1 << 20))
        tell(events.Advanced(2 << 20))
        tell(events.ArtifactFinished("file/" + "x" * 300, "ok"))
    assert seen(output).endswith("\x1b[2K")
    for line in plain(seen(output)).replace("\r", "\n").split("\n"):
        assert len(line.replace("\x1b[2K", "").replace("\x1b[1A", "").replace("\x1b[?25l", "")) <= columns + 6


def test_progress_tells_the_phase_and_the_bytes(make) -> None:
    output = make(100)
    with output.progress() as tell:
        tell(events.PhaseStarted("collect", 3 << 20))
        tell(events.Advanced(1 << 20))
    assert "collecting" in seen(output)
    assert "1.0 MiB of 3.0 MiB" in seen(output)


def test_quiet_draws_nothing_but_errors_warnings_and_results(make) -> None:
    output = make(is_quiet=True)
    output.say("x")
    output.table("", ["what"], [("x",)])
    with output.progress() as tell:
        tell(events.PhaseStarted("collect", 10))
        tell(events.Planned(1, 2, 3, "/var/tmp"))
    assert seen(output) == ""
    output.table("", ["what"], [("x",)], as_result=True)
    assert "x" in output.stdout.getvalue()
    output.warn("careful")
    assert "careful" in seen(output)


def test_a_listener_hears_of_bytes_before_any_phase_without_harm(make) -> None:
    output = make()
    with output.progress() as tell:
        tell(events.Advanced(1))
        tell(events.ArtifactStarted("x"))


def test_where_no_thread_is_to_be_had_progress_is_told_in_lines(make, monkeypatch) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    output = make()
    with output.progress() as tell:
        tell(events.PhaseStarted("collect", 3 << 20))
        tell(events.Warned("careful"))
    assert "warning: careful\n" in seen(output)
    with output.progress() as tell:  # nothing is left of the first
        tell(events.Warned("once more"))
    assert "warning: once more\n" in seen(output)
