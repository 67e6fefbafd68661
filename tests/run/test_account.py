"""The manifest of a run can be shared alone: no text in it holds a secret."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Callable

from osvc_diag.bundle.facts import ArtifactEntry, RedactionFacts, SupportFacts
from osvc_diag.gap import Gap, State
from osvc_diag.node.node import Node
from osvc_diag.plugin.plugin_manager import PluginInfo, Plugins
from osvc_diag.run.account import write_account
from osvc_diag.run.plan import Plan
from osvc_diag.run.prepare import Prepared
from osvc_diag.run.request import Request
from osvc_diag.window import Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osvc_diag.bundle.manifest import Manifest

SECRET = "S3cret"
STARTED = dt.datetime(2026, 11, 22, 22, 0, 1, 250, tzinfo=dt.timezone.utc)


def account(
    node: Node, *, entries: Sequence[ArtifactEntry] = (), gaps: Sequence[Gap] = (), **wishes: object
) -> Manifest:
    request = Request(("svc1", SECRET), label=f"label {SECRET}", **wishes)  # type: ignore[arg-type]
    window = Window(since=STARTED - dt.timedelta(hours=2))
    prepared = Prepared(request, node, (), window, Plan((), (), 1), STARTED)
    infos = (PluginInfo("broken", "dist 1.0", (), f"RuntimeError: {SECRET}"),)
    plugins = Plugins(infos, (), (), (), hooks=None)  # type: ignore[arg-type]
    return write_account(
        prepared,
        plugins,
        entries=entries,
        gaps=gaps,
        redaction=RedactionFacts("1", (f"a limit of {SECRET}",)),
        support=SupportFacts(reason=f"the agent said {SECRET}"),
        seconds={"plan": 0.12345},
        mask=lambda text: text.replace(SECRET, "***"),
        mask_words=lambda text: text.replace(SECRET, "***"),
    )


def test_every_text_of_it_is_masked(sample_tree: Callable[..., str]) -> None:
    gaps = [Gap(State.FAILED, f"it said {SECRET}", f"by {SECRET}", f"file/{SECRET}", f"try {SECRET}")]
    manifest = account(Node.discover(sample_tree()), gaps=gaps)
    assert SECRET.encode() not in manifest.to_json()
    assert manifest.selection.selectors == ("svc1", "***")
    assert manifest.gaps == (Gap(State.FAILED, "it said ***", "by ***", "file/***", "try ***"),)


def test_it_tells_what_was_asked_and_of_which_node(sample_tree: Callable[..., str]) -> None:
    manifest = account(
        Node.discover(sample_tree()), log_size=5, max_size=6, timeout=7.0, only=("a",), skip=("b",)
    )
    assert manifest.started == "2026-11-22T22:00:01.000250Z"
    assert (manifest.node.name, manifest.node.agent, manifest.node.live) == ("node1", "b2.1", False)
    assert (manifest.cluster.name, manifest.cluster.nodes) == ("lab", ("node1", "node2"))
    assert (manifest.limits.log_bytes, manifest.limits.bundle_bytes, manifest.limits.timeout_seconds) == (
        5,
        6,
        7.0,
    )
    assert (manifest.selection.only, manifest.selection.skip) == (("a",), ("b",))
    assert (manifest.window.since, manifest.window.until) == ("2026-11-22T20:00:01.000250+00:00", None)
    assert manifest.seconds == {"plan": 0.123}
    assert manifest.plugins[0].failure == "RuntimeError: ***"


def test_artifacts_are_sorted_by_name_and_long_reasons_are_cut(sample_tree: Callable[..., str]) -> None:
    entries = [ArtifactEntry(name, ("c",), "/x", State.MISSING) for name in ("file/b", "file/a")]
    manifest = account(Node.discover(sample_tree()), entries=entries, gaps=[Gap(State.FAILED, "x" * 5000)])
    assert [entry.name for entry in manifest.artifacts] == ["file/a", "file/b"]
    assert len(manifest.gaps[0].reason) < 400
