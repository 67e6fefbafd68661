"""From a node of om3 to a bundle, as a user makes it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile

import pytest
from making_journals import (
    MACHINE,
    exported,
    journal_path,
    make_om3_node,
    planted,
    write_journal,
)

from osvc_diag import diagnose
from osvc_diag.gap import State

WEB = "cmd/object-journal/namespaces/prod/svc/web"
OM = "cmd/node-journal/om"


def osvc_diag(*args):
    """Run the program, and return what it said."""
    return subprocess.run(
        [sys.executable, "-m", "osvc_diag", *args],
        check=False,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=120,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
    )


@pytest.fixture
def bundle(om3, tmp_path):
    """Make a bundle of the node, and return its members, its manifest and the exit code."""

    def make(*args):
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            done = osvc_diag(*args, "--root", om3.root, "--timezone", "UTC", "--output", f"{folder}/b.tar.gz")
            assert done.returncode in {0, 10}, done.stderr
            with tarfile.open(f"{folder}/b.tar.gz") as tar:
                members = {
                    member.name.partition("/")[2]: tar.extractfile(member).read()
                    for member in tar
                    if member.isfile()
                }
        return members, json.loads(members["manifest.json"]), done.returncode

    return make


def entry_of(manifest, name):
    (entry,) = [entry for entry in manifest["artifacts"] if entry["name"] == name]
    return entry


class TestTheSample:
    def test_a_bundle_has_what_one_of_the_python_agent_has_and_no_secret(self, bundle, give_journal):
        give_journal()
        members, manifest, code = bundle("prod/svc/web")
        assert code == 0
        assert manifest["gaps"] == []
        assert {name for name in members if "/" in name and "machine-log" not in name} == {
            "file/etc/opensvc/cluster.conf",
            "file/etc/opensvc/node.conf",
            "file/etc/opensvc/namespaces/prod/svc/web.conf",
            "file/var/lib/opensvc/capabilities-v3.json",
            *(f"{stem}.{suffix}" for stem in (WEB, OM) for suffix in ("log", "jsonl")),
        }
        for name, content in members.items():
            for secret in planted():
                assert secret.encode() not in content, name

    def test_the_manifest_tells_how_much_there_is_and_from_when_to_when(self, bundle, give_journal):
        give_journal()
        _, manifest, _ = bundle("prod/svc/web")
        for suffix, lines in (("log", 783), ("jsonl", 734)):
            entry = entry_of(manifest, f"{WEB}.{suffix}")
            assert entry["state"] == "ok"
            assert entry["source"] == "journal: _UID=0 OBJ_PATH=prod/svc/web"
            assert entry["log"]["lines_kept"] == lines
            assert entry["log"]["first"] == "2026-11-20 20:00:20,405"
            assert entry["log"]["last"] == "2026-11-22 19:24:22,946"
            assert entry["command"]["rc"] == 0
        assert entry_of(manifest, f"{OM}.jsonl")["log"]["lines_kept"] == 1846

    def test_the_first_page_shows_the_last_errors_once(self, bundle, give_journal):
        give_journal()
        page = bundle("prod/svc/web")[0]["README.txt"].decode()
        (line,) = [line for line in page.splitlines() if "abort! 10.20.0.11 is alive" in line]
        assert "o:prod/svc/web r:ip#1" in line
        assert "times]" not in line
        assert "agent         om3" in page

    def test_both_ways_of_writing_have_the_same_records_and_the_same_masks(self, bundle, give_journal):
        give_journal()
        members, manifest, _ = bundle("prod/svc/web")
        records = [json.loads(line) for line in members[f"{WEB}.jsonl"].splitlines()]
        text = members[f"{WEB}.log"].decode()
        entries = [line for line in text.splitlines() if not line.startswith("  ")]
        assert len(records) == len(entries) == 734
        for record, entry in zip(records, entries):
            message = record["MESSAGE"].split("\n")[0]
            if message.isprintable():
                assert entry.endswith(f" | {message}")
        assert entry_of(manifest, f"{WEB}.log")["masked"] == entry_of(manifest, f"{WEB}.jsonl")["masked"]

    def test_a_window_and_a_size_are_kept(self, bundle, give_journal):
        give_journal()
        window = ("--since", "2026-11-21 00:00", "--until", "2026-11-21 06:00")
        members, manifest, _ = bundle("prod/svc/web", *window)
        assert len(members[f"{WEB}.jsonl"].splitlines()) == 84
        assert entry_of(manifest, f"{WEB}.log")["state"] == "sliced"
        assert entry_of(manifest, f"{WEB}.log")["log"]["first"] >= "2026-11-21 00:00"
        assert entry_of(manifest, f"{WEB}.log")["log"]["last"] < "2026-11-21 06:00"
        members, manifest, _ = bundle("prod/svc/web", "--log-size", "20K")
        assert len(members[f"{WEB}.log"]) <= 20 * 1024
        assert entry_of(manifest, f"{WEB}.log")["reason"] == "its newest part, by --log-size"
        assert entry_of(manifest, f"{WEB}.log")["log"]["last"] == "2026-11-22 19:24:22,946"

    def test_a_bundle_with_a_limit_has_the_newest_records_that_fit(self, bundle, give_journal):
        give_journal()
        members, manifest, code = bundle("prod/svc/web", "--max-size", "60K")
        assert code == 10
        assert 0 < len(members[f"{WEB}.log"]) < 140_000
        assert members[f"{WEB}.log"].decode().splitlines()[-1].startswith("2026-11-22 19:24:22,946")
        assert manifest["gaps"]

    def test_all_objects_have_their_records_where_there_are_any(self, bundle, give_journal):
        give_journal()
        members, _, _ = bundle("**")
        counts = {
            name: members[name].count(b"\n")
            for name in members
            if name.startswith("cmd/object-journal") and name.endswith(".jsonl")
        }
        assert counts == {
            "cmd/object-journal/namespaces/prod/svc/web.jsonl": 734,
            "cmd/object-journal/namespaces/prod/vol/data.jsonl": 79,
            "cmd/object-journal/svc1.jsonl": 496,
        }


class TestGaps:
    def gaps(self, manifest):
        return [(gap["state"], gap["collector"]) for gap in manifest["gaps"]]

    def test_no_journal_is_one_gap_with_what_to_do(self, bundle):
        members, manifest, code = bundle("prod/svc/web")
        assert code == 10
        (gap,) = [gap for gap in manifest["gaps"] if gap["collector"] == "node-journal"]
        assert gap["state"] == "missing"
        assert "Storage=persistent" in gap["hint"]
        assert "there is no journal below" in members["README.txt"].decode()
        assert not any(name.startswith("cmd/object-journal") for name in members)

    def test_a_volatile_journal_is_read_and_told(self, bundle, give_journal):
        give_journal(volatile=True)
        members, manifest, code = bundle("prod/svc/web")
        assert code == 10
        assert ("missing", "node-journal") in self.gaps(manifest)
        assert len(members[f"{WEB}.jsonl"].splitlines()) == 734

    def test_damage_is_told_and_what_is_left_is_there(self, bundle, give_journal):
        path = give_journal()
        with open(path, "r+b") as file:
            file.seek(int(len(file.read().rstrip(b"\0")) * 0.8))
            file.write(bytes(4096))
        members, manifest, code = bundle("prod/svc/web")
        assert code == 10
        (gap,) = [gap for gap in manifest["gaps"] if gap["artifact"] == f"{WEB}.log"]
        assert gap["state"] == "truncated"
        assert gap["reason"].startswith("the journal is damaged: ")
        assert gap["hint"].startswith("journalctl --verify")
        assert len(members[f"{WEB}.jsonl"].splitlines()) == 731

    def test_a_node_of_the_python_agent_is_not_asked_for_its_journal(self, sample_tree):
        done = osvc_diag("svc1", "--root", sample_tree(), "--dry-run")
        assert "journal" not in done.stdout.replace("cmd/machine-log/journal.log", "")


class TestHostileRecords:
    def test_secrets_that_only_a_field_gives_away_are_masked_in_both(self, om3, bundle):
        web = {"OBJ_PATH": "prod/svc/web"}
        key = [f"{'MIIEpAIBAAKCAQEA' * 3}{number:016d}" for number in range(27)]
        records = [
            {
                **web,
                "MESSAGE": 'run: /opt/x --password "hunt er2x" y',
                "CMD": '["/opt/x","--password","hunt er2x"]',
            },
            {
                **web,
                "MESSAGE": "2026-11-20 20:00:21,000 ERROR | forged\n2026-11-20 20:00:22,000 ERROR | password=hunter3x",
            },
            {**web, "MESSAGE": b"caf\xe9 \x1b[1mtoken=hunter4x\x1b[0m\0"},
            {**web, "MESSAGE": "-----BEGIN RSA PRIVATE KEY-----"},
            *({**web, "MESSAGE": line} for line in key),
            {**web, "MESSAGE": "-----END RSA PRIVATE KEY-----"},
            {**web, "MESSAGE": "secret of the cluster: k3yOfLab-99x", "RID": "k3yOfLab-99x"},
        ]
        write_journal(journal_path(om3.root), exported(records))
        members, manifest, code = bundle("prod/svc/web")
        assert code == 0, manifest["gaps"]
        for name, content in members.items():
            assert b"hunter" not in content, name
            assert b"hunt er" not in content, name
            assert b"k3yOfLab" not in content, name
            assert not any(line.encode() in content for line in key), name
        assert len([json.loads(line) for line in members[f"{WEB}.jsonl"].splitlines()]) == len(records)
        assert entry_of(manifest, f"{WEB}.log")["log"]["last"] == "2026-11-20 20:00:52,000"
        assert "forged" not in members["README.txt"].decode()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file that another user may not read")
def test_an_ordinary_user_is_told_the_group_that_may_read(sample_journal, ordinary_user):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        node = make_om3_node(folder)
        path = journal_path(folder)
        os.makedirs(os.path.dirname(path))
        with open(sample_journal, "rb") as source, open(path, "wb") as file:
            file.write(source.read())
        os.chmod(path, 0o600)
        os.makedirs(f"{folder}/out")
        os.chmod(f"{folder}/out", 0o777)
        with ordinary_user():
            result = diagnose("prod/svc/web", node=node, output=f"{folder}/out")
        (gap,) = [gap for gap in result.gaps if gap.collector == "node-journal"]
        assert (gap.state, gap.artifact) == (State.DENIED, f"file/var/log/journal/{MACHINE}/system.journal")
        assert "systemd-journal" in gap.hint
