"""What is said, and where: the result alone on stdout, all else on stderr, and no escape code without a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from typing import TYPE_CHECKING, Callable

import pytest
from e2e_tools import TIMEOUT, environment, osvc_diag

if TYPE_CHECKING:
    from pathlib import Path

ESCAPE = "\x1b"
EVIL = "a\x1b]0;owned\x07\x1b[5;41m\u202eb"


def on_a_terminal(*args: str, env: dict[str, str], columns: int = 100) -> tuple[int, str, str]:
    """Run the program with stderr and stdin on a terminal; return its code, stdout and what the terminal got."""
    main, terminal = pty.openpty()
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-m", "osvc_diag", *args],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=terminal,
        env=env,
        start_new_session=True,
    ) as process:
        os.close(terminal)
        seen = b""
        while select.select([main], [], [], TIMEOUT)[0]:
            try:
                block = os.read(main, 65536)
            except OSError:  # so Linux says that the other end is closed
                break
            if not block:
                break
            seen += block
        assert process.stdout is not None
        stdout = process.stdout.read().decode()
        code = process.wait(TIMEOUT)
    os.close(main)
    return code, stdout, seen.decode("utf-8", "replace")


def plain(seen: str) -> str:
    """Return what a terminal shows, without colours and cursor moves."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)


@pytest.fixture
def args(tmp_path: Path, sample_tree: Callable[..., str]) -> list[str]:
    return ["--root", sample_tree(), "prod/svc/web", "--no-upload", "--output", str(tmp_path / "out.tar.gz")]


def test_stdout_is_the_path_and_nothing_else(args: list[str], tmp_path: Path) -> None:
    done = osvc_diag(*args)
    assert (done.returncode, done.stdout) == (0, f"{tmp_path}/out.tar.gz\n")
    assert re.search(r"\d+ artifacts, \d+ secrets masked, 0 gaps", done.stderr)
    assert "is verified" in done.stderr
    assert ESCAPE not in done.stderr + done.stdout


def test_quiet_says_nothing_but_the_path(args: list[str], tmp_path: Path) -> None:
    done = osvc_diag(*args, "-q")
    assert (done.stdout, done.stderr) == (f"{tmp_path}/out.tar.gz\n", "")


def test_verbose_tells_each_artifact_in_a_plain_line(args: list[str]) -> None:
    done = osvc_diag(*args, "-v")
    assert re.search(r"^ok +file/etc/opensvc/node\.conf  \(node-conf\)$", done.stderr, re.MULTILINE)


def test_colours_forced_by_the_environment_stay_out_of_a_pipe(args: list[str]) -> None:
    done = osvc_diag(*args, env=environment(FORCE_COLOR="1", CLICOLOR_FORCE="1", TERM="xterm-256color"))
    assert ESCAPE not in done.stderr + done.stdout


def test_json_is_valid_and_complete(args: list[str], tmp_path: Path) -> None:
    done = osvc_diag(*args, "--json")
    told = json.loads(done.stdout)
    assert told["bundle"] == f"{tmp_path}/out.tar.gz"
    assert told["bytes"] == os.path.getsize(tmp_path / "out.tar.gz")
    assert (told["exit_code"], told["verified"], told["gaps"]) == (0, True, [])
    assert (told["node"], told["objects"]) == ("node1", ["prod/svc/web"])
    assert told["artifacts"] > 20
    assert sum(told["masked"].values()) > 5
    assert isinstance(told["redaction_limits"], list)


def test_json_of_a_dry_run_lists_what_would_be_taken(args: list[str], tmp_path: Path) -> None:
    done = osvc_diag(*args, "--json", "--dry-run")
    told = json.loads(done.stdout)
    names = [artifact["name"] for artifact in told["artifacts"]]
    assert "file/etc/opensvc/namespaces/prod/svc/web.conf" in names
    assert told["source_bytes"] > 0
    assert os.listdir(tmp_path) == []


