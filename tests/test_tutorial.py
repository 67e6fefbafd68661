"""docs/writing-a-collector.md is followed to the letter: its files are written, its commands run, in order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs", "writing-a-collector.md"
)
BLOCK = re.compile(r"(?:<!-- (?P<how>[^>]*?) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```\n", re.DOTALL)
COMPLETE, GAPS = 0, 10


class Block(NamedTuple):
    how: str
    kind: str
    text: str


class Command(NamedTuple):
    text: str
    shown: list[str]
    """What the page shows of its output; `...` stands for anything."""


def blocks() -> Iterator[Block]:
    with open(PAGE, encoding="utf-8") as file:
        for found in BLOCK.finditer(file.read()):
            yield Block(found["how"] or "", found["kind"], found["text"])


def commands(text: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        end = lines.index("END") + 1 if "<<'END'" in lines[0] else 1
        yield Command("\n".join(lines[:end]), lines[end:])


def as_shown(shown: list[str], output: str) -> bool:
    """Tell whether an output is what the page shows; how wide a table is does not matter."""
    words = [" ".join(line.split()) for line in shown]
    expected = "\n".join(
        ".*" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") for line in words
    )
    expected = re.sub(r"(?m)^\.\*\n", r"(?:.*\\n)?", re.sub(r"\n\.\*$", r"(?:\\n.*)?", expected))
    actual = "\n".join(" ".join(line.split()) for line in output.splitlines())
    return re.fullmatch(expected, actual, re.DOTALL) is not None


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """Return variables with which the commands of the page find this very interpreter and osvc_diag."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, module in (("python", ""), ("osvc-diag", "-m osvc_diag")):
        (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable} {module} "$@"\n')
        (programs / name).chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OSVC_", "PYTEST_"))}
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": path, "NO_COLOR": "1", "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"}


def install(folder: Path) -> None:
    """Do what pip does: put the metadata where the module is."""
    info = folder / "shop_diag-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shop-diag\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[osvc_diag]\nshop = shop_diag\n")


def test_the_page_is_followed_to_the_letter(tmp_path: Path, shell: dict[str, str]) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    count = 0
    for block in blocks():
        if block.how.startswith("file: "):
            path = home / block.how[len("file: ") :]
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            path.write_text(block.text)
            path.chmod(0o644)
        elif block.how == "by hand":
            if "./shop-diag" in block.text:
                install(home / "shop-diag")
                above = filter(None, [shell.get("PYTHONPATH")])
                shell["PYTHONPATH"] = os.pathsep.join([str(home / "shop-diag"), *above])
        else:
            assert block.kind == "console"
            for command in commands(block.text):
                done = subprocess.run(
                    ["bash", "-c", command.text],
                    cwd=home,
                    env=shell,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert done.returncode in (COMPLETE, GAPS), f"{command.text}\n{done.stdout}{done.stderr}"
                assert not command.shown or as_shown(command.shown, done.stdout), (
                    f"{command.text}\n{done.stdout}{done.stderr}"
                )
                count += 1
    assert count > 10


def test_the_page_shows_nothing_that_is_not_executed() -> None:
    for block in blocks():
        assert block.how.startswith("file: ") or block.kind == "console", block.text
