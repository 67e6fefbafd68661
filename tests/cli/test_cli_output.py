"""What is said without a terminal: plain lines."""

from __future__ import annotations

import io
import os

import pytest

from osvc_diag import events
from osvc_diag.cli.main import main
from osvc_diag.cli.output import Output, table_lines
from osvc_diag.cli.report import NETWORK_RULES
from osvc_diag.errors import BundleError, DiagError
from osvc_diag.redaction.rules_network import network_rules

EVIL = "a\x1b[5mb\r\n\u202e"


@pytest.fixture
def output() -> Output:
    return Output(stdout=io.StringIO(), stderr=io.StringIO())


def said(output: Output) -> str:
    return output.stderr.getvalue()  # type: ignore[attr-defined]


def test_a_table_is_as_wide_as_its_cells_and_numbers_are_on_the_right() -> None:
    lines = list(table_lines("title", ["name", ">n"], [("a", "1"), ("bbbbbb", "1000")]))
    assert lines == ["title", "name       n", "a          1", "bbbbbb  1000"]


def test_an_empty_table_is_its_headings() -> None:
    assert list(table_lines("", ["name", ">n"], [])) == ["name  n"]


def test_no_line_of_anybody_gets_through_raw(output: Output) -> None:
    output.table("", ["what"], [(EVIL,)])
    output.warn(EVIL)
    output.error(BundleError(EVIL, hint=EVIL))
    output.tell(events.ArtifactFinished(EVIL, "ok"))
    assert "\x1b" not in said(output)
    assert "\r" not in said(output)
    assert "\u202e" not in said(output)


def test_the_result_goes_to_stdout_and_all_else_to_stderr(output: Output) -> None:
    output.say("one")
    output.result("the result")
    output.table("", ["c"], [("cell",)], as_result=True)
    assert said(output) == "one\n"
    assert output.stdout.getvalue() == "the result\nc\ncell\n"  # type: ignore[attr-defined]


def test_details_are_for_those_who_ask(output: Output) -> None:
    event = events.ArtifactFinished("file/x", "ok")
    output.tell(event)
    assert said(output) == ""
    output.is_verbose = True
    output.tell(event)
    assert said(output) == "ok        file/x\n"


def test_an_error_has_its_hint_below_it(output: Output) -> None:
    output.error(BundleError("it is full", hint="make room"))
    assert said(output) == "osvc-diag: it is full\n  hint: make room\n"


def test_nobody_is_asked(output: Output) -> None:
    assert not output.is_interactive
    assert output.ask("who?") is None


def test_a_stdout_that_cannot_be_written_tells_the_result_in_its_error() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        output = Output(stdout=full, stderr=io.StringIO())
        with pytest.raises(DiagError, match=r"No space left on device; the result is: /var/tmp/x\.tar\.gz"):
            output.result("/var/tmp/x.tar.gz")
        assert os.fstat(full.fileno()).st_rdev == os.stat(os.devnull).st_rdev


def test_what_mask_network_adds_is_not_counted_as_a_secret() -> None:
    assert {rule.id for rule in network_rules([b"node1"])} == NETWORK_RULES


@pytest.mark.parametrize("quiet", [[], ["-q"]])
def test_a_name_that_is_taken_is_told_of_and_the_path_is_the_real_one(
    tmp_path, sample_tree, capfd, quiet
) -> None:
    mine = tmp_path / "mine.tar.gz"
    mine.write_text("an older one")
    assert main(["svc1", "--root", sample_tree(), "--output", str(mine), *quiet]) == 0
    told = capfd.readouterr()
    assert told.out == f"{tmp_path}/mine-2.tar.gz\n"
    warning = f"{mine} was there already, and is left as it was: the bundle is {tmp_path}/mine-2.tar.gz"
    assert told.err.count(f"warning: {warning}\n") == 1
    assert sorted(os.listdir(tmp_path)) == ["mine-2.tar.gz", "mine.tar.gz"]
    assert mine.read_text() == "an older one"
