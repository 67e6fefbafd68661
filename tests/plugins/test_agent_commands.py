"""What the agent's own commands tell, and what they cannot do to a run."""

from __future__ import annotations

import json
import os
import tarfile
import tempfile
from typing import TYPE_CHECKING, Any, Callable

import pytest
from fake_om import FakeOm

from osvc_diag import Node, diagnose
from osvc_diag.plugin.sources import CommandSource

if TYPE_CHECKING:
    from pathlib import Path

    from osvc_diag import Result
    from osvc_diag.bundle.facts import ArtifactEntry

PLUGIN = "osvc_diag_plugins.agent_commands"


@pytest.fixture
def root(own_tree: Callable[..., str]) -> str:
    return own_tree("node1", "dev")


@pytest.fixture
def om(root: str) -> FakeOm:
    return FakeOm(root)


def node_of(root: str) -> Node:
    folders = {name: os.path.join(root, name) for name in ("etc", "log", "var")}
    return Node.from_paths(name="node1", zone="UTC", **folders)


@pytest.fixture
def collect(root: str, tmp_path: Path) -> Callable[..., Result]:
    def run(*selectors: str, **wishes: Any) -> Result:
        wishes.setdefault("only", ["agent-commands"])
        return diagnose(selectors or ("node",), node=node_of(root), output=str(tmp_path), **wishes)

    return run


def entry(result: Result, name: str) -> ArtifactEntry:
    (found,) = [entry for entry in result.manifest.artifacts if entry.name == f"cmd/agent-commands/{name}"]
    return found


def text(result: Result, name: str) -> bytes:
    with tarfile.open(result.bundle) as tar:
        (member,) = [m for m in tar.getmembers() if m.name.endswith(f"/cmd/agent-commands/{name}")]
        file = tar.extractfile(member)
        assert file is not None
        return file.read()


def test_the_agents_answers_are_in_the_bundle_as_they_are(om: FakeOm, collect: Callable[..., Result]) -> None:
    result = collect("svc1", profile="full")
    assert result.gaps == ()
    assert text(result, "mon.out").decode() == om.real_answers["mon"]["out"]
    assert json.loads(text(result, "daemon-status.out"))["cluster"]["name"] == "lab"
    assert text(result, "daemon-stats.err") == b"@ n:node1\nW daemon stats error for node node2\n"
    assert json.loads(text(result, "root/svc/svc1/print-status.out"))["avail"] == "up"
    assert text(result, "root/svc/svc1/print-schedule.out")
    assert not [entry for entry in result.manifest.artifacts if entry.name.endswith("mon.err")]
    facts = entry(result, "mon.out")
    assert facts.source == f"{om.program} mon"
    assert facts.command is not None
    assert facts.command.rc == 0


def test_nothing_is_asked_that_changes_anything_or_tells_a_secret(
    om: FakeOm, collect: Callable[..., Result]
) -> None:
    collect("**", profile="full")
    asked = om.calls()
    assert len(asked) > 20
    harmless = ("status", "show", "mon", "stats", "dump", "schedule", "capabilities", "ls", "--version")
    for call in asked:
        words = call.replace("--format json", "").replace("--verbose", "").split()
        assert words[-1] in harmless
        assert not {"config", "decode", "resinfo"} & set(words)


