"""The same inputs, clock and token key give the same bytes."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from typing import TYPE_CHECKING, Callable

from e2e_tools import content, leaks, manifest_of, unpack

if TYPE_CHECKING:
    from pathlib import Path

    from osvc_diag.run.frontdoor import Result

Collected = Callable[..., "Result"]


class StoppedClock:
    """Always the same moment."""

    def now(self) -> dt.datetime:
        return dt.datetime(2026, 11, 22, 22, 0, tzinfo=dt.timezone.utc)

    def seconds(self) -> float:
        return 0.0


def test_two_runs_give_the_same_bytes(
    collected: Collected, tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    bundles = []
    for number in range(2):
        output = tmp_path / str(number)
        output.mkdir()
        bundles.append(collected("**", root=sample_tree(), output=str(output), clock=StoppedClock()).bundle)
    first, second = bundles
    assert (
        os.path.basename(first)
        == os.path.basename(second)
        == "osvc-diag_lab_node1_all_20261122T220000Z.tar.gz"
    )
    with open(first, "rb") as one, open(second, "rb") as other:
        assert one.read() == other.read()


def test_the_same_secret_has_the_same_token_on_every_node(
    collected: Collected, tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    lines = []
    for node in ("node1", "node2"):
        result = collected("node", root=sample_tree(node), output=str(tmp_path))
        folder = unpack(result.bundle, str(tmp_path / node))
        text = content(folder, "file/etc/opensvc/cluster.conf").decode()
        lines.append([line for line in text.splitlines() if "<masked:" in line])
    assert lines[0] == lines[1]
    assert len(lines[0]) == 3


def test_without_a_cluster_secret_tokens_tell_nothing_across_runs(
    collected: Collected, tmp_path: Path, own_tree: Callable[..., str], secrets: list[str]
) -> None:
    root = own_tree()
    os.unlink(os.path.join(root, "etc/opensvc/cluster.conf"))
    texts = []
    for number in range(2):
        result = collected("svc1", root=root, output=str(tmp_path))
        folder = unpack(result.bundle, str(tmp_path / "unpacked" / str(number)))
        texts.append(content(folder, "file/etc/opensvc/svc1.conf"))
        assert manifest_of(folder)["cluster"] == {"nodes": []} or "name" not in manifest_of(folder)["cluster"]
        assert (
            leaks(folder, [secret for secret in secrets if secret != "9d1a3d2a0e6b11ef9c0a525400a1b2c3"])
            == []
        )
    assert texts[0] != texts[1]
    assert "_nocluster_" in os.path.basename(result.bundle)


def test_both_layouts_of_a_node_give_the_same_confs(
    collected: Collected, tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    texts = []
    for layout, etc in (("fhs", "file/etc/opensvc"), ("dev", "file/etc")):
        output = tmp_path / layout
        output.mkdir()
        result = collected("svc1", root=sample_tree("node1", layout), output=str(output))
        texts.append(content(unpack(result.bundle, str(tmp_path / f"{layout}-unpacked")), f"{etc}/svc1.conf"))
    assert texts[0] == texts[1]


def test_a_bundle_does_not_depend_on_the_working_folder_or_the_umask(
    collected: Collected, tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    (tmp_path / "a").mkdir()
    before = os.umask(0o777)
    try:
        result = collected(root=sample_tree(), output=str(tmp_path / "a"))
    finally:
        os.umask(before)
    assert os.stat(result.bundle).st_mode & 0o777 == 0o600
    shutil.rmtree(tmp_path / "a")
