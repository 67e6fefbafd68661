"""The command line: which command, which words, which code."""

from __future__ import annotations

import importlib
import json
from typing import Callable

import pytest

from osvc_diag import __version__
from osvc_diag.cli import collect
from osvc_diag.cli.main import COMMANDS, main


def test_help_tells_all_commands_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("-h", "--help"):
        assert main([option]) == 0
        told = capsys.readouterr().out
        assert all(f"  {name}" in told for name in COMMANDS)
        assert "exit codes" in told


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert importlib.import_module(f"osvc_diag.cli.{name}").__doc__
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert told.startswith(f"usage: osvc-diag {name}")
    assert "--json" in told


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"osvc-diag {__version__}\n"


def test_a_wrong_option_is_told_in_two_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--nonsense", "x.tar.gz"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        "osvc-diag: unrecognized arguments: --nonsense\n"
        "  hint: usage: osvc-diag show BUNDLE [OPTIONS]; osvc-diag show --help tells more\n"
    )


def test_a_mistyped_option_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["svc1", "--dry-rn"]) == 2
    assert "hint: did you mean --dry-run? usage: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "error", "code"),
    [
        (["show", "/none.tar.gz", "--json"], "UsageError", 2),
        (["collect", "--json", "--nonsense"], "UsageError", 2),
        (["plugins", "--json", "nonsense"], "PluginUnavailableError", 3),
    ],
)
def test_an_error_is_json_too_where_that_is_asked_for(
    words: list[str], error: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == code
    told = capsys.readouterr()
    facts = json.loads(told.out)
    assert (facts["error"], facts["exit_code"]) == (error, code)
    assert told.err.startswith(f"osvc-diag: {facts['message']}\n")


def test_options_may_stand_anywhere(
    sample_tree: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    root = sample_tree()
    told = []
    for args in (
        ["--root", root, "--dry-run", "svc1", "node"],
        ["svc1", "--dry-run", "node", "--root", root],
        ["collect", "svc1", "--root", root, "node", "--dry-run"],
    ):
        assert main(args) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1] == told[2]


def test_an_object_named_like_a_command_is_warned_of_and_can_be_written_out(
    own_tree: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    root = own_tree()
    with open(f"{root}/etc/opensvc/upload.conf", "w", encoding="utf-8") as conf:
        conf.write("[DEFAULT]\nid = 1\n")
    assert main(["--root", root, "svc/upload", "--dry-run"]) == 0
    told = capsys.readouterr()
    assert "file/etc/opensvc/upload.conf" in told.out
    assert "warning: the object upload is named like a command" in told.err


def test_an_unforeseen_error_tells_its_kind_and_place_but_not_its_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stumble(_args: object) -> None:
        raise ZeroDivisionError("the password is hunter2")

    monkeypatch.setattr(collect, "find_node", stumble)
    assert main(["node"]) == 1
    told = capsys.readouterr().err
    assert "internal error: ZeroDivisionError in test_cli_main.py:" in told
    assert "--debug" in told
    assert "hunter2" not in told
    with pytest.raises(ZeroDivisionError):
        main(["node", "--debug"])


@pytest.mark.parametrize(
    ("error", "code", "word"), [(KeyboardInterrupt(), 130, "interrupted"), (BrokenPipeError(), 141, "")]
)
def test_what_ends_it_has_its_code(
    error: BaseException,
    code: int,
    word: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def end(_args: object) -> None:
        raise error

    monkeypatch.setattr(collect, "find_node", end)
    assert main(["node"]) == code
    assert word in capfd.readouterr().err


def test_many_objects_are_not_all_listed(
    own_tree: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    root = own_tree()
    for number in range(100):
        with open(f"{root}/etc/opensvc/svc-{number:03}.conf", "w", encoding="utf-8") as conf:
            conf.write("[DEFAULT]\nid = 1\n")
    assert main(["--root", root]) == 2
    told = capsys.readouterr().err
    assert "more; '**' takes all" in told
    assert len(told) < 1000