def test_a_terminal_sees_progress_and_a_table(args: list[str], tmp_path: Path) -> None:
    code, stdout, seen = on_a_terminal(*args, env=environment(TERM="xterm-256color"))
    assert (code, stdout) == (0, f"{tmp_path}/out.tar.gz\n")
    assert ESCAPE in seen
    shown = plain(seen)
    for word in ("collecting", "verifying", "collector", "masked", "object-log", "is verified"):
        assert word in shown, word


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_a_narrow_terminal_gets_every_word_and_a_command_in_one_piece(args: list[str], columns: int) -> None:
    code, _, seen = on_a_terminal(*args, env=environment(TERM="xterm"), columns=columns)
    assert code == 0
    shown = plain(seen)
    words = " ".join(shown.split())
    assert "no secret was found in it" in words
    assert "object-state" in shown
    assert re.search(r"\d+ secrets masked", words)
    # What is to be copied is in one piece: the terminal itself breaks the line.
    assert any(
        line.rstrip().endswith("/out.tar.gz") and "upload" in line for line in shown.split("\n") if line
    )


def test_no_color_is_honoured(args: list[str]) -> None:
    _, _, seen = on_a_terminal(*args, env=environment(TERM="xterm-256color", NO_COLOR="1"))
    colours = [code for code in re.findall(r"\x1b\[([0-9;]*)m", seen) for code in code.split(";")]
    assert not [code for code in colours if code.startswith(("3", "4", "9", "10")) and len(code) > 1]


def test_a_dumb_terminal_gets_plain_lines(args: list[str]) -> None:
    _, _, seen = on_a_terminal(*args, env=environment(TERM="dumb"))
    assert ESCAPE not in seen
    assert "is verified" in seen


@pytest.mark.parametrize("terminal", [True, False])
def test_hostile_names_reach_nobody_raw(terminal: bool, tmp_path: Path, own_tree: Callable[..., str]) -> None:
    root = own_tree()
    folder = os.path.join(root, "var/lib/opensvc/namespaces/prod/svc/web", EVIL)
    os.mkdir(folder)
    os.mkfifo(os.path.join(folder, "pipe"))
    for name in ("status.last", "provisioned"):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(b"up\n" * 30_000)
    with open(os.path.join(root, f"var/log/opensvc/namespaces/prod/svc/web.log.{EVIL}"), "wb") as file:
        file.write(b"2026-11-22 20:20:00,000 INFO n:node1 | hi\n" * 9_000)
    args = ["--root", root, "prod/svc/web", "--no-upload", "-v", "--output", str(tmp_path / "out.tar.gz")]
    if terminal:
        code, _, seen = on_a_terminal(*args, env=environment(TERM="xterm"))
    else:
        done = osvc_diag(*args)
        code, seen = done.returncode, done.stderr + done.stdout
    assert code == 0, seen
    assert "\\x1b]0;owned\\x07\\x1b[5;41m\\u202e" in "".join(plain(seen).split())
    assert not re.search(r"\x1b\]|\x07|\u202e|\x1b\[5;41m", seen)


def test_hostile_arguments_reach_nobody_raw(sample_tree: Callable[..., str]) -> None:
    for args in ([EVIL], [f"--{EVIL}"], ["node", "--since", EVIL], ["node", "--only", EVIL]):
        done = osvc_diag("--root", sample_tree(), *args)
        assert done.returncode in {2, 3}
        assert ESCAPE not in done.stderr
        assert "\u202e" not in done.stderr


def test_an_output_folder_whose_name_is_no_text_is_printed_byte_for_byte(
    tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)
    for locale in ("C", "C.UTF-8", "POSIX"):
        done = osvc_diag(
            "--root", sample_tree(), "node", "--output", os.fsdecode(folder), env=environment(LC_ALL=locale)
        )
        assert done.returncode == 0, done.stderr
        assert os.path.isfile(done.stdout.rstrip("\n"))


def test_a_reader_that_goes_away_gets_no_traceback(sample_tree: Callable[..., str]) -> None:
    done = subprocess.run(
        [
            "sh",
            "-c",
            '"$0" -m osvc_diag --root "$1" "**" --dry-run | head -n 1',
            sys.executable,
            sample_tree(),
        ],
        check=False,
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert done.stdout.split() == ["size", "collectors", "artifact"]
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr
