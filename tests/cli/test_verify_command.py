"""`osvc-diag verify`: on the bundle's node its own secrets are searched for, elsewhere what gives any away."""

from __future__ import annotations

import dataclasses
import json
import os

import pytest

from osvc_diag import Node, diagnose
from osvc_diag.bundle.facts import ArtifactEntry, ClusterFacts, NodeFacts, RedactionFacts, SelectionFacts
from osvc_diag.bundle.manifest import Manifest
from osvc_diag.bundle.writer import BundleWriter
from osvc_diag.cli.main import main
from osvc_diag.gap import State

MANIFEST = Manifest(
    tool_version="0.1",
    started="2026-11-22T20:00:00.000000Z",
    node=NodeFacts("elsewhere"),
    cluster=ClusterFacts("another-cluster", ("elsewhere",)),
    selection=SelectionFacts(("web",), ("web",)),
    redaction=RedactionFacts("1"),
)
CLUSTER_SECRET = "5f4dcc3b5aa765d61d8327deb882cf99"


def write(folder, content: bytes) -> str:
    with BundleWriter(str(folder), "b.tar.gz") as writer:
        with writer.member("file/log/web.log", 0) as sink:
            sink.write(content)
        [stored] = writer.members
        entry = ArtifactEntry(
            name=stored.name,
            collectors=("object-log",),
            source="/log/web.log",
            state=State.OK,
            stored_bytes=stored.size,
            sha256=stored.sha256,
        )
        manifest = dataclasses.replace(MANIFEST, artifacts=(entry,))
        writer.seal([("manifest.json", manifest.to_json())])
        return writer.publish()


@pytest.fixture
def root(tmp_path) -> str:
    for name in ("etc", "log", "var"):
        os.makedirs(tmp_path / "root" / name)
    conf = tmp_path / "root" / "etc" / "cluster.conf"
    conf.write_text(f"[cluster]\nname = another-cluster\nnodes = elsewhere\nsecret = {CLUSTER_SECRET}\n")
    return str(tmp_path / "root")


