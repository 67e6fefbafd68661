"""`osvc-diag show`: what is in a bundle, what is missing, what was masked."""

from __future__ import annotations

import dataclasses
import json
import os

import pytest

from osvc_diag import diagnose
from osvc_diag.bundle.facts import (
    ArtifactEntry,
    ClusterFacts,
    NodeFacts,
    PluginFacts,
    RedactionFacts,
    SelectionFacts,
    WindowFacts,
)
from osvc_diag.bundle.manifest import Manifest
from osvc_diag.bundle.writer import BundleWriter
from osvc_diag.cli.main import main
from osvc_diag.gap import Gap, State
from osvc_diag.testing import NodeBuilder

MANIFEST = Manifest(
    tool_version="0.1",
    started="2026-11-22T20:00:00.000000Z",
    node=NodeFacts("node1", agent="b2.1", live=False),
    cluster=ClusterFacts("c1", ("node1", "node2")),
    selection=SelectionFacts(("web",), ("web",)),
    redaction=RedactionFacts("1", ("crypt: values were masked, not learned",)),
    window=WindowFacts(since="2026-11-22T10:00:00+01:00"),
    label="friday",
    plugins=(PluginFacts("san", failure="no module named san"),),
)


def show(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(["show", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def write(folder, content=b"x" * 2048, **changes) -> str:
    with BundleWriter(str(folder), "b.tar.gz") as writer:
        for name in ("file/log/web.log", "file/\x1b[31mred"):
            with writer.member(name, 0) as sink:
                sink.write(content)
        stored = tuple(
            ArtifactEntry(
                name=member.name,
                collectors=("object-log",),
                source="/x",
                state=State.SLICED,
                reason="--log-size",
                stored_bytes=member.size,
                sha256=member.sha256,
                masked={"url-password": 2},
            )
            for member in writer.members
        )
        manifest = dataclasses.replace(MANIFEST, artifacts=stored, **changes)
        writer.seal([("manifest.json", manifest.to_json())])
        return writer.publish()


def test_it_tells_what_is_in_a_bundle_what_is_missing_and_what_was_masked(tmp_path, capsys) -> None:
    gap = Gap(State.DENIED, "permission denied", "node-conf", "file/etc/node.conf", "run it as root")
    code, out, err = show(capsys, write(tmp_path, gaps=(gap,)))
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    for expected in [
        "made 2026-11-22T20:00:00Z by osvc_diag 0.1",
        "node node1, from a copy of its files",
        "agent b2.1",
        "cluster c1 (node1 node2)",
        "objects web",
        "window 2026-11-22T10:00:00+01:00 to the end",
        "label friday",
        "redaction crypt: values were masked, not learned",
        "plugin san: no module named san",
        "2 artifacts, 4.0 KiB unpacked",
        "sliced 2.0 KiB file/log/web.log: --log-size (masked url-password=2)",
        "4 secrets masked",
        "url-password 4",
        "1 gap",
        "denied file/etc/node.conf: permission denied (run it as root)",
    ]:
        assert expected in lines, out


def test_thousands_of_objects_do_not_fill_the_screen(tmp_path, capsys) -> None:
    names = tuple(f"ns/svc/o{number:04}" for number in range(5000))
    _, out, _ = show(capsys, write(tmp_path, selection=SelectionFacts(("**",), names)))
    (line,) = [line for line in out.splitlines() if line.startswith("objects")]
    assert "o0019 and 4980 more" in line
    assert len(line) < 400


def test_a_node_without_a_cluster_is_told_plainly(tmp_path, capsys) -> None:
    _, out, _ = show(capsys, write(tmp_path, cluster=ClusterFacts()))
    assert "unknown" in [line.split(maxsplit=1)[1] for line in out.splitlines() if line.startswith("cluster")]


def test_a_name_cannot_reach_the_terminal_as_an_escape(tmp_path, capsys) -> None:
    _, out, _ = show(capsys, write(tmp_path))
    assert "\x1b" not in out
    assert r"file/\x1b[31mred" in out


def test_a_bundle_without_gaps_says_so(tmp_path, capsys) -> None:
    assert "nothing was missing when it was made" in show(capsys, write(tmp_path))[1]


def test_json_is_the_manifest_and_where_it_is_from(tmp_path, capsys) -> None:
    path = write(tmp_path)
    code, out, _ = show(capsys, path, "--json")
    told = json.loads(out)
    assert code == 0
    assert told["bundle"] == path
    assert told["manifest"]["node"]["name"] == "node1"


def test_a_damaged_bundle_is_exit_code_6(tmp_path, capsys) -> None:
    path = tmp_path / "x.tar.gz"
    path.write_bytes(b"PK" * 20)
    code, out, err = show(capsys, str(path))
    assert (code, out) == (6, "")
    assert "no .tar.gz archive" in err


def test_a_bundle_that_was_damaged_on_its_way_is_called_so(tmp_path, capsys) -> None:
    path = write(tmp_path)
    with open(path, "r+b") as file:
        file.seek(40)
        file.write(b"\xff" * 40)
    code, _, err = show(capsys, path)
    assert code == 6
    assert f"{path}: the archive is damaged" in err


def test_a_bundle_that_is_not_there_is_exit_code_2(tmp_path, capsys) -> None:
    code, _, err = show(capsys, str(tmp_path / "nowhere"))
    assert code == 2
    assert "No such file" in err


def test_no_more_than_the_manifest_and_the_last_bytes_is_read(tmp_path, capsys) -> None:
    path = write(tmp_path, os.urandom(1_000_000))
    with open(path, "r+b") as file:
        file.seek(-60, 2)
        file.write(b"\xff" * 40)
    assert show(capsys, path)[0] == 0


@pytest.mark.parametrize("missing", [1, 4, 8, 100])
def test_a_bundle_that_was_cut_short_is_shown_as_one(tmp_path, capsys, missing) -> None:
    path = write(tmp_path)
    with open(path, "r+b") as file:
        file.seek(-missing, 2)
        file.truncate()
    code, out, err = show(capsys, path)
    assert code == 6
    assert "it does not end as it was made; below is what it had then" in out
    assert "file/log/web.log" in out
    assert f"{path} is cut short or damaged" in err
    assert "hint: copy it again from where it was made, or make it again" in err


def test_a_bundle_that_something_follows_is_shown_as_damaged(tmp_path, capsys) -> None:
    path = write(tmp_path)
    with open(path, "ab") as file:
        file.write(b"more")
    assert show(capsys, path)[0] == 6


def test_json_of_a_bundle_that_was_cut_short_has_the_manifest_and_the_error(tmp_path, capsys) -> None:
    path = write(tmp_path)
    with open(path, "r+b") as file:
        file.seek(-9, 2)
        file.truncate()
    code, out, _ = show(capsys, path, "--json")
    told = json.loads(out)
    assert code == told["exit_code"] == 6
    assert told["error"] == "VerificationError"
    assert told["manifest"]["node"]["name"] == "node1"


def test_a_real_bundle_with_long_names_ends_as_it_was_made(tmp_path, capsys) -> None:
    web = "n" * 60 + "/svc/" + "w" * 100
    node = NodeBuilder(tmp_path / "node")
    node.add_object(web)
    node.write_log(web, *["started"] * 5000)
    bundle = diagnose(web, node=node.read(), output=str(tmp_path)).bundle
    code, _, err = show(capsys, bundle)
    assert (code, err) == (0, "")


@pytest.mark.parametrize(("content", "told"), [(b"", "is empty"), (b"hello!", "no .tar.gz archive")])
def test_a_file_that_is_no_archive_is_called_so_however_short_it_is(tmp_path, capsys, content, told) -> None:
    path = tmp_path / "x.tar.gz"
    path.write_bytes(content)
    code, _, err = show(capsys, str(path))
    assert code == 6
    assert told in err
    assert "name a .tar.gz that osvc-diag made" in err


@pytest.mark.parametrize("arguments", [[], ["one", "two"]])
def test_anything_but_one_bundle_is_a_usage_error(capsys, arguments) -> None:
    code, out, err = show(capsys, *arguments)
    assert (code, out) == (2, "")
    assert "usage:" in err
