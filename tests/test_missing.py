"""What is missing is told once: gaps of one reason together, a broken plugin in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.cli.main import main
from osvc_diag.gap import Gap, State
from osvc_diag.missing import gap_rows, join_limits
from osvc_diag.plugin.plugins import without_rules

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def denied(*names: str) -> list[Gap]:
    return [Gap(State.DENIED, "permission denied", "node-conf", name, "run it as root") for name in names]


def test_gaps_of_one_reason_are_one_row_with_the_first_names() -> None:
    gaps = [*denied("a", "b"), Gap(State.FAILED, "it broke", "san"), *denied("c", "d", "e")]
    assert gap_rows(gaps) == [
        ("denied", "a, b, c and 2 more: permission denied"),
        ("failed", "san: it broke"),
    ]


def test_a_name_that_has_several_gaps_of_a_reason_is_told_once() -> None:
    assert gap_rows(denied("a", "a", "b")) == [("denied", "a, b: permission denied")]


def test_one_more_name_is_told_and_not_counted() -> None:
    assert gap_rows(denied("a", "b", "c", "d")) == [("denied", "a, b, c, d: permission denied")]


def test_a_gap_of_nothing_in_particular_is_its_reason() -> None:
    nameless = [Gap(State.TIMEOUT, "it took too long")] * 2
    assert gap_rows(nameless) == [("timeout", "it took too long")]
    assert gap_rows([*nameless, Gap(State.TIMEOUT, "it took too long", "san")]) == [
        ("timeout", "san: it took too long")
    ]


def test_a_hint_is_told_where_it_is_asked_for() -> None:
    assert gap_rows(denied("a"), with_hints=True) == [("denied", "a: permission denied (run it as root)")]


@given(st.lists(st.tuples(st.sampled_from(State), st.sampled_from("xyz"))))
def test_there_is_a_row_for_each_reason_and_state(facts: list[tuple[State, str]]) -> None:
    assert len(gap_rows([Gap(state, reason) for state, reason in facts])) == len(set(facts))


def test_a_plugins_limit_is_told_with_its_gap_and_any_other_stays() -> None:
    gaps = [Gap(State.FAILED, "it broke", "san"), *denied("a")]
    limits = [without_rules("san"), without_rules("nas"), "crypt: values were not learned"]
    joined, untold = join_limits(gaps, limits)
    assert joined[0].reason == "it broke; if it has redaction rules, they masked nothing"
    assert joined[1:] == gaps[1:]
    assert untold == limits[1:]


def test_a_broken_plugin_is_told_once(
    tmp_path: Path, sample_tree: Callable[..., str], capfd: pytest.CaptureFixture[str]
) -> None:
    folder, bundle = tmp_path / "plugins", str(tmp_path / "b.tar.gz")
    folder.mkdir(mode=0o755)
    (folder / "brittle.py").write_text("raise RuntimeError('it broke')\n")
    args = ["svc1", "--root", sample_tree(), "--plugin-dir", str(folder)]
    assert main([*args, "--output", bundle]) == 10
    assert main(["show", bundle]) == 0
    assert main([*args, "--dry-run"]) == 10
    told = capfd.readouterr()
    for text, count in ((told.err, 2), (told.out, 1)):
        assert text.count("it broke") == text.count("brittle ") + text.count("brittle: ") == count, text
    assert "it broke (brittle.py:1); if it has redaction rules, they masked nothing" in told.out
    assert main([*args, "--output", str(tmp_path), "-q"]) == 10
    assert capfd.readouterr().err == f"warning: {without_rules('brittle')}\n"
