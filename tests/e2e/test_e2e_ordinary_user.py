"""An ordinary user gets what he may read, and a word on the rest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Callable

import pytest
from e2e_tools import TIMEOUT, environment, files_of, leaks, manifest_of, unpack

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = 65534

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="it takes root to become somebody else")


@pytest.fixture
def as_nobody(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the program as a user who owns nothing; it was imported by root, whose folders may be closed."""
    for folder in [tmp_path, *tmp_path.parents]:
        if not os.stat(folder).st_mode & 0o001 and folder.name.startswith(("pytest", "popen", "test")):
            folder.chmod(folder.stat().st_mode | 0o011)
    out = tmp_path / "out"
    out.mkdir()
    os.chown(out, NOBODY, NOBODY)

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", _PRELOADED, str(NOBODY), *args],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=TIMEOUT,
            env=environment(HOME="/nonexistent"),
            cwd="/",
        )

    return run


# Root's interpreter may lie where nobody may look: what is needed is imported before root is left behind.
_PRELOADED = """
import sys, os
import pkgutil, importlib, osvc_diag, osvc_diag_plugins, encodings.idna
for package in (osvc_diag, osvc_diag_plugins):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
from osvc_diag.plugin.plugin_manager import load_plugins
from osvc_diag.plugin import plugin_manager
from osvc_diag.run import frontdoor
loaded = load_plugins()
plugin_manager.load_plugins = lambda **_: loaded
number = int(sys.argv[1])
os.setgroups([]); os.setgid(number); os.setuid(number)
from osvc_diag.cli.main import main
sys.exit(main(sys.argv[2:]))
"""


def test_denied_files_are_gaps_with_a_hint_and_no_traceback(
    as_nobody: Callable[..., subprocess.CompletedProcess[str]], own_tree: Callable[..., str], tmp_path: Path
) -> None:
    root = own_tree()
    done = as_nobody("--root", root, "prod/svc/web", "--output", str(tmp_path / "out"))
    assert done.returncode == 10, done.stderr
    assert "Traceback" not in done.stderr
    assert "permission denied" in done.stderr
    assert "sudo" in done.stderr
    bundle = done.stdout.strip()
    assert os.stat(bundle).st_uid == NOBODY
    assert os.stat(bundle).st_mode & 0o777 == 0o600
    folder = unpack(bundle, str(tmp_path / "unpacked"))
    manifest = manifest_of(folder)
    denied = {gap["artifact"] for gap in manifest["gaps"] if gap["state"] == "denied"}
    assert "file/etc/opensvc/node.conf" in denied
    assert "file/etc/opensvc/node.conf" not in files_of(folder)
    # It could not be learned what the denied confs hold: that is told, loudly.
    assert any("could not be learned" in gap["reason"] for gap in manifest["gaps"])


def test_a_node_without_one_readable_file_still_gives_a_bundle(
    as_nobody: Callable[..., subprocess.CompletedProcess[str]],
    own_tree: Callable[..., str],
    tmp_path: Path,
    secrets: list[str],
) -> None:
    root = own_tree()
    for folder, _, names in os.walk(root):
        for name in names:
            os.chmod(os.path.join(folder, name), 0o600)
    done = as_nobody("--root", root, "node", "--output", str(tmp_path / "out"), "--json")
    assert done.returncode == 10, done.stderr
    told = json.loads(done.stdout)
    assert {gap["state"] for gap in told["gaps"]} == {"denied"}
    assert leaks(unpack(told["bundle"], str(tmp_path / "unpacked")), secrets) == []


def test_folders_that_may_not_be_entered_are_told(
    as_nobody: Callable[..., subprocess.CompletedProcess[str]], own_tree: Callable[..., str], tmp_path: Path
) -> None:
    root = own_tree()
    os.chmod(os.path.join(root, "etc/opensvc/namespaces"), 0o700)
    done = as_nobody("--root", root, "svc1", "--output", str(tmp_path / "out"), "--json")
    assert done.returncode == 10, done.stderr
    assert "file/etc/opensvc/namespaces" in {gap.get("artifact") for gap in json.loads(done.stdout)["gaps"]}


def test_an_output_that_is_somebody_elses_is_4(
    as_nobody: Callable[..., subprocess.CompletedProcess[str]], own_tree: Callable[..., str], tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o755)
    done = as_nobody("--root", own_tree(), "node", "--output", str(closed))
    assert (done.returncode, done.stdout) == (4, "")
    assert "Permission denied" in done.stderr
    assert os.listdir(closed) == []
