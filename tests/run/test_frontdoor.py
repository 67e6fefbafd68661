"""The line from a request to a bundle: its stages, and what each of them is told."""

from __future__ import annotations

import json
import os
import tarfile
from typing import TYPE_CHECKING, Callable

import pytest

from osvc_diag import Issue, Node, diagnose, events
from osvc_diag.bundle.reader import Bundle
from osvc_diag.errors import BundleError, NoSuchObjectError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def node(sample_tree: Callable[..., str]) -> Node:
    return Node.discover(sample_tree())


def members(bundle: str) -> dict[str, bytes]:
    with Bundle.open(bundle) as opened:
        return {member.name: b"".join(member.blocks()) for member in opened.members()}


def test_the_stages_are_told_in_their_order(node: Node, tmp_path: Path) -> None:
    heard: list[events.Event] = []
    diagnose("svc1", node=node, output=str(tmp_path), on_event=heard.append)
    phases = [event.phase for event in heard if isinstance(event, events.PhaseStarted)]
    assert list(dict.fromkeys(phases)) == ["plan", "learn", "collect", "assemble", "verify"]
    (planned,) = [event for event in heard if isinstance(event, events.Planned)]
    finished = [event for event in heard if isinstance(event, events.ArtifactFinished)]
    assert planned.artifacts == len(finished)
    assert planned.folder == str(tmp_path)


def test_a_bundle_begins_with_manifest_sums_and_the_first_page(node: Node, tmp_path: Path) -> None:
    result = diagnose("svc1", node=node, output=str(tmp_path))
    assert list(members(result.bundle))[:4] == ["manifest.json", "SHA256SUMS", "README.txt", "issue.json"]


def test_the_name_tells_cluster_node_object_and_time(node: Node, tmp_path: Path) -> None:
    for selectors, word in (
        ("svc1", "svc1"),
        ("node", "node"),
        ("**", "all"),
        (["prod/svc/web", "svc1"], "prod-svc-web+1"),
    ):
        bundle = diagnose(selectors, node=node, output=str(tmp_path)).bundle
        stem = os.path.basename(bundle).split("_")
        assert stem[:4] == ["osvc-diag", "lab", "node1", word]


def test_a_name_that_is_masked_is_not_told_by_the_bundle_s(node: Node, tmp_path: Path) -> None:
    bundle = diagnose("svc1", node=node, output=str(tmp_path), mask_network=True).bundle
    stem = os.path.basename(bundle).split("_")
    assert stem[1] == "lab"
    assert stem[2].startswith("masked-node-")
    with tarfile.open(bundle) as archive:
        assert not any("node1" in name for name in archive.getnames())


def test_the_users_own_words_are_redacted(node: Node, tmp_path: Path) -> None:
    secret = "9d1a3d2a0e6b11ef9c0a525400a1b2c3"
    issue = Issue(purpose=f"with {secret}", context=f"a\n{secret}")
    result = diagnose("node", node=node, output=str(tmp_path), issue=issue, label=f"l {secret}")
    found = members(result.bundle)
    assert not [name for name, text in found.items() if secret.encode() in text]
    assert json.loads(found["issue.json"])["purpose"].startswith("with <masked:")
    assert b"with <masked:" in found["README.txt"]
    assert "<masked:" in (result.manifest.label or "")
    assert result.mask(f"and {secret}").startswith("and <masked:")


@pytest.mark.parametrize(
    ("selectors", "error"),
    [("svc1,nosuch", NoSuchObjectError), (["svc1", "nosuch"], NoSuchObjectError), ("", UsageError)],
)
def test_one_selector_without_a_match_stops_all(
    selectors: object, error: type[Exception], node: Node, tmp_path: Path
) -> None:
    with pytest.raises(error):
        diagnose(selectors, node=node, output=str(tmp_path))  # type: ignore[arg-type]
    assert os.listdir(tmp_path) == []


def test_too_little_room_is_told_before_anything_is_learned(
    node: Node, tmp_path: Path, own_tree: Callable[..., str]
) -> None:
    root = own_tree()
    log = os.path.join(root, "var/log/opensvc/svc1.log")
    heard: list[events.Event] = []
    try:
        os.truncate(log, 1 << 42)
    except OSError:
        pytest.skip("this file system has no sparse file of 4 TiB")
    with pytest.raises(BundleError, match="free"):
        diagnose(
            "svc1", node=Node.discover(root), output=str(tmp_path), log_size=1 << 50, on_event=heard.append
        )
    assert [event.phase for event in heard if isinstance(event, events.PhaseStarted)] == ["plan"]


def test_a_conf_that_cannot_be_read_while_learning_is_a_loud_gap(
    tmp_path: Path, own_tree: Callable[..., str]
) -> None:
    root = own_tree()
    conf = os.path.join(root, "etc/opensvc/odd.conf")
    os.mkfifo(conf)
    os.symlink("/etc/hostname", os.path.join(root, "etc/opensvc/link.conf"))
    out = tmp_path / "out"
    out.mkdir()
    result = diagnose("node", node=Node.discover(root), output=str(out))
    gaps = {gap.artifact: gap for gap in result.gaps}
    assert "could not be learned" in gaps["file/etc/opensvc/link.conf"].reason
    assert gaps["file/etc/opensvc/link.conf"].hint


def test_the_first_page_tells_of_a_daemon_that_is_down(live_node: Callable[[], Node], tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    result = diagnose("node", node=live_node(), output=str(out), only=["node-conf"])
    assert b"daemon        down: there is no var/osvcd.pid\n" in members(result.bundle)["README.txt"]
