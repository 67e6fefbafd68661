"""How other tools of this kind fail, one test each: it would fail on their behaviour."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any, Callable

import pytest
from e2e_tools import TIMEOUT, content, environment, files_of, manifest_of, osvc_diag, unpack

from osvc_diag.events import PhaseStarted
from osvc_diag.node.node import Node
from osvc_diag.plugin.hookspecs import hookimpl
from osvc_diag.plugin.plugin_manager import load_plugins
from osvc_diag.redaction import Anchor, Rule, Span
from osvc_diag.run.frontdoor import make_bundle
from osvc_diag.run.request import Request

if TYPE_CHECKING:
    from pathlib import Path

    from osvc_diag.run.frontdoor import Result

Collected = Callable[..., "Result"]
LOG = "file/var/log/opensvc/svc1.log"
CONF = "file/etc/opensvc/svc1.conf"
RECORD = b"2026-11-22 21:00:00,000 INFO n:node1 o:svc1 sc:n | "
BLOCK = 256 * 1024  # bytes that are read at a time


class Tree:
    """A sample node to write to, and its bundle of svc1."""

    def __init__(self, root: str, collected: Collected, folder: str) -> None:
        self.root = root
        self._collected = collected
        self._folder = folder

    def write(self, member: str, text: bytes) -> None:
        with open(os.path.join(self.root, member[len("file/") :]), "wb") as file:
            file.write(text)

    def add(self, member: str, text: bytes) -> None:
        with open(os.path.join(self.root, member[len("file/") :]), "ab") as file:
            file.write(text)

    def collect(self, *selectors: str, **wishes: Any) -> str:
        result = self._collected(*(selectors or ("svc1",)), root=self.root, **wishes)
        return unpack(result.bundle, self._folder)


@pytest.fixture
def tree(own_tree: Callable[..., str], collected: Collected, tmp_path: Path) -> Tree:
    return Tree(own_tree(), collected, str(tmp_path / "unpacked"))


def test_after_a_redaction_error_the_raw_file_is_not_archived(tree: Tree, tmp_path: Path) -> None:
    def raises(line: bytes) -> list[Span]:
        if b"the word is" in line:  # not when it is tried
            raise RuntimeError(f"it saw {line!r}")
        return [Span(0, len(line))] if line == b"swordfish" else []

    @hookimpl
    def osvc_diag_redaction_rules() -> list[Rule]:
        anchors = (Anchor(rb"swordfish"),)
        return [Rule("broken", "raises", anchors, masked=("«swordfish»",), kept=("sword fish",), find=raises)]

    plugin = ModuleType("broken-rule")
    plugin.osvc_diag_redaction_rules = osvc_diag_redaction_rules  # type: ignore[attr-defined]
    tree.add(LOG, RECORD + b"the word is swordfish\n")
    plugins = load_plugins(extra=[("broken-rule", plugin)])
    result = make_bundle(Request(("svc1",)), Node.discover(tree.root), plugins, output=str(tmp_path))
    (gap,) = result.gaps
    assert (gap.artifact, gap.state.value) == (LOG, "withheld")
    assert "swordfish" not in gap.reason
    folder = unpack(result.bundle, str(tmp_path / "unpacked"))
    assert LOG not in files_of(folder)
    assert len(files_of(folder)) > 30, "the rest is there"


@pytest.mark.parametrize("length", [64 * 1024 - 1, 64 * 1024 + 1, BLOCK + 1, 3_000_000])
def test_a_long_line_does_not_end_the_copy(length: int, tree: Tree) -> None:
    tree.write(LOG, RECORD + b"before\n" + RECORD + b"x" * length + b"\n" + RECORD + b"after\n")
    kept = content(tree.collect(), LOG).split(b"\n")
    assert kept[0] == RECORD + b"before"
    assert kept[-2:] == [RECORD + b"after", b""]
    assert len(kept) == 4


@pytest.mark.parametrize("value", [b"Gx4-plover-9Wt", b"two Gx4-plover words"])
@pytest.mark.parametrize(
    "line",
    [
        b"secret=%s",
        b"secret\t=\t%s",
        b"secret  =  %s",
        b"secret@node1 = %s",
        b"password@drpnodes=%s",
        b"secret =\n\t%s",
    ],
)
def test_every_spelling_of_a_secret_is_masked_and_not_only_one(line: bytes, value: bytes, tree: Tree) -> None:
    tree.add(CONF, b"\n[hb#9]\ntype = relay\n" + line % value + b"\ntimeout = 77\n")
    tree.add(LOG, RECORD + b"it echoes " + value + b"\n")
    folder = tree.collect()
    assert value not in content(folder, CONF)
    assert value not in content(folder, LOG)
    assert b"\ntimeout = 77\n" in content(folder, CONF)


def test_an_empty_secret_does_not_corrupt_the_next_line(tree: Tree) -> None:
    tree.add(CONF, b"\n[hb#9]\nsecret =\ntimeout = 77\npassword =\n\n[hb#8]\ntype = disk\n")
    assert b"\n[hb#9]\nsecret =\ntimeout = 77\npassword =\n\n[hb#8]\ntype = disk\n" in content(
        tree.collect(), CONF
    )


def test_a_value_learned_last_is_masked_in_what_comes_first(tree: Tree) -> None:
    value = b"zx81-learned-late"
    tree.write("file/etc/opensvc/zzz.conf", b"[DEFAULT]\nid = 1\n[app#1]\npassword = " + value + b"\n")
    tree.add("file/var/lib/opensvc/last_shutdown", value + b"\n")
    folder = tree.collect("node")
    assert "file/etc/opensvc/zzz.conf" not in files_of(folder), "it was not even selected"
    assert b"<masked:" in content(folder, "file/var/lib/opensvc/last_shutdown")


@pytest.mark.parametrize("before", range(1, 32, 5))
def test_a_secret_split_across_two_read_blocks_is_masked(before: int, tree: Tree) -> None:
    value = b"9d1a3d2a0e6b11ef9c0a525400a1b2c3"
    filler = RECORD + b"y" * 200 + b"\n"
    text = filler * (BLOCK // len(filler) - 1)
    text += RECORD + b"z" * (BLOCK - len(text) - len(RECORD) - before - 1) + b" " + value + b" end\n"
    assert text[:BLOCK].endswith(value[:before])
    tree.write(LOG, text + filler)
    kept = content(tree.collect(), LOG)
    assert value not in kept
    assert kept.endswith(b" end\n" + filler)


@pytest.mark.parametrize("value", [b"a.*b+c?(d)[e]{2}^$|\\", b"((((a9[x)|", b"[0-9]+$^", b"\\d\\w\\1pass"])
def test_a_secret_with_regex_characters_is_no_pattern(value: bytes, tree: Tree) -> None:
    tree.add(CONF, b"\n[app#9]\npassword = " + value + b"\n")
    innocent = RECORD + b"aXXb ccc d e 22 and 12345 stay\n"
    tree.add(LOG, RECORD + b"login with " + value + b" now\n" + innocent)
    folder = tree.collect()
    assert value not in content(folder, LOG)
    assert content(folder, LOG).endswith(b" now\n" + innocent)


def test_what_only_looks_like_a_secret_is_kept(tree: Tree) -> None:
    kept = [
        b"secret_backend_timeout = 30",
        b"commit 3f2c1a9be07d4c5f8e6a7b8c9d0e1f2a3b4c5d6e",
        b"container 4f66ad9a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6 is up",
        b"boot id 0c6f2d1e-77aa-4a51-9b2c-2f1f6f0a9d11",
        b"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        b"token bucket is full",
        b"secret key 'password' added (186)",
        b"password = system/sec/b1",
        b"ignored option DEFAULT.password",
    ]
    lines = b"".join(RECORD + line + b"\n" for line in kept)
    tree.write(LOG, lines)
    assert content(tree.collect(), LOG) == lines


def test_empty_lines_comments_carriage_returns_and_binary_bytes_survive(tree: Tree) -> None:
    text = (
        b"\n\n# a comment\r\n\r\n"
        + RECORD
        + bytes(range(256)).replace(b"\n", b"")
        + b"\n\n\x00\xff\xfe\n   \n\nno end"
    )
    tree.write(LOG, text)
    conf = b"# first\n\n\n[DEFAULT]\n; second\nid = 1\n\n   \n# last\n"
    tree.write(CONF, conf)
    folder = tree.collect()
    assert content(folder, LOG) == text
    assert content(folder, CONF) == conf


def test_one_logs_size_does_not_eat_anothers_budget(tree: Tree) -> None:
    tree.add(LOG, (RECORD + b"noise\n") * 20_000)
    folder = tree.collect(log_size=50_000)
    assert len(content(folder, LOG)) <= 50_000
    for name in ("node.log", "node.scheduler.log"):
        assert content(folder, f"file/var/log/opensvc/{name}")


def test_the_tail_is_not_cut_in_the_middle_of_a_line_or_a_record(tree: Tree) -> None:
    record = RECORD + b'it failed\nTraceback (most recent call last):\n  File "x.py", line 1\nValueError: x\n'
    tree.write(LOG, record * 300)
    for size in range(20_000, 20_000 + len(record), 29):
        kept = content(tree.collect(log_size=size), LOG)
        assert kept == record * (len(kept) // len(record))
        assert len(kept) > size - len(record)
        subprocess.run(["rm", "-r", tree._folder], check=True)


def test_the_manifest_lists_nothing_that_was_not_copied_and_counts_the_time_of_compressing(
    tree: Tree,
) -> None:
    os.unlink(os.path.join(tree.root, LOG[len("file/") :]))
    os.symlink("/etc/passwd", os.path.join(tree.root, LOG[len("file/") :]))
    folder = tree.collect("**")
    manifest = manifest_of(folder)
    pages = {"manifest.json", "SHA256SUMS", "README.txt", "issue.json"}
    stored = {entry["name"]: entry for entry in manifest["artifacts"] if "sha256" in entry}
    assert set(stored) == set(files_of(folder)) - pages
    for name, entry in stored.items():
        assert entry["stored_bytes"] == os.path.getsize(os.path.join(folder, name))
    absent = {entry["name"]: entry["reason"] for entry in manifest["artifacts"] if "sha256" not in entry}
    assert "leads out of" in absent[LOG]
    # Reading, redacting and compressing are one pass: what an artifact took has all of it.
    parts = sum(entry["seconds"] for entry in manifest["artifacts"])
    assert parts <= manifest["seconds"]["collect"] + 0.001 * len(manifest["artifacts"])


def test_a_log_that_became_a_pipe_meanwhile_stalls_nothing(tree: Tree) -> None:
    def listen(event: object) -> None:
        if isinstance(event, PhaseStarted) and event.phase == "learn":
            path = os.path.join(tree.root, LOG[len("file/") :])
            os.unlink(path)
            os.mkfifo(path)

    folder = tree.collect(on_event=listen)
    (gap,) = manifest_of(folder)["gaps"]
    assert (gap["artifact"], gap["state"], "FIFO" in gap["reason"]) == (LOG, "skipped", True)


def test_a_link_swapped_in_under_the_bundles_name_is_not_followed(tree: Tree, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    os.symlink(victim, tmp_path / "mine.tar.gz")
    folder = tree.collect(output=str(tmp_path / "mine.tar.gz"))
    assert os.path.basename(folder) == "mine"
    assert victim.read_bytes() == b"precious"
    assert stat.S_ISLNK(os.lstat(tmp_path / "mine.tar.gz").st_mode)
    assert stat.S_IMODE(os.stat(tmp_path / "mine-2.tar.gz").st_mode) == 0o600


def test_memory_does_not_grow_with_the_log(tmp_path: Path, own_tree: Callable[..., str]) -> None:
    root = own_tree()
    peaks = []
    for size in (1, 48):
        with open(os.path.join(root, LOG[len("file/") :]), "wb") as log:
            record = RECORD + b"a status was seen %08d times, and nothing came of it\n"
            log.writelines(record % number * (1_000_000 // len(record % 0)) for number in range(size))
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                (
                    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
                    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
                ),
                *[sys.executable, "-m", "osvc_diag", "--root", root, "svc1", "-q", "--log-size", "1G"],
                *["--output", str(tmp_path)],
            ],
            check=True,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            env=environment(),
        )
        peaks.append(int(done.stdout))
    assert resource.getpagesize()
    assert peaks[1] - peaks[0] < 32 * 1024, "KiB"


@pytest.mark.parametrize(
    "line",
    [
        b"a" * 262_144,
        b"=" * 262_144,
        b"password " * 8_000,
        b"a:b@" * 65_536,
        b"://" * 40_000,
        b"-----BEGIN " * 24_000,
        b"{" * 131_072 + b"}" * 131_072,
        b"\\" * 262_144,
        b"'\"" * 131_072,
        b"secret=" + b"'" * 262_144,
    ],
    ids=range(10),
)
def test_no_line_makes_a_rule_backtrack_for_minutes(
    line: bytes, tmp_path: Path, own_tree: Callable[..., str]
) -> None:
    root = own_tree()
    with open(os.path.join(root, LOG[len("file/") :]), "wb") as log:
        log.write(RECORD + line + b"\n")
    done = osvc_diag(
        "--root", root, "svc1", "--only", "object-log", "--output", str(tmp_path / "out.tar.gz"), "-q"
    )
    assert done.returncode == 0, done.stderr
