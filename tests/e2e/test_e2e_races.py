"""What changes while a bundle is made: never a secret in it, never two runs in each other's way."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Callable

import pytest
from e2e_tools import TIMEOUT, content, environment, manifest_of, unpack

from osvc_diag.errors import VerificationError
from osvc_diag.events import ArtifactStarted, PhaseStarted

if TYPE_CHECKING:
    from pathlib import Path

    from osvc_diag.run.frontdoor import Result

Collected = Callable[..., "Result"]
NEW_SECRET = "Xk7-brandnew-92Qz"


def add_secret(root: str, *, to_log: bool = True) -> None:
    """Configure a new secret, and have an application echo it."""
    with open(os.path.join(root, "etc/opensvc/svc1.conf"), "a", encoding="utf-8") as conf:
        conf.write(f"\n[app#2]\ntype = simple\nsecret = {NEW_SECRET}\n")
    if to_log:
        with open(os.path.join(root, "var/log/opensvc/svc1.log"), "a", encoding="utf-8") as log:
            log.write(
                f"2026-11-22 21:00:00,000 INFO n:node1 o:svc1 r:app#2 sc:n | | hello {NEW_SECRET} here\n"
            )


def test_a_secret_configured_between_learning_and_verifying_blocks_the_bundle(
    collected: Collected, own_tree: Callable[..., str], tmp_path: Path
) -> None:
    root = own_tree()
    with open(os.path.join(root, "var/log/opensvc/svc1.log"), "ab") as log:
        # Too large to be read ahead, together with the conf.
        log.write(b"2026-11-22 20:59:00,000 INFO n:node1 o:svc1 r:app#1 sc:n | | idle\n" * 2000)
    output = tmp_path / "out"
    output.mkdir()
    is_done = []

    def listen(event: object) -> None:
        # From here on the conf is in the bundle as it was; its log is not yet.
        if isinstance(event, ArtifactStarted) and event.name.endswith("/svc1.log") and not is_done:
            add_secret(root)
            is_done.append(True)

    with pytest.raises(VerificationError) as caught:
        collected("svc1", root=root, output=str(output), on_event=listen)
    assert is_done
    assert caught.value.exit_code == 6
    assert "svc1.log" in str(caught.value)
    assert "offset" in str(caught.value)
    assert NEW_SECRET not in str(caught.value) + str(caught.value.hint)
    assert os.listdir(output) == []


def test_a_secret_configured_before_its_conf_is_read_is_masked_or_blocks(
    collected: Collected, own_tree: Callable[..., str], tmp_path: Path
) -> None:
    root = own_tree()

    def listen(event: object) -> None:
        if isinstance(event, PhaseStarted) and event.phase == "collect":
            add_secret(root, to_log=False)

    result = collected("svc1", root=root, on_event=listen)
    folder = unpack(result.bundle, str(tmp_path / "unpacked"))
    conf = content(folder, "file/etc/opensvc/svc1.conf")
    assert b"[app#2]" in conf
    assert NEW_SECRET.encode() not in conf


def test_a_log_that_vanishes_after_it_was_planned_is_a_gap(
    collected: Collected, own_tree: Callable[..., str], tmp_path: Path
) -> None:
    root = own_tree()

    def listen(event: object) -> None:
        if isinstance(event, PhaseStarted) and event.phase == "learn":
            os.unlink(os.path.join(root, "var/log/opensvc/svc1.log"))

    result = collected("svc1", root=root, on_event=listen)
    (gap,) = result.gaps
    assert (gap.artifact, gap.state.value) == ("file/var/log/opensvc/svc1.log", "missing")
    unpack(result.bundle, str(tmp_path / "unpacked"))


def test_a_log_that_grows_and_one_that_shrinks_give_consistent_members(
    collected: Collected, own_tree: Callable[..., str], tmp_path: Path
) -> None:
    root = own_tree()
    grows = os.path.join(root, "var/log/opensvc/svc1.log")
    shrinks = os.path.join(root, "var/log/opensvc/node.log")

    def listen(event: object) -> None:
        if isinstance(event, ArtifactStarted):
            with open(grows, "a", encoding="ascii") as log:
                log.write("2026-11-22 21:00:00,000 INFO n:node1 o:svc1 sc:n | one more\n")
            os.truncate(shrinks, max(0, os.path.getsize(shrinks) - 500))

    result = collected("svc1", root=root, on_event=listen)
    folder = unpack(result.bundle, str(tmp_path / "unpacked"))
    assert content(folder, "file/var/log/opensvc/svc1.log").endswith(b"\n")
    for entry in manifest_of(folder)["artifacts"]:
        if "log" in entry:
            assert entry["log"]["lines_kept"] == len(content(folder, entry["name"]).splitlines())


def test_two_runs_at_once_make_two_bundles(tmp_path: Path, sample_tree: Callable[..., str]) -> None:
    command = [sys.executable, "-m", "osvc_diag", "--root", sample_tree(), "node", "-q", "--output"]
    runs = [
        subprocess.Popen(
            [*command, str(tmp_path / "same.tar.gz")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        for _ in range(3)
    ]
    bundles = {run.communicate(timeout=TIMEOUT)[0].strip() for run in runs}
    assert bundles == {str(tmp_path / name) for name in ("same.tar.gz", "same-2.tar.gz", "same-3.tar.gz")}
    assert {str(tmp_path / name) for name in os.listdir(tmp_path)} == bundles
    for number, bundle in enumerate(sorted(bundles)):
        unpack(bundle, str(tmp_path / "unpacked" / str(number)))


def test_a_file_that_has_the_name_already_is_never_overwritten(collected: Collected, tmp_path: Path) -> None:
    taken = tmp_path / "mine.tar.gz"
    taken.write_bytes(b"precious")
    result = collected(output=str(taken))
    assert result.bundle == str(tmp_path / "mine-2.tar.gz")
    assert taken.read_bytes() == b"precious"
