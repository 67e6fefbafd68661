"""README.md says what is so: the help of `collect`, the exit codes, the files that it names."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys

import pytest

from osvc_diag import errors
from osvc_diag.cli.collect import COMPLETE, GAPS
from osvc_diag.cli.main import COMMANDS, HUNG_UP, INTERRUPTED, TERMINATED, UNREAD

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HELP = re.compile(r"<!-- collect --help.*?-->\n```\n(.*?)```\n", re.DOTALL)


@pytest.fixture(scope="module")
def readme() -> str:
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        return file.read()


def normalised(text: str) -> str:
    """Even out what argparse lays out in another way from one Python to the next."""
    text = text.replace("optional arguments:", "options:")
    text = re.sub(r"(-\w) [A-Z]+, (--)", r"\1, \2", text)
    return " ".join(text.split())


def test_the_help_of_collect_is_as_it_is(readme: str) -> None:
    found = HELP.search(readme)
    assert found
    done = subprocess.run(
        [sys.executable, "-m", "osvc_diag", "collect", "--help"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1"},
    )
    assert normalised(found[1]) == normalised(done.stdout), (
        "put `COLUMNS=100 osvc-diag collect --help` into README.md"
    )


def test_the_exit_codes_are_those_of_the_error_tree(readme: str) -> None:
    told = {
        int(code) for row in re.findall(r"^\| ([\d, ]+) \|", readme, re.MULTILINE) for code in row.split(", ")
    }
    tree = {
        value.exit_code
        for value in vars(errors).values()
        if inspect.isclass(value) and issubclass(value, errors.DiagError) and value is not errors.DiagError
    }
    assert told == tree | {COMPLETE, GAPS, HUNG_UP, INTERRUPTED, TERMINATED, UNREAD}
    found = HELP.search(readme)
    assert found
    in_help = found[1].partition("exit codes: ")[2]
    assert {int(code) for code in re.findall(r"\b\d+\b", in_help)} == told


def test_every_command_is_told(readme: str) -> None:
    for name in set(COMMANDS) - {"collect"}:
        assert f"osvc-diag {name}" in readme, name


def test_every_file_it_links_to_is_there(readme: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", readme)
    assert links
    missing = [link for link in links if not os.path.exists(os.path.join(ROOT, link))]
    assert missing == []


def test_the_two_commands_that_set_everything_up_are_in_the_makefile(readme: str) -> None:
    with open(os.path.join(ROOT, "Makefile"), encoding="utf-8") as file:
        makefile = file.read()
    for target in re.findall(r"^make (\w+)", readme, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_options_it_shows_exist(readme: str) -> None:
    shown = HELP.sub("", readme)
    found = HELP.search(readme)
    assert found
    known = set(re.findall(r"--[a-z-]+", found[1]))
    for option in set(re.findall(r"osvc-diag [^\n`]*?(--[a-z][a-z-]+)", shown)):
        assert option in known, option