@pytest.mark.parametrize(
    ("mode", "state", "reason"),
    [
        ("slow", "ok", None),
        ("fail", "ok", "rc 1"),
        ("hang", "timeout", "no end after 0.5 s: whole lines that came in time are here"),
        ("stubborn", "timeout", "no end after 0.5 s: whole lines that came in time are here"),
        ("huge", "truncated", "longer than what is kept of it: its beginning is here"),
        ("daemon", "truncated", "a process that it left behind kept its output open, and was ended"),
        ("silent-daemon", "ok", None),
        ("killed", "truncated", "ended by SIGKILL: what it wrote before is here"),
    ],
)
def test_a_command_that_misbehaves_is_told_and_the_others_are_taken(
    mode: str,
    state: str,
    reason: str,
    om: FakeOm,
    collect: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(f"{PLUGIN}.TIMEOUT", 0.5 if "0.5" in str(reason) else 10.0)
    om.answer("mon", mode=mode)
    result = collect()
    found = entry(result, "mon.out")
    assert (found.state.value, found.reason) == (state, reason)
    is_gap = state != "ok"
    assert [gap.artifact for gap in result.gaps] == (["cmd/agent-commands/mon.out"] if is_gap else [])
    assert json.loads(text(result, "daemon-status.out"))
    assert om.left_behind() == []


def test_of_a_command_that_hangs_whole_lines_are_kept(
    om: FakeOm, collect: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{PLUGIN}.TIMEOUT", 0.5)
    om.answer("mon", mode="hang")
    assert text(collect(), "mon.out") == b"a whole line\n"


def test_with_the_daemon_down_the_answers_say_so_and_nothing_is_missing(
    om: FakeOm, collect: Callable[..., Result]
) -> None:
    for words in om.real_answers:
        if not words.endswith("print status --format json"):
            om.answer(words, mode="fail")
    result = collect("svc1")
    assert result.gaps == ()
    assert b"connection refused" in text(result, "mon.err")
    assert entry(result, "mon.err").reason == "rc 1"
    assert json.loads(text(result, "root/svc/svc1/print-status.out"))


def test_no_secret_of_an_answer_survives_whatever_its_code(
    om: FakeOm, collect: Callable[..., Result], secrets: list[str]
) -> None:
    told = "".join(f"the daemon said {secret} to a peer\n" for secret in secrets)
    om.answer("mon", out=told, err=told, rc=3)
    result = collect()
    for name in ("mon.out", "mon.err"):
        content = text(result, name).decode()
        assert content.count("<masked:") == len(secrets)
        assert not [secret for secret in secrets if secret in content]


def test_objects_are_asked_about_one_by_one_up_to_a_number(
    om: FakeOm, collect: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{PLUGIN}.MOST_OBJECTS", 2)
    result = collect("**")
    assert len([call for call in om.calls() if "print status" in call]) == 2
    (gap,) = [gap for gap in result.gaps if gap.artifact is None]
    assert gap.state.value == "skipped"
    assert gap.reason.startswith("the agent was asked about 2 of ")
    assert "cmd/agent-commands/daemon-status.out" in str(gap.hint)


def test_a_quick_run_asks_nothing(om: FakeOm, collect: Callable[..., Result]) -> None:
    result = collect("svc1", profile="quick", only=())
    assert om.calls() == []
    assert {entry.name.split("/")[0] for entry in result.manifest.artifacts} == {"file"}


def test_a_full_run_asks_more_than_a_standard_one(om: FakeOm, collect: Callable[..., Result]) -> None:
    collect("svc1")
    standard = om.calls()
    collect("svc1", profile="full")
    assert set(standard) < set(om.calls())


def test_on_a_copy_nothing_is_asked(om: FakeOm, root: str, take: Callable[..., Any]) -> None:
    assert take("agent-commands", Node.discover(root), "**") == []


def test_om3_is_asked_in_its_own_words(root: str, take: Callable[..., Any]) -> None:
    FakeOm(root, "om3")
    with open(os.path.join(root, "var", "capabilities-v3.json"), "w", encoding="ascii") as file:
        file.write("{}")
    commands = {artifact.source.command for artifact in take("agent-commands", node_of(root), "svc1")}
    lines = {" ".join(command.argv[1:]) for command in commands}
    assert {"cluster status -o json", "daemon ps", "svc/svc1 instance status -o json"} <= lines
    (environ,) = {command.environ for command in commands}
    assert dict(environ)["OSVC_ROOT_PATH"] == root
    assert dict(environ)["PATH"].endswith(f":/bin:/usr/local/sbin:/usr/local/bin:{root}/bin")


def test_where_no_agent_is_known_none_is_asked(
    live_node: Callable[[], Node], take: Callable[..., Any]
) -> None:
    assert take("agent-commands", live_node()) == []


def test_a_missing_command_is_one_gap(root: str, take: Callable[..., Any]) -> None:
    (gap,) = take("agent-commands", node_of(root), "**")
    assert (gap.state.value, gap.reason) == (
        "missing",
        f"the agent cannot be asked: there is no {root}/bin/om",
    )


def test_a_command_that_others_may_write_is_not_run(om: FakeOm, root: str, take: Callable[..., Any]) -> None:
    os.chmod(om.program, 0o777)
    (gap,) = take("agent-commands", node_of(root), "**")
    assert "writable by group or others" in gap.reason


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root's programs and another user")
def test_an_ordinary_user_does_not_have_the_agents_command_call_sudo(
    ordinary_user: Callable[[], Any], take: Callable[..., Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        for name in ("etc", "log", "var"):
            os.mkdir(os.path.join(folder, name))
        with open(os.path.join(folder, "log", "node.log"), "w", encoding="ascii"):
            pass
        om, node = FakeOm(folder), node_of(folder)
        with ordinary_user():
            (gap,) = take("agent-commands", node)
    assert (gap.state.value, gap.reason) == ("denied", f"the agent cannot be asked: {om.program} is for root")


def test_deleted_objects_and_those_without_resources_are_not_asked_about(
    om: FakeOm, root: str, take: Callable[..., Any]
) -> None:
    os.unlink(os.path.join(root, "etc", "svc1.conf"))
    artifacts = take("agent-commands", node_of(root), "**", "svc1")
    asked = {a.source.command.argv[1] for a in artifacts if isinstance(a.source, CommandSource)}
    objects = {word for word in asked if "/" in word}
    assert "svc/svc1" not in objects
    assert "prod/svc/web" in objects
    assert {word.split("/")[-2] for word in objects} <= {"svc", "vol"}
