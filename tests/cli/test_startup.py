"""What a command loads: nothing heavy before it is needed, for it runs on a struggling node."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SAMPLE = REPOSITORY / "examples" / "node"
NETWORK = {"http.client", "requests", "ssl", "urllib3"}
HEAVY = {
    "asyncio",
    "cryptography",
    "ctypes",
    "hyperscan",
    "importlib.metadata",
    "pluggy",
    "psutil",
    "rich",
    *NETWORK,
}

# An audit hook hears of every folder that is listed: a scan of entry points lists those of the packages.
WATCHED = """
import os, sys
listed = []
sys.addaudithook(lambda event, about: listed.append(about[0]) if event in ("os.listdir", "os.scandir") else None)
from osvc_diag.__main__ import main
sys.argv[1:] = {arguments!r}
status = main()
print("--", file=sys.stderr)
print(*sys.modules, file=sys.stderr)
print(*(name for name in listed if isinstance(name, str)), sep="\\0", file=sys.stderr)
sys.exit(status)
"""


def run(*arguments: str) -> tuple[set[str], list[str]]:
    """Run a command; return the modules that it loaded and the folders that it listed by name."""
    script = WATCHED.format(arguments=list(arguments))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=REPOSITORY
    )
    assert done.returncode in (0, 10), done.stderr
    modules, listed = done.stderr.rpartition("--\n")[2].split("\n")[:2]
    return set(modules.split()), listed.split("\0")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("out") / "bundle.tar.gz")
    run("prod/svc/web", "--root", str(SAMPLE), "--output", path, "-q")
    return path


def packages_listed(listed: list[str]) -> list[str]:
    return [folder for folder in listed if folder.endswith(("site-packages", "dist-packages"))]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        *([command, "--help"] for command in ("collect", "upload", "show", "verify", "redact", "plugins")),
    ],
    ids=" ".join,
)
def test_help_loads_nothing_heavy_and_scans_nothing(arguments: list[str]) -> None:
    modules, listed = run(*arguments) if arguments == ["--version"] else run_help(arguments)
    assert modules & HEAVY == set()
    assert packages_listed(listed) == []


def run_help(arguments: list[str]) -> tuple[set[str], list[str]]:
    """Run what ends by printing help, which argparse does by SystemExit."""
    script = WATCHED.format(arguments=arguments).replace(
        "status = main()",
        "try:\n    status = main()\nexcept SystemExit as end:\n    status = end.code",
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    modules, listed = done.stderr.rpartition("--\n")[2].split("\n")[:2]
    return set(modules.split()), listed.split("\0")


def test_show_loads_nothing_heavy_and_scans_nothing(bundle: str) -> None:
    modules, listed = run("show", bundle)
    assert modules & HEAVY == set()
    assert packages_listed(listed) == []


def test_a_bundle_of_a_copy_loads_neither_network_nor_screen(tmp_path: Path) -> None:
    modules, _ = run("prod/svc/web", "--root", str(SAMPLE), "--output", str(tmp_path / "b.tar.gz"), "-q")
    assert modules & {"asyncio", "rich", *NETWORK} == set()
    assert "osvc_diag.exchange.delivery" not in modules, "it is not sent"
