"""Limits: whatever ends early, the bundle is a valid archive, and the manifest says what is missing."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any, Callable

import pytest
from e2e_tools import content, files_of, manifest_of, osvc_diag, unpack

from osvc_diag.form import Form
from osvc_diag.gap import State
from osvc_diag.plugin.artifact import Artifact, Priority
from osvc_diag.plugin.sources import DocumentSource

if TYPE_CHECKING:
    from pathlib import Path

    from osvc_diag.run.frontdoor import Result

Collected = Callable[..., "Result"]
LOG = "file/var/log/opensvc"


def lengthen(log: str, lines: int, *, random: bool = False) -> None:
    """Append records to a log, one a second; random ones do not compress."""
    with open(log, "a", encoding="ascii") as file:
        for number in range(lines):
            time = f"2026-11-23 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02},000"
            text = os.urandom(60).hex() if random else "a status was seen"
            file.write(f"{time} INFO n:node1 o:svc1 r:app#1 sc:n | {text} {number}\n")


@pytest.mark.parametrize("size", ["60K", "100K", "200K", "400K"])
def test_a_bundle_stays_below_its_limit_and_keeps_what_matters_most(
    size: str, tmp_path: Path, own_tree: Callable[..., str]
) -> None:
    root = own_tree()
    lengthen(os.path.join(root, "var/log/opensvc/svc1.log"), 6_000, random=True)
    done = osvc_diag("--root", root, "svc1", "--max-size", size, "--output", str(tmp_path / "out.tar.gz"))
    assert done.returncode == 10, done.stderr
    assert os.path.getsize(tmp_path / "out.tar.gz") <= int(size[:-1]) * 1024
    folder = unpack(str(tmp_path / "out.tar.gz"), str(tmp_path / "unpacked"))
    manifest = manifest_of(folder)
    state = {entry["name"]: entry["state"] for entry in manifest["artifacts"]}
    assert {name for name, found in state.items() if found in {"skipped", "truncated"}} == {
        gap["artifact"] for gap in manifest["gaps"]
    }
    assert all("--max-size" in gap["reason"] for gap in manifest["gaps"])
    assert state["file/etc/opensvc/svc1.conf"] == "ok"
    assert state[f"{LOG}/svc1.log"] == "truncated"


def test_of_a_log_that_does_not_fit_the_newest_part_is_kept_from_a_records_start(
    tmp_path: Path, own_tree: Callable[..., str]
) -> None:
    root = own_tree()
    log = os.path.join(root, "var/log/opensvc/svc1.log")
    lengthen(log, 6_000, random=True)
    osvc_diag("--root", root, "svc1", "--max-size", "300K", "--output", str(tmp_path / "out.tar.gz"))
    folder = unpack(str(tmp_path / "out.tar.gz"), str(tmp_path / "unpacked"))
    kept = content(folder, f"{LOG}/svc1.log")
    assert len(kept) > 200_000
    assert kept == content(root, "var/log/opensvc/svc1.log")[-len(kept) :]
    assert kept.startswith(b"2026-11-23 ")
    (entry,) = [entry for entry in manifest_of(folder)["artifacts"] if entry["name"] == f"{LOG}/svc1.log"]
    assert entry["log"]["lines_kept"] == kept.count(b"\n")
    assert entry["log"]["left_out_bytes"] == os.path.getsize(log) - len(kept)


def test_each_log_has_a_budget_of_its_own_and_the_newest_part_is_kept(
    tmp_path: Path, own_tree: Callable[..., str]
) -> None:
    root = own_tree()
    lengthen(os.path.join(root, "var/log/opensvc/svc1.log"), 3_000)
    done = osvc_diag("--root", root, "svc1", "--log-size", "20K", "--output", str(tmp_path / "out.tar.gz"))
    assert done.returncode == 0, done.stderr
    folder = unpack(str(tmp_path / "out.tar.gz"), str(tmp_path / "unpacked"))
    kept = content(folder, f"{LOG}/svc1.log")
    assert kept == content(root, "var/log/opensvc/svc1.log")[-len(kept) :]
    assert 19 * 1024 < len(kept) <= 20 * 1024
    assert f"{LOG}/svc1.log.1.gz" not in files_of(folder)
    assert len(content(folder, f"{LOG}/node.log")) > 19 * 1024
    states = {entry["name"]: entry["state"] for entry in manifest_of(folder)["artifacts"]}
    assert (states[f"{LOG}/svc1.log"], states[f"{LOG}/svc1.log.1.gz"]) == ("sliced", "skipped")


def test_a_window_slices_inside_logs_and_rotated_logs(
    tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    root = sample_tree()
    args = [
        "--since",
        "2026-11-22 20:00",
        "--until",
        "2026-11-22 20:15:30",
        "--output",
        str(tmp_path / "out.tar.gz"),
    ]
    done = osvc_diag("--root", root, "svc1", *args)
    assert done.returncode == 0, done.stderr
    folder = unpack(str(tmp_path / "out.tar.gz"), str(tmp_path / "unpacked"))
    for name in ("node.log", "node.log.1.gz", "svc1.log"):
        if f"{LOG}/{name}" not in files_of(folder):
            continue
        stamps = [
            line[:16]
            for line in content(folder, f"{LOG}/{name}").split(b"\n")
            if line.startswith(b"2026-11-22 ")
        ]
        assert stamps
        assert {b"2026-11-22 20:00" <= stamp <= b"2026-11-22 20:15" for stamp in stamps} == {True}, name
    window = manifest_of(folder)["window"]
    assert window == {"since": "2026-11-22T20:00:00+00:00", "until": "2026-11-22T20:15:30+00:00"}


def test_only_and_skip_choose_collectors(tmp_path: Path, sample_tree: Callable[..., str]) -> None:
    root = sample_tree()
    for args, wanted in (
        (["--only", "node-conf,cluster-conf"], {"node-conf", "cluster-conf"}),
        (["--skip", "node-log,node-state,system"], {"node-conf", "cluster-conf"}),
    ):
        done = osvc_diag("--root", root, "node", "--dry-run", "--json", *args)
        told = json.loads(done.stdout)
        assert {name for artifact in told["artifacts"] for name in artifact["collectors"]} == wanted


def test_a_dry_run_takes_nothing_and_reads_nothing_big(tmp_path: Path, own_tree: Callable[..., str]) -> None:
    root = own_tree()
    log = os.path.join(root, "var/log/opensvc/svc1.log")
    os.truncate(log, 1 << 43)  # 8 TiB: reading it would never end
    done = osvc_diag("--root", root, "svc1", "--dry-run", cwd=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "8.0 TiB" in done.stdout
    assert "nothing was written" in done.stderr
    assert set(os.listdir(tmp_path)) == {"node1-fhs"}


def test_a_limit_of_processor_time_ends_collecting_with_a_whole_bundle(
    collected: Collected, tmp_path: Path
) -> None:
    result = collected("svc1", cpu_time=1e-6)
    assert not [entry.name for entry in result.manifest.artifacts if entry.is_stored]
    assert {gap.state for gap in result.gaps} == {State.TIMEOUT}
    assert all("--cpu-time was reached" in gap.reason for gap in result.gaps)
    assert result.manifest.limits.cpu_seconds == 1e-6
    unpack(result.bundle, str(tmp_path / "unpacked"))


def test_a_time_limit_ends_collecting_and_what_was_not_read_is_told(
    collected: Collected, naming: Callable[..., Any], tmp_path: Path
) -> None:
    for_ever = threading.Event()
    first = Artifact("info/a.json", DocumentSource(for_ever.wait), form=Form.JSON, priority=Priority.STATE)
    try:
        result = collected("**", naming=naming(first), timeout=4)
    finally:
        for_ever.set()
    states = {entry.state for entry in result.manifest.artifacts if not entry.is_stored}
    assert states == {State.TIMEOUT}
    assert {gap.reason for gap in result.gaps} == {
        "--timeout was reached",
        "--timeout was reached before its turn",
    }
    assert result.manifest.limits.timeout_seconds == 4
    unpack(result.bundle, str(tmp_path / "unpacked"))


def test_no_time_at_all_gives_a_bundle_of_gaps(tmp_path: Path, sample_tree: Callable[..., str]) -> None:
    done = osvc_diag(
        "--root", sample_tree(), "svc1", "--timeout", "0.000001", "--output", str(tmp_path / "out.tar.gz")
    )
    assert done.returncode == 10, done.stderr
    folder = unpack(str(tmp_path / "out.tar.gz"), str(tmp_path / "unpacked"))
    assert files_of(folder) == ["README.txt", "SHA256SUMS", "issue.json", "manifest.json"]


def test_a_collector_asked_for_by_name_that_is_for_another_agent_is_a_gap(collected: Collected) -> None:
    result = collected("node", only=("node-journal", "node-conf"))
    assert [(gap.collector, gap.reason) for gap in result.gaps] == [
        ("node-journal", "it is for agent om3: here is none")
    ]
