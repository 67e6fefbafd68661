"""The same inputs, clock and token key give the same bytes."""

from __future__ import annotations

import datetime as dt
import gzip
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Callable

import pytest
from e2e_tools import TIMEOUT, content, environment, leaks, manifest_of, unpack

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


WITHOUT = """
import sys
sys.modules.update(dict.fromkeys(filter(None, sys.argv[4].split(","))))
from osvc_diag.bundle.compression import Compression
from osvc_diag.node.node import Node
from osvc_diag.plugin.plugin_manager import load_plugins
from osvc_diag.run.frontdoor import make_bundle
from osvc_diag.run.request import Request
from test_e2e_same_bytes import StoppedClock

request = Request(("node", "svc1"), compression=Compression.parse(sys.argv[3]))
node = Node.discover(sys.argv[1])
print(make_bundle(request, node, load_plugins(), output=sys.argv[2], clock=StoppedClock()).bundle)
"""
MACHINE_CODE = "osvc_diag.redaction.hyperscan,osvc_diag.libpcre2"


@pytest.fixture(scope="module")
def big_root(tmp_path_factory: pytest.TempPathFactory, sample_tree: Callable[..., str]) -> str:
    """Return a node with a log that is worth threads and machine code."""
    root = shutil.copytree(sample_tree(), tmp_path_factory.mktemp("big") / "node1", symlinks=True)
    line = "2026-11-22 20:20:00,%03d INFO n:node1 o:svc1 r:app#1 sc:n | %s was seen %08d times\n"
    with open(os.path.join(root, "var/log/opensvc/svc1.log"), "a", encoding="ascii") as log:
        log.writelines(
            line % (number % 1000, "a status" if number % 100 else "--password Sup3rS3cret", number)
            for number in range(30_000)
        )
    return str(root)


@pytest.fixture(scope="module")
def tar_bytes(big_root: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[bytes, int]]:
    """Make a bundle in a process that lacks some modules; return the tar inside, and the archive's size."""

    def make(compress: str = "fast", without: str = "") -> tuple[bytes, int]:
        output = str(tmp_path_factory.mktemp("out"))
        here = os.path.dirname(os.path.abspath(__file__))
        paths = os.pathsep.join([here, os.path.dirname(here)])
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT, big_root, output, compress, without],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=TIMEOUT,
            env=environment(PYTHONPATH=paths),
        )
        with open(done.stdout.strip(), "rb") as file:
            packed = file.read()
        return gzip.decompress(packed), len(packed)

    return make


@pytest.fixture(scope="module")
def usual(tar_bytes: Callable[..., tuple[bytes, int]]) -> tuple[bytes, int]:
    """Return what comes of the sample with all that is installed."""
    return tar_bytes()


@pytest.mark.parametrize(
    "without", ["isal", "hyperscan", MACHINE_CODE, f"isal,{MACHINE_CODE}"], ids=lambda names: names[:16]
)
def test_what_speeds_it_up_changes_no_byte_of_the_tar(
    without: str, usual: tuple[bytes, int], tar_bytes: Callable[..., tuple[bytes, int]]
) -> None:
    assert tar_bytes(without=without)[0] == usual[0]


def test_a_small_archive_has_the_same_tar_and_is_no_larger_than_gzip_makes_it(
    usual: tuple[bytes, int], tar_bytes: Callable[..., tuple[bytes, int]]
) -> None:
    tar, size = tar_bytes("small")
    assert tar == usual[0]
    assert size <= len(gzip.compress(tar, 6)) < usual[1]
