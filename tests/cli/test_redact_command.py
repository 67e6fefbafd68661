"""The `redact` command, run as an admin runs it: any file or stdin to stdout, streaming."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Callable, Optional

import pytest

if TYPE_CHECKING:
    from pathlib import Path

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def redact(*args: str, stdin: Optional[bytes] = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "osvc_diag", "redact", *args],
        input=stdin,
        capture_output=True,
        check=False,
        cwd=ROOT,
        timeout=120,
    )


def test_stdin_goes_to_stdout_without_its_secrets():
    done = redact(stdin=b"a\npassword=hunter2x\nb\n")
    assert done.returncode == 0
    assert re.fullmatch(rb"a\npassword=<masked:assignment:\w{8}>\nb\n", done.stdout)
    assert b"masked: assignment 1" in done.stderr
    assert b"hunter2x" not in done.stderr


def test_a_dash_is_stdin():
    assert redact("-", stdin=b"plain\n").stdout == b"plain\n"


@pytest.mark.parametrize("name", ["x.conf", "diag.ini", "X.CONF"])
def test_a_configuration_is_read_as_one_by_its_name(tmp_path: Path, name: str):
    conf = tmp_path / name
    conf.write_bytes(b"[env]\nanything = changing\nport = 80\n")
    assert re.fullmatch(
        rb"\[env\]\nanything = <masked:conf-env:\w{8}>\nport = 80\n", redact(str(conf)).stdout
    )
    assert redact("--form", "text", str(conf)).stdout == conf.read_bytes()


def test_a_compressed_log_comes_out_plain_and_redacted(tmp_path: Path):
    log = tmp_path / "x.log.1.gz"
    log.write_bytes(gzip.compress(b"token=abc123\nall is well\n"))
    assert re.fullmatch(rb"token=<masked:assignment:\w{8}>\nall is well\n", redact(str(log)).stdout)


def test_the_secrets_of_a_node_are_learned_first(sample_tree: Callable[..., str]):
    root = sample_tree("node1", "fhs")
    text = b"the app said Sup3rS3cret, SvcEnvPw1 and U3VwM3JTM2NyZXQ=\n"
    done = redact("--root", root, stdin=text)
    assert b"Sup3rS3cret" not in done.stdout
    assert b"SvcEnvPw1" not in done.stdout
    assert b"U3VwM3JTM2NyZXQ" not in done.stdout
    again = redact("--root", sample_tree("node2", "dev"), stdin=text)
    assert again.stdout == done.stdout


def test_the_network_is_masked_when_asked(sample_tree: Callable[..., str]):
    text = b"node1 at 10.1.2.3 asks node1 at 10.1.2.4 and 127.0.0.1\n"
    assert redact(stdin=text).stdout == text
    out = redact("--root", sample_tree("node1", "fhs"), "--mask-network", stdin=text).stdout
    assert b"10.1" not in out
    assert b"127.0.0.1" in out
    one, two = re.findall(rb"<masked:node:\w{8}>", out)
    assert one == two
    first, second = re.findall(rb"<masked:ipv4:(\w{8})>", out)
    assert first[:4] == second[:4]
    assert first != second


def test_the_rules_are_listed_with_ids_and_purposes():
    table = redact("--rules").stdout.decode()
    assert "private-key" in table
    assert "the password in a URL" in table
    listed = json.loads(redact("--rules", "--json").stdout)
    ids = [rule["id"] for rule in listed["rules"]]
    assert sorted(set(ids)) == sorted(ids)
    assert {"conf-key", "assignment", "url", "ipv4"} <= set(ids)
    assert all(rule["purpose"] for rule in listed["rules"])


def test_what_cannot_be_redacted_is_withheld_with_the_reason():
    done = redact(stdin="password=hunter2x\n".encode("utf-16"))
    assert done.returncode == 6
    assert done.stdout == b""
    assert b"UTF-16" in done.stderr


def test_a_damaged_compressed_file_is_withheld(tmp_path: Path):
    log = tmp_path / "x.gz"
    log.write_bytes(gzip.compress(b"token=abc123\n" * 1000)[:-20])
    done = redact(str(log))
    assert done.returncode == 6
    assert b"abc123" not in done.stdout


def test_a_file_that_is_not_there_is_a_wrong_request(tmp_path: Path):
    done = redact(str(tmp_path / "none.log"))
    assert done.returncode == 2
    assert b"none.log" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_root_without_an_agent_is_a_wrong_request(tmp_path: Path):
    assert redact("--root", str(tmp_path), stdin=b"x").returncode == 2


def test_quiet_leaves_stdout_alone_and_stderr_empty(sample_tree: Callable[..., str]):
    done = redact("-q", "--root", sample_tree("node1", "fhs"), stdin=b"x\n")
    assert (done.stdout, done.stderr) == (b"x\n", b"")


def test_counts_come_as_json_on_stderr_when_asked(sample_tree: Callable[..., str]):
    done = redact(
        "--json", "--quiet", "--root", sample_tree("node1", "fhs"), stdin=b"token=abc1 token=abc2\n"
    )
    assert json.loads(done.stderr) == {"masked": {"assignment": 1}, "limits": []}


def test_bytes_that_are_no_text_go_through_unchanged():
    data = b"caf\xe9 \xff\xfe \x1b[0m\n" * 100
    assert redact(stdin=data).stdout == data


def test_a_reader_that_has_gone_ends_it_quietly(tmp_path: Path):
    log = tmp_path / "x.log"
    log.write_bytes(b"all is well\n" * 100_000)
    reader, writer = os.pipe()
    os.close(reader)
    try:
        command = [sys.executable, "-m", "osvc_diag", "redact", str(log)]
        done = subprocess.run(
            command, stdout=writer, stderr=subprocess.PIPE, check=False, cwd=ROOT, timeout=60
        )
    finally:
        os.close(writer)
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr
