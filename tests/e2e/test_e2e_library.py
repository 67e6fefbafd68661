"""The library in somebody else's process: it says nothing, changes nothing, and works in any thread."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Callable

import pytest
from e2e_tools import TIMEOUT, environment, unpack

import osvc_diag
from osvc_diag import DiagError, Issue, Node, diagnose

if TYPE_CHECKING:
    from pathlib import Path

# What a process is made of, before and after; anything printed spoils the JSON.
_WATCHED = """
import json, logging, os, signal, sys, threading, warnings
def state():
    return {
        "folder": os.getcwd(),
        "umask": os.umask(os.umask(0)),
        "signals": [str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)],
        "handlers": len(logging.getLogger().handlers),
        "levels": [logging.getLogger().level, logging.getLogger("osvc_diag").level],
        "environment": dict(os.environ),
        "excepthook": str(sys.excepthook),
        "filters": len(warnings.filters),
    }
before = state()
from osvc_diag import Node, diagnose
root, output = sys.argv[1:]
node = Node.from_paths(
    etc=root + "/etc/opensvc", log=root + "/var/log/opensvc", var=root + "/var/lib/opensvc", name="node1"
)
result = diagnose("prod/svc/web", node=node, output=output)
print(json.dumps({"before": before, "after": state(), "bundle": result.bundle, "rich": "rich" in sys.modules,
                  "requests": "requests" in sys.modules}))
"""


def test_it_prints_nothing_and_changes_nothing_of_the_process(
    tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _WATCHED, sample_tree(), str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        env=environment(),
    )
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert told["before"] == told["after"]
    assert (told["rich"], told["requests"]) == (False, False)
    assert os.path.isfile(told["bundle"])


_READ_ENVIRONMENT = """
import os, sys
class Watched(dict):
    reads = []
    def __getitem__(self, name):
        self.reads.append(name)
        return super().__getitem__(name)
    def get(self, name, default=None):
        self.reads.append(name)
        return super().get(name, default)
import argparse, json, logging, pluggy, typing  # what others read is not ours
import osvc_diag
watched = os.environ = Watched(os.environ)
from osvc_diag import DiagError, Issue, Node, Result, diagnose
import osvc_diag.cli.main
print(watched.reads)
"""


def test_the_environment_is_not_read_at_import() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _READ_ENVIRONMENT],
        check=True,
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert [name for name in eval(done.stdout) if "OSVC" in name or "proxy" in name.lower()] == []


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["collect", "--help"], ["show", "--help"]])
def test_help_does_not_load_what_it_does_not_need(args: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "osvc_diag", *args],
        check=True,
        capture_output=True,
        text=True,
        env=environment(),
    )
    loaded = {
        line.rsplit("|", 1)[-1].strip()
        for line in done.stderr.splitlines()
        if line.startswith("import time:")
    }
    # Some interpreters load importlib.metadata and more by themselves: an editable install has such a hook.
    bare = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import argparse"],
        check=True,
        capture_output=True,
        text=True,
        env=environment(),
    )
    loaded -= {line.rsplit("|", 1)[-1].strip() for line in bare.stderr.splitlines()}
    heavy = {
        "requests",
        "rich",
        "psutil",
        "pluggy",
        "importlib.metadata",
        "cryptography",
        "hashlib",
        "subprocess",
    }
    assert loaded & heavy == set()
    assert "osvc_diag.cli.main" in loaded


def test_many_runs_in_a_process_leave_no_thread_and_no_descriptor(
    tmp_path: Path, own_tree: Callable[..., str]
) -> None:
    root = own_tree()
    with open(os.path.join(root, "var/log/opensvc/svc1.log"), "ab") as log:
        log.write(b"2026-11-22 20:20:00,000 INFO n:node1 o:svc1 sc:n | a status was seen\n" * 50_000)
    node = Node.discover(root)
    descriptors = []
    for _ in range(8):
        os.unlink(diagnose("svc1", node=node, output=str(tmp_path)).bundle)
        descriptors.append(len(os.listdir("/proc/self/fd")))
    assert descriptors[-1] == descriptors[1]
    # The thread that reads is let go, not waited for: it may be stuck where no signal reaches it.
    left = [thread for thread in threading.enumerate() if thread.name.startswith("osvc_diag ")]
    for thread in left:
        thread.join(TIMEOUT)
    assert not [thread for thread in left if thread.is_alive()]


def test_several_threads_make_bundles_at_the_same_time(
    tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    node = Node.discover(sample_tree())
    made: dict[str, str] = {}

    def work(selector: str) -> None:
        made[selector] = diagnose(selector, node=node, output=str(tmp_path)).bundle

    threads = [threading.Thread(target=work, args=(name,)) for name in ("svc1", "prod/svc/web", "node", "**")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
    assert len(set(made.values())) == 4
    for number, bundle in enumerate(made.values()):
        unpack(bundle, str(tmp_path / "unpacked" / str(number)))


def test_a_result_tells_the_bundle_the_manifest_and_the_gaps(
    tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    issue = Issue(purpose="it fails", ticket="4711")
    result = diagnose(
        ["prod/svc/web", "svc1"],
        node=Node.discover(sample_tree()),
        output=str(tmp_path),
        since="2026-11-22 20:00",
        skip=["system"],
        label="before the change",
        issue=issue,
    )
    assert isinstance(result, osvc_diag.Result)
    assert os.path.isabs(result.bundle)
    assert result.gaps == result.manifest.gaps == ()
    assert result.manifest.selection.objects == ("prod/svc/web", "svc1")
    assert result.manifest.label == "before the change"
    assert result.verdict.ok
    folder = unpack(result.bundle, str(tmp_path / "unpacked"))
    with open(os.path.join(folder, "issue.json"), encoding="utf-8") as file:
        assert json.load(file) == {
            "purpose": "it fails",
            "context": "",
            "started": "",
            "impact": "",
            "ticket": "4711",
        }


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({"selectors": "no-such-svc"}, 2),
        ({"selectors": "node", "since": "whenever"}, 2),
        ({"selectors": "node", "only": ["no-such-collector"]}, 3),
        ({"selectors": "node", "output": "/no/such/folder"}, 4),
    ],
)
def test_every_error_is_a_diag_error_with_its_code_and_a_hint(
    wishes: dict[str, object], code: int, tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    with pytest.raises(DiagError) as caught:
        diagnose(**{"node": Node.discover(sample_tree()), "output": str(tmp_path), **wishes})  # type: ignore[arg-type]
    assert caught.value.exit_code == code
    assert caught.value.hint
