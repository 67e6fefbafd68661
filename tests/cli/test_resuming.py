"""The command that sends a bundle later: it goes to the same place from anywhere, and shows no secret."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NODE = os.path.join(ROOT, "examples", "node")
TOKEN = "Xge3heim-token"  # of nobody

CLOSED = """\
from osvc_diag import ExchangeError, Receipt, hookimpl
class Desk:
    def __init__(self, url):
        self.url = "desk://here/"
        self.given = url
    def deliver(self, bundle, conditions, on_event):
        with open({told!r}, "w") as file:
            file.write(self.given)
        raise ExchangeError("the desk is closed", hint="come again")
@hookimpl
def osvc_diag_exchange(url):
    if url.startswith("desk:"):
        return Desk(url)
"""


def diag(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OSVC_")}
    return subprocess.run(
        [sys.executable, "-m", "osvc_diag", *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False, cwd=cwd,
        env={**kept, "LC_ALL": "C.UTF-8", "PYTHONPATH": ROOT},
    )  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with a plugin `desk` in it that tells which URL it got, and delivers nothing."""
    folder = tmp_path / "desks"
    folder.mkdir()
    (folder / "desk.py").write_text(CLOSED.format(told=str(tmp_path / "told")))
    (folder / "desk.py").chmod(0o644)
    return tmp_path


def collect(desk: Path, url: str, *options: str) -> dict[str, str]:
    place = ("--root", NODE, "--plugin-dir", "desks", "--only", "object-conf", "--output", "b.tar.gz")
    done = diag("prod/svc/web", *place, "--exchange", url, "--upload", "--json", *options, cwd=desk)
    assert done.returncode == 5, done.stderr
    assert (desk / "told").read_text() == url
    facts = json.loads(done.stdout)
    assert facts["resume"] in done.stderr
    assert facts["note"] is None or facts["note"] in done.stderr
    assert TOKEN not in facts["resume"]
    return facts


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        (f"?team={TOKEN}&k={TOKEN}=", "?team=VALUE&k=VALUE"),
        (f"?{TOKEN}", "?VALUE"),
        (f"?{TOKEN}==", "?VALUE"),
        (f"?a&{TOKEN}#{TOKEN}", "?VALUE&VALUE#VALUE"),
    ],
)
def test_what_a_url_asks_for_is_not_shown_and_has_to_be_given_again(query: str, shown: str, desk) -> None:
    url = f"desk:///here/{query}"
    facts = collect(desk, url)
    command = shlex.split(facts["resume"])
    assert command[command.index("--exchange") + 1] == f"desk:///here/{shown}"
    assert "in --exchange, put for VALUE again what stood there behind the ? or #" in facts["note"]
    # Whoever does what is told gets it sent to the same place.
    (desk / "told").unlink()
    command[command.index("--exchange") + 1] = url
    assert diag(*command[1:], "--yes", cwd=desk).returncode == 5
    assert (desk / "told").read_text() == url


def test_a_url_that_asks_for_nothing_is_shown_as_it_is(desk) -> None:
    facts = collect(desk, "desk:///here/a%20b")
    assert " --exchange desk:///here/a%20b " in facts["resume"]
    assert facts["note"] is None


def test_the_command_can_be_run_from_any_folder(desk) -> None:
    (desk / "login").write_text("joe:nobody\n")
    (desk / "login").chmod(0o600)
    (desk / "node").symlink_to(NODE)
    place = ("--root", "node", "--plugin-dir", "desks", "--exchange", "desk:///here/")
    made = diag("prod/svc/web", "--root", NODE, "--only", "object-conf", "--output", "b.tar.gz", cwd=desk)
    assert made.returncode == 0, made.stderr
    done = diag("upload", "b.tar.gz", *place, "--exchange-credentials", "login", "--json", "--yes", cwd=desk)
    command = shlex.split(json.loads(done.stdout)["resume"])
    assert command[-1] == str(desk / "b.tar.gz")
    for option, name in (("--root", "node"), ("--plugin-dir", "desks"), ("--exchange-credentials", "login")):
        assert command[command.index(option) + 1] == str(desk / name)
    (desk / "told").unlink()
    again = diag(*command[1:], cwd=desk / "desks")
    assert again.returncode == 5, again.stderr
    assert (desk / "told").exists()
