"""`osvc-diag premium`: what the agent's own command says of the tag, told in a word and an exit code."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from fake_om import FakeOm

from osvc_diag.cli.main import main

SHOW = "node collector tag show"
ATTACH = "node collector tag attach --name PREMIUM_SUPPORT"
DETACH = "node collector tag detach --name PREMIUM_SUPPORT"
NO_COLLECTOR = "no collector defined. set 'dbopensvc' in node.conf\n"


@pytest.fixture
def root(own_tree, monkeypatch):
    root = own_tree("node1", "dev")
    monkeypatch.setenv("OSVC_ROOT_PATH", root)
    return root


@pytest.fixture
def om(root):
    return FakeOm(root)


@pytest.fixture
def premium(capsys):
    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["premium", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.mark.parametrize(("out", "word"), [("PREMIUM_SUPPORT\n", "premium"), ("OTHER\n", "standard")])
def test_the_answer_is_one_word(om, premium, out, word):
    om.answer(SHOW, out=out)
    assert premium() == (0, f"{word}\n", "")
    assert premium("show")[:2] == (0, f"{word}\n")


def test_the_real_answer_of_an_agent_without_a_collector_is_told_with_what_to_do(om, premium):
    assert om.real_answers.get(SHOW, {"rc": 1})["rc"] == 1
    om.answer(SHOW, err=NO_COLLECTOR, rc=1)
    code, out, err = premium()
    assert (code, out) == (10, "unknown\n")
    assert "no collector" in err
    assert "hint: set dbopensvc" in err


def test_where_no_agent_is_it_names_an_option_that_it_has(premium, tmp_path, monkeypatch):
    monkeypatch.setenv("OSVC_ROOT_PATH", str(tmp_path))
    code, _, err = premium()
    assert code == 2
    assert "OSVC_ROOT_PATH=DIR osvc-diag premium" in err
    assert "--root" not in err


def test_json_tells_programs(om, premium):
    om.answer(SHOW, out="PREMIUM_SUPPORT\n")
    code, out, _ = premium("--json")
    facts = json.loads(out)
    assert (code, facts["premium"], facts["reason"]) == (0, True, None)


@pytest.mark.parametrize(
    ("action", "words", "out"), [("set", ATTACH, "PREMIUM_SUPPORT\n"), ("unset", DETACH, "")]
)
def test_what_was_done_is_confirmed(om, premium, action, words, out):
    om.answer(words)
    om.answer(SHOW, out=out)
    code, word, _ = premium(action)
    assert (code, word) == (0, "premium\n" if out else "standard\n")
    assert om.calls() == sorted([words, SHOW])


def test_what_the_collector_did_not_take_is_an_error(om, premium):
    om.answer(ATTACH)
    om.answer(SHOW, out="")
    code, out, err = premium("set")
    assert (code, out) == (7, "")
    assert "still says otherwise" in err


def test_setting_it_without_a_collector_fails_with_what_to_do(om, premium):
    om.answer(ATTACH, err=NO_COLLECTOR, rc=1)
    code, out, err = premium("set")
    assert (code, out) == (7, "")
    assert "hint: set dbopensvc" in err
    assert "om node register" in err


def test_what_the_agent_says_is_told_without_a_secret(om, premium):
    om.answer(ATTACH, err="x\ncannot reach https://joe:Pa55word@c.example.com\n", rc=1)
    code, _, err = premium("set")
    assert code == 7
    assert "the agent did not do it: cannot reach https://" in err
    assert "Pa55word" not in err


def test_an_agent_that_hangs_is_given_up(om, premium, monkeypatch):
    monkeypatch.setattr("osvc_diag.cli.premium.TIMEOUT", 0.3)
    om.answer(SHOW, mode="stubborn")
    code, out, err = premium()
    assert (code, out) == (10, "unknown\n")
    assert "the agent did not answer" in err
    assert om.left_behind() == []


def test_another_action_is_a_wrong_request(om, premium):
    code, _, err = premium("toggle")
    assert code == 2
    assert "there are show, set, unset" in err
    assert om.calls() == []


def test_a_node_without_the_agents_command_cannot_be_asked(root, premium):
    shutil.rmtree(f"{root}/bin", ignore_errors=True)
    code, _, err = premium()
    assert code == 7
    assert "the agent cannot be asked" in err
    assert os.path.basename("om") in err
