"""The support contract: what the agent's collector says of it comes into the manifest, and holds nothing up."""

from __future__ import annotations

import os
import re
from typing import Any, Callable

import pytest
from fake_om import FakeOm

from osvc_diag import Node, State, diagnose
from osvc_diag.bundle.facts import SupportFacts
from osvc_diag.node.premium import NO_SERVER, UNREGISTERED, has_server, read_answer

SHOW = "node collector tag show"
NO_COLLECTOR = "no collector defined. set 'dbopensvc' in node.conf\n"


@pytest.fixture
def root(own_tree: Callable[..., str]) -> str:
    """Return a node whose agent has a collector."""
    root = own_tree("node1", "dev")
    path = f"{root}/etc/node.conf"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub("(?m)^dbopensvc =.*$", "dbopensvc = https://collector.example.com", text))
    return root


@pytest.fixture
def om(root: str) -> FakeOm:
    return FakeOm(root)


def node_of(root: str) -> Node:
    return Node.from_paths(
        name="node1", zone="UTC", **{name: os.path.join(root, name) for name in ("etc", "log", "var")}
    )


@pytest.fixture
def collected(root, tmp_path) -> Callable[..., Any]:
    def run(**wishes: Any):
        wishes.setdefault("only", ["premium-support"])
        return diagnose("node", node=node_of(root), output=str(tmp_path), **wishes)

    return run


@pytest.mark.parametrize(
    ("out", "facts"),
    [
        ("PREMIUM_SUPPORT\nOTHER\n", SupportFacts(premium=True)),
        ('["OTHER", "PREMIUM_SUPPORT"]\n', SupportFacts(premium=True)),
        ("NO_PREMIUM_SUPPORT\nPREMIUM_SUPPORT2\n", SupportFacts(premium=False)),
        ("", SupportFacts(premium=False)),
    ],
)
def test_the_tag_is_told_in_the_manifest(om, collected, out, facts):
    om.answer(SHOW, out=out)
    result = collected()
    assert result.manifest.support == facts
    assert result.gaps == ()
    assert om.calls() == [SHOW]


def test_no_collector_is_a_normal_answer(om, collected):
    om.answer(SHOW, err=NO_COLLECTOR, rc=1)
    result = collected()
    assert result.manifest.support == SupportFacts(None, NO_SERVER)
    assert result.gaps == ()


def test_where_no_collector_is_configured_nobody_is_asked(om, root, collected):
    with open(f"{root}/etc/node.conf", "w", encoding="utf-8") as file:
        file.write("[node]\ndbopensvc = None\n")
    assert collected().manifest.support == SupportFacts(None, NO_SERVER)
    assert om.calls() == []


def test_an_agent_that_hangs_is_given_up(om, collected, monkeypatch):
    monkeypatch.setattr("osvc_diag_plugins.premium_support.TIMEOUT", 0.3)
    om.answer(SHOW, mode="hang")
    result = collected()
    assert result.manifest.support == SupportFacts(None, "the agent did not answer")
    assert [gap.state for gap in result.gaps] == [State.TIMEOUT]
    assert om.left_behind() == []


def test_an_answer_without_end_is_not_kept(om, collected):
    om.answer(SHOW, out="x" * 100_000)
    assert collected().manifest.support == SupportFacts(premium=False)


def test_a_run_that_does_not_ask_says_so(om, collected):
    facts = collected(only=["node-conf"]).manifest.support
    assert facts.words == "premium or not is not known: the agent was not asked"
    assert om.calls() == []


def test_a_node_without_an_om_does_not_know(root, collected):
    assert collected().manifest.support.reason == "the agent was not asked"


@pytest.mark.parametrize(
    ("text", "rc", "answer"),
    [
        ("collector is not configured", 1, (None, NO_SERVER)),
        ("this node is not registered. try 'om node register'", 0, (None, UNREGISTERED)),
        ("Connection refused", 1, (None, "the agent could not tell")),
        ("PREMIUM_SUPPORT is unknown", 1, (None, "the agent could not tell")),
        ("", None, (None, "the agent did not answer")),
    ],
)
def test_what_either_agent_says_is_understood(text, rc, answer):
    assert read_answer(text, rc) == answer


@pytest.mark.parametrize(
    ("conf", "expected"),
    [
        ("[node]\ndbopensvc =\n", False),
        ("[node]\ncollector = https://x\n", True),
        ("[node]\ndbopensvc@node2 = x\n", True),
        ("", False),
    ],
)
def test_a_collector_is_found_in_the_configuration(root, conf, expected):
    with open(f"{root}/etc/node.conf", "w", encoding="utf-8") as file:
        file.write(conf)
    assert has_server(node_of(root)) is expected
