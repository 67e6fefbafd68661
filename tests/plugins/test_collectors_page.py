"""docs/collectors.md tells what is installed, and no more."""

from __future__ import annotations

import os
import re

import pytest

from osvc_diag.plugin.plugin_manager import load_plugins
from osvc_diag_plugins.agent_commands import MOST_OBJECTS, QUESTIONS, TIMEOUT  # noqa: TID251

PAGE = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "collectors.md")


@pytest.fixture(scope="module")
def page() -> str:
    with open(PAGE, encoding="utf-8") as file:
        return file.read()


def test_it_lists_every_collector_that_ships_with_its_profile(page: str) -> None:
    table = page[: page.index("## Profiles")]
    told = re.findall(r"^\| `([a-z0-9-]+)` \| (\w+) \| \S.+ \| \S.+ \|$", table, re.MULTILINE)
    plugins = load_plugins()
    shipped = {
        name
        for info in plugins.infos
        if info.distribution.startswith("osvc-diag ")
        for name in info.collectors
    }
    expected = [(item.name, item.profile.value) for item in plugins.collectors if item.name in shipped]
    assert told == expected, "docs/collectors.md and the shipped collectors differ"


@pytest.mark.parametrize("agent", ["b2.1", "om3"])
def test_it_lists_every_command_that_the_agent_is_asked(page: str, agent: str) -> None:
    table = page[page.index(f"| {agent} | profile |") :].partition("\n\n")[0]
    told = re.findall(r"^\| `om (.+)` \| (\w+) \|$", table, re.MULTILINE)
    of_node, of_object = QUESTIONS[agent]
    expected = [(" ".join(question.arguments), question.profile.value) for question in of_node]
    expected += [
        (" ".join(["OBJECT", *question.arguments]), question.profile.value) for question in of_object
    ]
    assert told == expected


def test_it_tells_the_limits(page: str) -> None:
    assert f"the first {MOST_OBJECTS} of them" in page
    assert f"{TIMEOUT:g} s each" in page
