"""The page that a human reads first."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Callable

import pytest

from osvc_diag.bundle.facts import ArtifactEntry, ClusterFacts, NodeFacts, RedactionFacts, SelectionFacts
from osvc_diag.bundle.manifest import Manifest
from osvc_diag.gap import Gap, State
from osvc_diag.node.node import Node
from osvc_diag.run.frontpage import front_page
from osvc_diag.run.request import Issue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EVIL = "a\x1b]0;owned\x07\n\nGaps\n  none\u202e"
MANIFEST = Manifest(
    tool_version="1.2.3",
    started="2026-11-22T22:00:00.123456Z",
    node=NodeFacts("node1", "b2.1", "2.1-1900"),
    cluster=ClusterFacts("lab", ("node1", "node2")),
    selection=SelectionFacts(("prod/svc/web",), ("prod/svc/web",)),
    redaction=RedactionFacts("1"),
)


def stored(name: str, size: int = 10, state: State = State.OK, **facts: object) -> ArtifactEntry:
    return ArtifactEntry(name, ("c",), "/x", state, stored_bytes=size, sha256="0" * 64, **facts)  # type: ignore[arg-type]


@pytest.fixture
def page(sample_tree: Callable[..., str]) -> Callable[..., str]:
    node = Node.discover(sample_tree())

    def write(
        *,
        issue: Issue = Issue(),  # noqa: B008
        errors: Mapping[str, Sequence[str]] = {},
        daemon: str = "process 42 is alive",
        **facts: object,
    ) -> str:
        manifest = dataclasses.replace(MANIFEST, **facts)  # type: ignore[arg-type]
        return front_page(manifest, node, issue=issue, errors=errors, daemon=daemon)

    return write


def test_it_tells_object_node_cluster_agent_daemon_and_time(page: Callable[..., str]) -> None:
    text = page()
    for line in (
        "objects       prod/svc/web\n",
        "node          node1\n",
        "cluster       lab: node1 node2\n",
        "agent         b2.1 2.1-1900\n",
        "daemon        process 42 is alive\n",
        "collected     2026-11-22T22:00:00Z by osvc_diag 1.2.3\n",
    ):
        assert line in text, line


def test_it_tells_who_is_frozen_and_since_when(page: Callable[..., str]) -> None:
    frozen = [
        stored("file/var/lib/opensvc/node/frozen", 0, mtime="2026-11-22T20:15:57.000000Z"),
        stored(
            "file/var/lib/opensvc/namespaces/prod/vol/data/frozen", 0, mtime="2026-11-22T19:56:04.000000Z"
        ),
        stored("file/var/lib/opensvc/unfrozen", 0, mtime="2026-11-22T19:56:04.000000Z"),
    ]
    text = page(artifacts=tuple(frozen))
    assert "  the node, since 2026-11-22T20:15:57Z\n" in text
    assert "  prod/vol/data, since 2026-11-22T19:56:04Z\n" in text
    assert "nothing of what was collected" in page()


def test_it_tells_each_error_once_as_it_stands_last_the_newest_at_the_end(page: Callable[..., str]) -> None:
    def record(time: str, text: str) -> str:
        return f"2026-11-22 {time},000 ERROR sid:{time} n:node1 c:hb | {text}"

    errors = {
        "a.log": [record("10:00:00", "down"), record("10:00:09", "down")],
        "b.log": [record("10:00:05", "up"), record("10:00:07", "down")],
    }
    lines = [line.strip() for line in page(errors=errors).splitlines() if " ERROR " in line]
    assert lines == [record("10:00:05", "up"), record("10:00:09", "down") + " [3 times]"]
    assert "No errors in the logs\n" in page()


def test_it_tells_gaps_and_what_was_left_out_on_purpose(page: Callable[..., str]) -> None:
    entries = (
        stored("file/a.log", state=State.SLICED, reason="by --since and --until"),
        ArtifactEntry("file/b.log", ("c",), "/x", State.SKIPPED, "outside of --since and --until"),
        ArtifactEntry("file/c.log", ("c",), "/x", State.SKIPPED, "--max-size leaves no room for it"),
    )
    gaps = (Gap(State.SKIPPED, "--max-size leaves no room for it", "c", "file/c.log"),)
    text = page(artifacts=entries, gaps=gaps)
    assert "Gaps: 1\n  skipped   file/c.log: --max-size leaves no room for it\n" in text
    assert (
        "Left out on purpose\n"
        "  sliced    file/a.log: by --since and --until\n"
        "  skipped   file/b.log: outside of --since and --until\n\n"
    ) in text
    assert "none: all that was asked for is here" in page()


def test_gaps_of_one_reason_hide_no_other(page: Callable[..., str]) -> None:
    denied = [Gap(State.DENIED, "permission denied", "c", f"file/{number}") for number in range(500)]
    text = page(gaps=(*denied, Gap(State.FAILED, "it broke", "san")))
    assert (
        "Gaps: 501\n"
        "  denied    file/0, file/1, file/2 and 497 more: permission denied\n"
        "  failed    san: it broke\n\n"
    ) in text


def test_many_gaps_are_counted_and_not_all_told(page: Callable[..., str]) -> None:
    text = page(
        gaps=tuple(Gap(State.MISSING, f"{number} is not there", "c", "file") for number in range(500))
    )
    assert "Gaps: 500\n" in text
    assert "and 460 more reasons, in manifest.json" in text
    assert text.count("\n") < 120


def test_it_tells_what_was_masked_the_limits_and_the_largest(page: Callable[..., str]) -> None:
    entries = (stored("file/a", 5, masked={"url": 2}), stored("file/b", 2048, masked={"url": 1, "pem": 1}))
    text = page(artifacts=entries, redaction=RedactionFacts("1", ("sec objects could not be read",)))
    assert f"  {'url':<28}3\n" in text
    assert "  limit: sec objects could not be read\n" in text
    assert "2 artifacts; the largest\n     2.0 KiB  file/b\n         5 B  file/a\n" in text


def test_it_tells_the_issue_in_the_users_words(page: Callable[..., str]) -> None:
    text = page(issue=Issue(purpose="it hangs\nsince noon", ticket="4711"))
    assert (
        "The issue, as told\n  ticket      4711\n  purpose     it hangs\n              since noon\n" in text
    )
    assert "The issue" not in page()


def test_no_name_or_log_line_forges_a_section_or_reaches_a_terminal_raw(page: Callable[..., str]) -> None:
    text = page(
        artifacts=(stored(f"file/{EVIL}"), stored(f"file/2{EVIL}", state=State.SLICED, reason="by --since")),
        gaps=(Gap(State.FAILED, EVIL, EVIL), Gap(State.DENIED, EVIL, "c", EVIL)),
        errors={"x": [f"2026-11-22 10:00:00,000 ERROR n:n | {EVIL}"]},
        daemon=EVIL.replace("\n", ""),
    )
    assert not set(text) & {"\x1b", "\x07", "\u202e"}
    assert text.count("\nGaps") == 1
