"""What only a live node has, all the way into a bundle."""

from __future__ import annotations

import json
import tarfile

from osvc_diag import diagnose

SECRET = "S3cretOfThisHeartbeat"
RECORD = f"2026-11-22 19:51:30,841 INFO n:node1 c:hb#2 | secret key {SECRET}\n"


def test_a_deleted_log_and_the_daemons_process_are_in_the_bundle_without_their_secrets(
    live_node, holding_process, tmp_path
):
    node = live_node()
    log = f"{node.layout.log}/node.log"
    with open(node.layout.node_conf, "w", encoding="ascii") as file:
        file.write(f"[hb#2]\nsecret = {SECRET}\n")
    with open(node.layout.cluster_conf, "w", encoding="ascii") as file:
        file.write("[cluster]\nname = lab\n")
    pid, fd = holding_process(log, RECORD.encode(), "--password", "OnlyInTheCommandLine7")
    with open(log, "w", encoding="ascii") as file:
        file.write("2026-11-22 19:52:30,841 INFO n:node1 | a new log\n")
    with open(f"{node.layout.var}/osvcd.pid", "w", encoding="ascii") as file:
        file.write(str(pid))

    skip = ["agent-commands"]  # there is no agent that could be asked
    result = diagnose("node", node=live_node(), output=str(tmp_path), skip=skip)

    with tarfile.open(result.bundle) as tar:
        content = {
            member.name.split("/", 1)[1]: tar.extractfile(member).read() for member in tar if member.isfile()
        }
    assert result.gaps == ()
    held = content[f"file{log}.deleted-fd{fd}"]
    assert held.startswith(b"2026-11-22 19:51:30,841 INFO n:node1 c:hb#2 | secret key <masked:")
    assert content[f"file{log}"].endswith(b"a new log\n")
    system = json.loads(content["info/system.json"])
    assert system["daemon"]["alive"] is True
    assert system["daemon"]["deleted_logs"] == {str(fd): {"path": log, "bytes": len(RECORD)}}
    assert "--password <masked:" in system["daemon"]["command_line"]
    for text in content.values():
        assert SECRET.encode() not in text
        assert b"OnlyInTheCommandLine7" not in text
    (entry,) = [entry for entry in result.manifest.artifacts if entry.name == f"file{log}.deleted-fd{fd}"]
    assert entry.state.value == "ok"
    assert entry.log.first == "2026-11-22 19:51:30,841"
