"""Where plugins come from, tried as an admin tries it: files, folders, packages, and code that is only copied."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME = Path(__file__).resolve().parent.parent.parent
ACME = """
from osvc_diag import Artifact, Collector, hookimpl
from osvc_diag.plugin.options import Option
from osvc_diag.redaction import Anchor, Rule

def collect(node, objects, values):
    yield Artifact.from_json("acme", {"objects": [str(obj) for obj in objects], "told": dict(values)})
    yield Artifact.from_text("acme.txt", "acme-key is abcdefgh12\\n")

@hookimpl
def osvc_diag_collectors():
    options = (Option("depth", "how deep it looks", 3), Option("login", "whose"))
    return [Collector("acme", "what acme knows", collect, options=options, kinds=("svc",))]

@hookimpl
def osvc_diag_redaction_rules():
    masked = ("acme-key is «abc»",)
    return [Rule("acme", "x", (Anchor(b"acme-key"),), masked, (), b"acme-key is (?P<secret>\\\\w+)")]
"""
SCRIPT = """#!/bin/sh
# the state of the array
echo "$@ in $OSVC_DIAG_ETC"
echo "password = hunter2hunter2" >&2
"""


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    before = os.umask(0o022)  # many a user's own lets the group write
    yield
    os.umask(before)


@pytest.fixture
def site(tmp_path: Path) -> SimpleNamespace:
    """Return a live node of the tests' own, with a folder for plugins, and what runs the program there."""
    root = tmp_path / "root"
    for name in ("etc/diag.d", "log", "var"):
        (root / name).mkdir(parents=True)
    (root / "etc/cluster.conf").write_text(
        "[cluster]\nname = lab\nsecret = 0123456789abcdef0123456789abcdef\n"
    )
    (root / "etc/svc1.conf").write_text("[DEFAULT]\nid = 1\n")
    (root / "etc/node.conf").write_text("[node]\nenv = TST\n")
    output = tmp_path / "out"
    output.mkdir()

    def run(*arguments: str, path: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        kept = {name: text for name, text in os.environ.items() if not name.startswith("OSVC")}
        path = os.pathsep.join(filter(None, [path, os.environ.get("PYTHONPATH")]))
        return subprocess.run(
            [sys.executable, "-m", "osvc_diag", *arguments],
            env={**kept, "OSVC_ROOT_PATH": str(root), "PYTHONPATH": path, **environ},
            capture_output=True,
            text=True,
            check=False,
        )

    def collect(*arguments: str, **environ: str) -> dict[str, Any]:
        done = run("svc1", "--output", str(output), "--no-upload", "--json", *arguments, **environ)
        assert done.returncode in {0, 10}, done.stderr
        told = json.loads(done.stdout)
        with tarfile.open(told["bundle"]) as tar:
            files = {
                member.name.split("/", 1)[1]: tar.extractfile(member).read().decode()
                for member in tar  # type: ignore[union-attr]
            }
        manifest = json.loads(files["manifest.json"])
        gaps = [gap for gap in manifest["gaps"] if gap.get("collector") in {"acme", "raid-state"}]
        return {"code": done.returncode, "files": files, "manifest": manifest, "gaps": gaps}

    def add(name: str, text: str, folder: str = "root/etc/diag.d", mode: int = 0o755) -> Path:
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    return SimpleNamespace(root=root, run=run, collect=collect, add=add, folder=tmp_path)


def test_one_file_in_the_site_s_folder_collects_and_masks(site: SimpleNamespace) -> None:
    site.add("acme.py", ACME)
    done = site.collect("-o", "acme.depth=7", "-o", "acme.login=joe:geheim1234")
    assert done["gaps"] == []
    told = json.loads(done["files"]["info/acme.json"])
    assert told["objects"] == ["svc1"]
    assert told["told"]["depth"] == 7
    assert done["files"]["info/acme.txt"].startswith("acme-key is <masked:acme:")
    assert "acme.depth=7" in done["manifest"]["selection"]["options"]
    (plugin,) = [plugin for plugin in done["manifest"]["plugins"] if plugin["name"] == "acme"]
    assert plugin == {
        "name": "acme",
        "version": str(site.root / "etc/diag.d/acme.py"),
        "collectors": ["acme"],
    }


def test_an_executable_s_outputs_are_artifacts_and_are_redacted(site: SimpleNamespace) -> None:
    site.add("raid_state.sh", SCRIPT)
    done = site.collect()
    assert done["gaps"] == []
    assert done["files"]["cmd/raid-state/raid-state.out"] == f"svc1 in {site.root}/etc\n"
    assert done["files"]["cmd/raid-state/raid-state.err"].startswith("password = <masked:")


def test_a_folder_that_is_named_is_taken_too_also_where_a_copy_is_read(site: SimpleNamespace) -> None:
    site.add("site.py", ACME.replace('"acme', '"site'))
    site.add("acme.py", ACME, "mine")
    mine = str(site.folder / "mine")
    both = site.collect("--plugin-dir", mine)
    assert {"info/acme.json", "info/site.json"} <= set(both["files"])
    copy = site.collect("--plugin-dir", mine, "--root", str(site.root))
    assert "info/acme.json" in copy["files"]
    assert "info/site.json" not in copy["files"], "what is on a foreign disk is never run"


def test_a_file_that_others_can_write_is_a_gap_with_the_reason(site: SimpleNamespace) -> None:
    path = site.add("acme.py", ACME, mode=0o666)
    done = site.collect()
    assert done["code"] == 10
    (gap,) = done["gaps"]
    assert gap["state"] == "failed"
    assert gap["reason"] == f"refused: {path} is writable by group or others"
    assert "--block" in gap["hint"]


def test_a_folder_that_was_named_and_is_refused_is_an_error_of_its_own(site: SimpleNamespace) -> None:
    done = site.run("svc1", "--plugin-dir", str(site.folder / "none"))
    assert done.returncode == 3
    assert "there is no plugin folder" in done.stderr


@pytest.mark.parametrize("how", ["option", "variable", "site file"])
def test_a_plugin_is_blocked_by_option_variable_or_site_file(how: str, site: SimpleNamespace) -> None:
    site.add("acme.py", "1 / 0")
    assert len(site.collect()["gaps"]) == 1
    if how == "site file":
        site.add("diag.ini", "[diag]\nblock = acme\n", "root/etc", 0o644)
    arguments = ["--block", "acme"] if how == "option" else []
    environ = {"OSVC_DIAG_BLOCK": "other,acme"} if how == "variable" else {}
    done = site.collect(*arguments, **environ)
    assert done["gaps"] == []
    (plugin,) = [plugin for plugin in done["manifest"]["plugins"] if plugin["name"] == "acme"]
    assert plugin["failure"] == "blocked"


def test_what_a_site_blocks_no_option_lets_in(site: SimpleNamespace) -> None:
    site.add("acme.py", ACME)
    site.add("diag.ini", "[diag]\nblock = acme\n", "root/etc", 0o644)
    done = site.collect("--block", "system", OSVC_DIAG_BLOCK="")
    blocked = {plugin["name"] for plugin in done["manifest"]["plugins"] if plugin.get("failure") == "blocked"}
    assert blocked == {"acme", "system"}


def test_a_blocked_name_that_nobody_has_is_told(site: SimpleNamespace) -> None:
    assert "no plugin is called so" in site.run("plugins", "--block", "acne").stderr


def test_a_broken_plugin_is_no_gap_of_a_run_that_chose_others(site: SimpleNamespace) -> None:
    site.add("acme.py", "1 / 0")
    done = site.collect("--only", "node-conf")
    assert done["code"] == 0
    assert done["manifest"]["gaps"] == []
    assert [plugin["failure"] for plugin in done["manifest"]["plugins"] if plugin["name"] == "acme"] == [
        "ZeroDivisionError: division by zero (acme.py:1)"
    ]
    (limit,) = [limit for limit in done["manifest"]["redaction"]["limits"] if "acme" in limit]
    assert limit == "plugin acme cannot be used: if it has redaction rules, they masked nothing"
    assert site.run("svc1", "--only", "acme", "--dry-run").returncode == 3


def test_rules_of_a_third_party_count_for_every_command(site: SimpleNamespace, tmp_path: Path) -> None:
    site.add("acme.py", ACME)
    text = tmp_path / "text"
    text.write_text("acme-key is abcdefgh12\n")
    assert site.run("redact", str(text)).stdout.startswith("acme-key is <masked:acme:")
    assert "acme" in site.run("redact", "--rules").stdout
    assert site.run("redact", "--root", str(site.root), str(text)).stdout == "acme-key is abcdefgh12\n"


def test_a_plugin_is_described(site: SimpleNamespace) -> None:
    path = site.add("acme.py", ACME)
    site.add("raid.sh", SCRIPT)
    told = site.run("plugins", "acme").stdout.splitlines()
    assert told == [
        "plugin     acme",
        f"from       {path}",
        "runs in    a process of its own",
        "hooks      osvc_diag_collectors, osvc_diag_redaction_rules",
        "collector  acme: what acme knows",
        "  kinds    svc",
        "  -o acme.depth=...  how deep it looks: a whole number (default 3)",
        "  -o acme.login=...  whose: a text",
    ]
    assert "runs in    a command of its own" in site.run("plugins", "raid").stdout
    assert "runs in    this program" in site.run("plugins", "node-log").stdout
    facts = json.loads(site.run("plugins", "acme", "--json").stdout)
    assert facts["options"]["acme.depth"] == {
        "help": "how deep it looks",
        "default": 3,
        "expects": "a whole number",
    }
    missing = site.run("plugins", "acne")
    assert missing.returncode == 3
    assert "there are: acme, " in missing.stderr


def test_a_file_that_is_not_in_use_runs_nowhere_and_is_found_by_its_collectors_name(
    site: SimpleNamespace,
) -> None:
    site.add("my_shop.py", "import no_such_module\n")
    site.add("idle.py", "x = 1\n")
    shown = site.run("plugins", "idle").stdout
    assert "runs in    nowhere: it is not in use" in shown
    assert "not in use TypeError: it has no hook: mark osvc_diag_collectors or" in shown
    done = site.run("--only", "my-shop", "--no-upload", "svc1")
    assert done.returncode == 3
    assert (
        "collector 'my-shop' cannot be used: plugin my_shop: ModuleNotFoundError: No module named "
        "'no_such_module' (my_shop.py:1)" in " ".join(done.stderr.split())
    )
    assert "node-log" not in done.stderr


def test_verbose_tells_who_asked_for_what(site: SimpleNamespace) -> None:
    site.add("acme.py", ACME)
    done = site.run("svc1", "--output", str(site.folder), "--no-upload", "-v")
    assert "info/acme.json  (acme)\n" in done.stderr


EXCHANGE = """
import os
from dataclasses import dataclass
from osvc_diag import hookimpl

@dataclass
class Shelf:
    url: str

    def deliver(self, bundle, conditions, on_event):
        raise NotImplementedError

@hookimpl
def osvc_diag_exchange(url):
    if url.startswith("shelf:"):
        print("asked in", os.environ.get("OSVC_DIAG_COMMAND", "this program"))
        return Shelf(url)
    return None
"""


def test_a_third_party_s_exchange_is_imported_only_for_a_url_of_its_own(site: SimpleNamespace) -> None:
    site.add("shelf.py", EXCHANGE, "site")
    info = site.folder / "site" / "shelf-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[osvc_diag]\nshelf = shelf\n")
    script = (
        "import sys\n"
        "from osvc_diag.exchange.registry import find_exchange\n"
        "from osvc_diag.plugin.plugin_manager import load_plugins\n"
        "with load_plugins() as plugins:\n"
        "    find_exchange('https://host/', plugins)\n"
        "    print('shelf' in sys.modules)\n"
        "    print(type(find_exchange('shelf://cellar', plugins)).__name__)\n"
        "    print(find_exchange('https://host/', plugins) is not None)\n"
    )
    path = os.pathsep.join(filter(None, [str(site.folder / "site"), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["False", "asked in this program", "GuestExchange", "True"], (
        done.stderr
    )


@pytest.mark.parametrize("how", ["side by side", "as a checkout"])
def test_code_that_is_only_copied_finds_the_shipped_plugins(how: str, tmp_path: Path) -> None:
    plugins = "plugins/osvc_diag_plugins" if how == "as a checkout" else "osvc_diag_plugins"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(HOME / "osvc_diag", tmp_path / "osvc_diag", ignore=ignore)
    shutil.copytree(HOME / "plugins/osvc_diag_plugins", tmp_path / plugins, ignore=ignore)
    script = (
        "import importlib.metadata, sys\n"
        # As an agent has it that brings its libraries along: nothing of a package's metadata, nor any hook.
        "importlib.metadata.distributions = lambda **_: []\n"
        "sys.meta_path[:] = [finder for finder in sys.meta_path if 'editable' not in repr(finder)]\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "import osvc_diag\n"
        "from osvc_diag.plugin.plugin_manager import load_plugins\n"
        "loaded = load_plugins()\n"
        "print(osvc_diag.__file__.startswith(sys.argv[1]), loaded.failures)\n"
        "print(*[collector.name for collector in loaded.collectors])\n"
        "print(sys.modules['osvc_diag_plugins'].__file__.startswith(sys.argv[1]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env={name: text for name, text in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    first, collectors, last = done.stdout.splitlines() or ["", "", done.stderr]
    assert (first, last) == ("True ()", "True"), done.stderr
    assert {"node-log", "object-conf", "system"} <= set(collectors.split())
