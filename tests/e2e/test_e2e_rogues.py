"""A distribution with one plugin for each way to go wrong, survived in one run: see tests/rogue."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable

import pytest

ROGUES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "rogue")
TIMEOUT = 120.0  # seconds for the run
BYSTANDER = "survived"

RUN = """
import json, locale, os, signal, sys, threading
from osvc_diag import Node, diagnose

def state():
    mask = os.umask(0)
    os.umask(mask)
    return {
        "cwd": os.getcwd(),
        "umask": mask,
        "locale": locale.setlocale(locale.LC_ALL),
        "signals": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
        "descriptors": sorted(os.listdir("/proc/self/fd")),
        "path": os.environ["PATH"],
        "modules": [name for name in sys.modules if "rogue" in name],
        "recursion": sys.getrecursionlimit(),
    }

root, output, timeout, *rogues = sys.argv[1:]
node = Node.discover(root)
without = diagnose("svc1", node=node, output=output, block=rogues)  # what that imports stays
before = state()
result = diagnose("svc1", node=node, output=output, timeout=float(timeout))
after = state()
print(json.dumps({
    "before": before,
    "after": after,
    "threads": [thread.name for thread in threading.enumerate() if not thread.daemon],
    "without": [entry.name for entry in without.manifest.artifacts if entry.is_stored],
    "artifacts": [entry.name for entry in result.manifest.artifacts if entry.is_stored],
    "gaps": [[gap.collector, gap.state.value, gap.artifact, gap.reason] for gap in result.gaps],
    "failures": {plugin.name: plugin.failure for plugin in result.manifest.plugins if plugin.failure},
}))
"""

GAPS = {
    "import-error": "ModuleNotFoundError: No module named 'no_such_module_anywhere' (import_error.py:3)",
    "exits-on-import": "SystemExit: 3 (exits_on_import.py:5)",
    "hangs-on-import": "loading it was given up: no answer for 10 s",
    "wrong-hook-name": "AttributeError: osvc_diag_colectors is not a hook of osvc_diag",
    "wrong-hook-argument": "TypeError: osvc_diag_collectors (wrong_hook_argument.py:",
    "wrong-answer": "TypeError: osvc_diag_collectors (wrong_answer.py:6) gave a str, not a Collector",
    "takes-a-name": "its collector node-log is not used: node-log (osvc-diag",
    "rule-that-stays": "a rule's find function (give it a pattern instead) cannot leave the plugin's process",
    "slow-rule": "ValueError: rule rogue: its pattern 'rogue(?P<secret>(?:a+)+)x' takes too long on a line of",
    "half-way": "naming its artifacts: RuntimeError: disk on fire (half_way.py:10)",
    "endless": "naming its artifacts: it named more than 20000 artifacts, none of which is taken, so its process",
    "endless-and-slow": "naming its artifacts: no answer for",
    "hangs-in-c": "naming its artifacts: no answer for",
    "exits": "naming its artifacts: SystemExit: 3 (exits.py:10)",
    "exits-at-once": "naming its artifacts: its process ended with exit status 3",
    "crashes": "naming its artifacts: its process was ended by SIGSEGV; it had printed: about to crash",
    "eats-memory": "naming its artifacts: it needs more than 512 MiB of memory (eats_memory.py:8)",
    "speaks-up": "naming its artifacts: it said something that is no message, so its process was ended",
    "closes-everything": "naming its artifacts: its process closed its line, so it was ended",
}
"""What is told of those that are of no use at all, or not to the end."""

IN_PARTS = {
    "bad-names": [
        "naming its artifacts: 'file/../../etc/cron.d/rogue' cannot be the name of a member of a bundle",
        "naming its artifacts: '/etc/cron.d/rogue' cannot be the name of a member of a bundle",
        "naming its artifacts: 'manifest.json' does not lie in file/ or info/ or cmd/",
        "naming its artifacts: '' cannot be the name of a member of a bundle",
        "naming its artifacts: 'xxxxxxxxxxxx",
        "naming its artifacts: str is no Artifact",
        "the name is taken by another source, of node-conf",
    ],
    "points-outside": ["lies outside of the agent's folders"] * 4,
    "computes-badly": [
        "what it gave cannot be sent: keys must be str",
        "what it gave cannot be sent: it is larger than 8 MiB: ",
        "ValueError: no answer from the array (computes_badly.py:11)",
        "no answer for 1.8 s",
        "no answer for 1.8 s, so its process was ended",
    ],
}
"""What is told of those that lose some of their artifacts."""

UNHARMED = ["changes-its-process", "forks", "leaves-files", "never-leaves", "prints"]
NAMED_BEFORE = ["info/bad-names.json", "info/computes-badly/4.json", "info/half-way.json"]


@pytest.fixture(scope="module")
def survived(tmp_path_factory: pytest.TempPathFactory, sample_tree: Callable[..., str]) -> dict[str, Any]:
    """Run with all of them, and return what came of it."""
    folder = tmp_path_factory.mktemp("rogues")
    temporary = tmp_path_factory.mktemp("temporary")
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", RUN, sample_tree(), str(folder), str(TIMEOUT), *announced()],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, [ROGUES, os.environ.get("PYTHONPATH")])),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(temporary),
            BYSTANDER: str(folder),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {
        **json.loads(done.stdout),
        "stderr": done.stderr,
        "seconds": time.monotonic() - began,
        "mark": f"{BYSTANDER}={folder}",
        "left": sorted(os.listdir(temporary)),
        "bundles": sorted(os.listdir(folder)),
    }


def announced() -> list[str]:
    """Return the names of the rogues, as their package has them."""
    with open(os.path.join(ROGUES, "rogue_diag-1.0.dist-info", "entry_points.txt"), encoding="ascii") as file:
        return [line.split(" = ")[0] for line in file if " = " in line]


def reasons_of(survived: dict[str, Any], name: str) -> list[str]:
    return [reason for collector, _, _, reason in survived["gaps"] if collector == name]


@pytest.mark.parametrize("name", sorted(GAPS))
def test_a_rogue_is_a_gap_with_its_name_and_what_it_did(name: str, survived: dict[str, Any]) -> None:
    (reason,) = reasons_of(survived, name)
    assert reason.startswith(GAPS[name])


@pytest.mark.parametrize("name", sorted(IN_PARTS))
def test_a_rogue_that_is_wrong_in_parts_loses_those(name: str, survived: dict[str, Any]) -> None:
    reasons = sorted(reasons_of(survived, name))
    for reason, told in zip(reasons, sorted(IN_PARTS[name])):
        assert reason.startswith(told)
    assert len(reasons) == len(IN_PARTS[name])


@pytest.mark.parametrize("name", UNHARMED)
def test_what_a_rogue_does_to_its_own_process_harms_nobody(name: str, survived: dict[str, Any]) -> None:
    assert reasons_of(survived, name) == []
    assert survived["artifacts"].count(f"info/{name}.json") == 1


def test_every_rogue_is_accounted_for(survived: dict[str, Any]) -> None:
    names = announced()
    modules = {name[:-3] for name in os.listdir(os.path.join(ROGUES, "rogue_diag")) if name.endswith(".py")}
    assert sorted(names) == sorted({*GAPS, *IN_PARTS, *UNHARMED})
    assert {name.replace("-", "_") for name in names} == modules - {"__init__"}
    assert {collector for collector, _, _, _ in survived["gaps"]} == {*GAPS, *IN_PARTS}


def test_the_bundle_is_complete_otherwise(survived: dict[str, Any]) -> None:
    assert len(survived["without"]) > 20
    added = {f"info/{name}.json" for name in UNHARMED} | set(NAMED_BEFORE)
    assert set(survived["artifacts"]) == set(survived["without"]) | added
    assert len(survived["bundles"]) == 2


def test_the_run_ends_within_its_time(survived: dict[str, Any]) -> None:
    assert survived["seconds"] < TIMEOUT + 20.0, "verifying, and the warming up, come on top"


def test_nothing_of_the_program_itself_is_changed(survived: dict[str, Any]) -> None:
    assert survived["after"] == survived["before"]
    assert survived["after"]["modules"] == []
    assert survived["threads"] == ["MainThread"]
    assert survived["stderr"] == ""


def test_no_process_is_left(survived: dict[str, Any]) -> None:
    left = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            environ = Path("/proc", pid, "environ").read_bytes()
            if survived["mark"].encode() in environ:
                left.append(Path("/proc", pid, "cmdline").read_bytes())
    assert left == []


def test_no_file_is_left(survived: dict[str, Any]) -> None:
    assert survived["left"] == []
