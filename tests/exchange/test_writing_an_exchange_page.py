"""docs/writing-an-exchange.md holds: its plugin serves the program, and its tests pass."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from osvc_diag import Conditions, OpenedBundle, Receipt
from osvc_diag.exchange.login import Login
from osvc_diag.exchange.proxy import Proxy

if TYPE_CHECKING:
    from pathlib import Path

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
with open(os.path.join(ROOT, "docs", "writing-an-exchange.md"), encoding="utf-8") as file:
    PAGE = file.read()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the page's plugin and its tests."""
    folder = tmp_path / "diag.d"
    folder.mkdir(mode=0o755)
    plugin, tests = re.findall(r"```python\n(.*?)```\n", PAGE, re.DOTALL)
    (folder / "drop.py").write_text(plugin)
    (folder / "drop.py").chmod(0o644)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_drop.py").write_text(tests)
    return folder


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("OSVC_", "COV"))}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100, check=False,
        env={**environ, **more},
    )  # fmt: skip


def test_its_plugin_takes_a_bundle_of_the_program(folder, tmp_path) -> None:
    desk = tmp_path / "desk"
    collect = (
        "osvc_diag", "prod/svc/web", "--root", os.path.join(ROOT, "examples", "node"), "--plugin-dir",
        str(folder), "--only", "object-conf", "--output", str(tmp_path / "b.tar.gz"),
        "--exchange", f"drop://{desk}", "--upload",
    )  # fmt: skip
    done = run(*collect)
    assert done.returncode == 5
    assert f"{desk}: No such file or directory\n  hint: is the desk's share mounted?" in done.stderr
    desk.mkdir()
    upload = [word for word in collect[2:] if word not in {"--upload", "--only", "object-conf", "--output"}]
    done = run("osvc_diag", "upload", "--yes", *upload)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{desk}/b.tar.gz\n"
    assert (desk / "b.tar.gz").read_bytes() == (tmp_path / "b.tar.gz").read_bytes()
    assert "by:       plugin drop, whose code runs inside this program" in done.stderr


def test_its_tests_pass(folder, tmp_path) -> None:
    tests = str(tmp_path / "tests")
    done = run(
        "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", tests, tests,
        PYTHONPATH=os.pathsep.join([str(folder), ROOT]),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


@pytest.mark.parametrize(
    ("heading", "about"), [("of `bundle`, an", OpenedBundle), ("of `conditions`, a", Conditions)]
)
def test_what_it_lists_of_what_is_given_is_there(heading: str, about: type) -> None:
    table = PAGE[PAGE.index(heading) :].split("\n\n")[0]
    first = " ".join(line.split("|")[1] for line in table.splitlines()[2:])
    told = {name.partition("(")[0] for name in re.findall(r"`([^`]+)`", first)}
    assert len(told) > 5
    fields = set(getattr(about, "__dataclass_fields__", ())) | {"name", "path", "size", "sha256"}
    for name in told:
        assert name in fields or callable(getattr(about, name)), name


def test_every_field_of_a_receipt_that_an_author_fills_in_is_told() -> None:
    for name in Receipt.__dataclass_fields__.keys() - {"proxy", "insecure", "resumed"}:
        assert f"`{name}`" in PAGE, name
    for name in ("user", "password", "basic"):
        assert hasattr(Login("u", "p"), name)
    for name in ("scheme", "host", "port", "login"):
        assert hasattr(Proxy.parse("http://h:1"), name)
