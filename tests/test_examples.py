"""The examples do what they say: each one is run."""

from __future__ import annotations

import ast
import glob
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from osvc_diag.bundle.reader import Bundle

if TYPE_CHECKING:
    from pathlib import Path

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EXAMPLES = os.path.join(ROOT, "examples")
NODE = os.path.join(EXAMPLES, "node")
PACKAGE = os.path.join(EXAMPLES, "third_party_plugin")
COMPLETE, GAPS = 0, 10


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OSVC_", "COV"))}
    above = os.environ.get("PYTHONPATH")
    if above and "PYTHONPATH" in more:
        more["PYTHONPATH"] += os.pathsep + above
    return {**kept, "NO_COLOR": "1", **more}


def run(*command: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment(**more), timeout=120
    )


def diag(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "osvc_diag", *arguments, **more)


def members(bundle: str) -> dict[str, bytes]:
    with Bundle.open(bundle) as opened:
        return {member.name: member.read(1 << 30) for member in opened.members()}


class TestLibrary:
    def test_it_makes_a_bundle_of_the_sample_node(self, tmp_path: Path) -> None:
        done = run(sys.executable, os.path.join(EXAMPLES, "library.py"), NODE, "prod/svc/web", str(tmp_path))
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == str(next(tmp_path.glob("*.tar.gz")))

    def test_it_turns_a_users_mistake_into_words_and_an_exit_code(self, tmp_path: Path) -> None:
        done = run(sys.executable, os.path.join(EXAMPLES, "library.py"), NODE, "prod/svc/wbe", str(tmp_path))
        assert done.returncode == 2
        assert "prod/svc/web" in done.stderr
        assert "Traceback" not in done.stderr


class TestPackage:
    @pytest.fixture
    def installed(self, tmp_path: Path) -> str:
        """Return a folder with the package and the metadata that an installer writes."""
        site = tmp_path / "site"
        name = "osvc_diag_app_logs"
        shutil.copytree(
            os.path.join(PACKAGE, name), site / name, ignore=shutil.ignore_patterns("__pycache__")
        )
        info = site / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: osvc-diag-app-logs\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[osvc_diag]\napp-logs = osvc_diag_app_logs\n")
        return str(site)

    def test_its_own_tests_pass(self, tmp_path: Path) -> None:
        tree = shutil.copytree(PACKAGE, tmp_path / "package")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
        done = run(*command, "--rootdir", str(tree), str(tree / "tests"), PYTHONPATH=str(tree))
        assert done.returncode == 0, done.stdout + done.stderr
        assert "10 passed" in done.stdout

    def test_installed_it_is_listed_with_its_distribution(self, installed: str) -> None:
        done = diag("plugins", "--json", PYTHONPATH=installed)
        (info,) = [one for one in json.loads(done.stdout)["plugins"] if one["name"] == "app-logs"]
        assert info["distribution"] == "osvc-diag-app-logs 1.0"
        assert info["problem"] == ""

    def test_installed_it_takes_part_in_a_run_in_a_process_of_its_own(
        self, installed: str, tmp_path: Path, diag_node: Any
    ) -> None:
        diag_node.add_object("prod/svc/web", "[env]\nlog_dir = /srv/web/log\n")
        diag_node.write("/srv/web/log/web.log", "joe came with session key 8f3kq02mz\n")
        diag_node.write("/srv/web/log/web.log.1", "before\n")
        done = diag(
            "prod/svc/web", "--root", diag_node.folder, "--output", str(tmp_path), "--no-upload",
            PYTHONPATH=installed,
        )  # fmt: skip
        assert done.returncode == COMPLETE, done.stderr
        found = members(done.stdout.strip())
        assert b"session key <masked:app-session-key:" in found["file/srv/web/log/web.log"]
        assert found["file/srv/web/log/web.log.1"] == b"before\n"


class TestDropIns:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "diag.d"
        folder.mkdir(mode=0o755)
        return folder

    def collect(self, folder: Path, root: str, tmp_path: Path) -> dict[str, bytes]:
        done = diag(
            "svc1", "--root", root, "--plugin-dir", str(folder), "--output", str(tmp_path), "--no-upload"
        )
        assert done.returncode in (COMPLETE, GAPS), done.stderr
        return members(done.stdout.splitlines()[-1])

    def test_the_one_file_plugin_is_ten_lines(self) -> None:
        with open(os.path.join(EXAMPLES, "one_file_plugin.py"), encoding="utf-8") as file:
            tree = ast.parse(file.read())
        docs = sum(
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in ast.walk(tree)
        )
        statements = sum(isinstance(node, ast.stmt) for node in ast.walk(tree)) - docs
        assert statements <= 10

    def test_the_one_file_plugin_takes_haproxys_log(
        self, folder: Path, tmp_path: Path, diag_node: Any
    ) -> None:
        shutil.copy(os.path.join(EXAMPLES, "one_file_plugin.py"), folder / "haproxy.py")
        (folder / "haproxy.py").chmod(0o644)
        diag_node.add_object("svc1")
        diag_node.write("/var/log/haproxy.log", "started\n")
        found = self.collect(folder, diag_node.folder, tmp_path)
        assert found["file/var/log/haproxy.log"] == b"started\n"

    def test_the_executable_prints_into_a_bundle_of_a_live_node(
        self, folder: Path, tmp_path: Path, diag_node: Any
    ) -> None:
        target = folder / "executable_plugin.sh"
        shutil.copy(os.path.join(EXAMPLES, "executable_plugin.sh"), target)
        target.chmod(0o755)
        diag_node.add_object("svc1")
        diag_node.write_log("svc1", "started")
        layout = diag_node.read(live=True).layout
        program = (
            "import sys; from osvc_diag import Node, diagnose\n"
            "etc, log, var, folder, output = sys.argv[1:]\n"
            "node = Node.from_paths(etc=etc, log=log, var=var, name='node1')\n"
            "only = ['executable-plugin']\n"
            "print(diagnose('svc1', node=node, plugin_dirs=[folder], only=only, output=output).bundle)\n"
        )
        arguments = [layout.etc, layout.log, layout.var, str(folder), str(tmp_path)]
        done = run(sys.executable, "-c", program, *arguments)
        assert done.returncode == 0, done.stderr
        text = members(done.stdout.strip())["cmd/executable-plugin/executable-plugin.out"].decode()
        assert "selected: svc1" in text
        assert "svc1.log" in text


def test_every_example_is_run_by_a_test() -> None:
    with (
        open(__file__, encoding="utf-8") as file,
        open(os.path.join(ROOT, "tests", "test_agent_support.py"), encoding="utf-8") as other,
    ):
        text = file.read() + other.read()
    shown = {os.path.basename(path) for path in glob.glob(os.path.join(EXAMPLES, "*"))}
    elsewhere = {
        "demo.py",
        "exchange_plugin.py",
        "loopback_exchange.py",
        "loopback_proxy.py",
        "__pycache__",
    }  # make demo, tests/exchange
    for name in shown - elsewhere:
        assert f'"{name}"' in text, name