def verify(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(["verify", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_elsewhere_it_passes_and_says_what_it_could_not_search_for(tmp_path, capsys) -> None:
    code, out, err = verify(capsys, write(tmp_path, b"all is well\n"))
    assert code == 0
    assert out.startswith("ok: 3 members")
    assert "nothing found that looks like a secret" in out
    assert "its own secrets are unknown here" in err


def test_with_the_nodes_files_its_own_secrets_are_found(tmp_path, capsys, root) -> None:
    path = write(tmp_path, f"x = {CLUSTER_SECRET}\n".encode())
    code, out, err = verify(capsys, path, "--root", root, "--node", "elsewhere")
    assert code == 6
    assert "file/log/web.log: " in out
    told, hint = err.splitlines()
    assert told == "osvc-diag: the bundle did not pass verification: 1 problem"
    assert hint.startswith("  hint: give it to nobody")
    assert CLUSTER_SECRET not in out + err


def test_with_the_nodes_files_a_clean_bundle_passes(tmp_path, capsys, root) -> None:
    code, out, err = verify(capsys, write(tmp_path, b"well\n"), "--root", root, "--node", "elsewhere")
    assert (code, err) == (0, "")
    assert "no secret of elsewhere found" in out


@pytest.mark.parametrize(
    ("name", "cluster", "nodes", "is_known", "told"),
    [
        ("elsewhere", "another-cluster", "elsewhere", True, ""),
        ("peer", "another-cluster", "elsewhere peer", False, "peer is another node of its cluster"),
        ("peer", "another-cluster", "peer", False, "peer is a node of another cluster"),
        ("elsewhere", "default", "elsewhere", False, "elsewhere is a node of another cluster"),
    ],
)
def test_which_node_is_known_is_told_precisely(
    tmp_path, capsys, root, name, cluster, nodes, is_known, told
) -> None:
    with open(f"{root}/etc/cluster.conf", "w", encoding="ascii") as file:
        file.write(f"[cluster]\nname = {cluster}\nnodes = {nodes}\n")
    code, out, _ = verify(
        capsys, write(tmp_path, b"well\n"), "--root", root, "--node", name, "--json", "--timezone", "UTC"
    )
    found = json.loads(out)
    assert code == 0
    assert found["searched_for_the_nodes_secrets"] is is_known
    assert found["searched_for_the_secrets_of"] == name
    assert [limit for limit in found["limits"] if told in limit] == found["limits"]
    assert bool(found["limits"]) is not is_known


@pytest.mark.parametrize("others", ["", " peer"])
def test_a_bundle_with_masked_names_is_known_on_its_own_node(tmp_path, capsys, root, others) -> None:
    with open(f"{root}/etc/cluster.conf", "w", encoding="ascii") as file:
        file.write(f"[cluster]\nname = c1\nnodes = elsewhere{others}\nsecret = {CLUSTER_SECRET}\n")
    diagnose(
        "node", node=Node.discover(root, name="elsewhere"), output=f"{tmp_path}/b.tar.gz", mask_network=True
    )
    code, out, err = verify(capsys, f"{tmp_path}/b.tar.gz", "--root", root, "--node", "elsewhere", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["searched_for_the_nodes_secrets"] is True


@pytest.mark.parametrize(("cluster", "secrets_of"), [("another-cluster", "elsewhere"), ("default", None)])
def test_a_live_node_of_another_cluster_is_not_searched_for_by_its_name(
    tmp_path, capsys, root, monkeypatch, cluster, secrets_of
) -> None:
    with open(f"{root}/etc/cluster.conf", "w", encoding="ascii") as file:
        file.write(f"[cluster]\nname = {cluster}\nnodes = elsewhere\n")
    monkeypatch.setenv("OSVC_ROOT_PATH", root)
    _, out, _ = verify(capsys, write(tmp_path, b"well\n"), "--node", "elsewhere", "--json")
    assert json.loads(out)["searched_for_the_secrets_of"] == secrets_of


def test_values_that_could_not_be_decrypted_are_told(tmp_path, capsys, root) -> None:
    os.makedirs(f"{root}/etc/sec")
    with open(f"{root}/etc/sec/s.conf", "w", encoding="ascii") as file:
        file.write("[data]\npassword = crypt:AAAAAAAAAAAAAAAA\n")
    code, _, err = verify(capsys, write(tmp_path, b"well\n"), "--root", root, "--node", "elsewhere")
    assert code == 0
    assert "encrypted values could not be learned" in err


def test_json_tells_problems_by_place(tmp_path, capsys, root) -> None:
    path = write(tmp_path, f"x = {CLUSTER_SECRET}\n".encode())
    code, out, _ = verify(capsys, path, "--root", root, "--node", "elsewhere", "--json")
    told = json.loads(out)
    assert code == 6
    assert (told["ok"], told["searched_for_the_nodes_secrets"]) == (False, True)
    assert {(problem["member"], problem["offset"]) for problem in told["problems"]} == {
        ("file/log/web.log", 4)
    }


def test_what_gives_any_secret_away_is_found_anywhere(tmp_path, capsys) -> None:
    url = b"2026-11-22 20:00:00,000 INFO | git clone https://joe:Pa55w0rd@git.example.com/x\n"
    code, out, _ = verify(capsys, write(tmp_path, url))
    assert code == 6
    assert "file/log/web.log" in out


def test_a_damaged_bundle_is_exit_code_6(tmp_path, capsys) -> None:
    path = write(tmp_path, os.urandom(100_000))
    with open(path, "r+b") as file:
        file.seek(-100, 2)
        file.truncate()
    code, out, err = verify(capsys, path)
    assert code == 6
    assert out == f"problem\nthe archive is cut short: it ends after {os.path.getsize(path)} bytes\n"
    assert "hint: copy it again from where it was made, or make it again" in err


def test_json_of_a_damaged_bundle_has_what_the_json_of_any_failure_has(tmp_path, capsys) -> None:
    path = write(tmp_path, os.urandom(100_000))
    with open(path, "r+b") as file:
        file.seek(-100, 2)
        file.truncate()
    code, out, _ = verify(capsys, path, "--json")
    told = json.loads(out)
    assert code == told["exit_code"] == 6
    assert told["error"] == "VerificationError"
    assert told["hint"].startswith("copy it again")
    assert [problem["what"] for problem in told["problems"]] == [
        f"the archive is cut short: it ends after {os.path.getsize(path)} bytes"
    ]


def test_a_bundle_that_is_not_there_is_exit_code_2(tmp_path, capsys) -> None:
    assert verify(capsys, str(tmp_path / "nowhere"))[0] == 2


def test_files_that_do_not_tell_their_node_are_not_said_to_be_of_another_one(
    tmp_path, capsys, own_tree
) -> None:
    root = own_tree()
    os.unlink(f"{root}/var/log/opensvc/node.log")
    _, out, err = verify(capsys, write(tmp_path, b"well\n"), "--root", root)
    assert out.startswith("ok: ")
    assert "do not tell of which node they are: say it with --node NAME" in err
    assert "another cluster" not in err
