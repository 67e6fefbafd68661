"""Exit codes, and the words that come with them: what happened, and what to do next."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Callable

import pytest
from e2e_tools import environment, osvc_diag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_without_a_selector_the_objects_are_told_and_the_word_node(sample_tree: Callable[..., str]) -> None:
    done = osvc_diag("--root", sample_tree())
    assert (done.returncode, done.stdout) == (2, "")
    assert "SELECTOR" in done.stderr
    assert {"node", "prod/svc/web", "svc1", "cluster", "'**'"} <= set(done.stderr.replace(";", " ").split())


def test_an_unknown_object_gets_the_nearest_names_and_nothing_is_written(
    tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    done = osvc_diag("--root", sample_tree(), "prod/svc/wed", "--output", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "'prod/svc/wed'" in done.stderr
    assert "prod/svc/web" in done.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["a/b/c/d"], ["a/b/c/d"]),
        (["ns/../x"], ["ns/../x"]),
        (["prod/svc/web", "--since", "yesterday-ish"], ["yesterday-ish", "2h"]),
        (["prod/svc/web", "--since", "2h", "--until", "3h"], ["--since", "--until"]),
        (["prod/svc/web", "--log-size", "many"], ["--log-size", "many"]),
        (["prod/svc/web", "--max-size", "1K"], ["1.0 KiB", "manifest", "--max-size"]),
        (["prod/svc/web", "--no-such-option"], ["--no-such-option", "usage", "--help"]),
        (["prod/svc/web", "--timezone", "Mars/Olympus"], ["Mars/Olympus"]),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_in_two_lines(
    args: list[str], words: list[str], tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    done = osvc_diag("--root", sample_tree(), "--output", str(tmp_path), *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert [word for word in words if word not in done.stderr] == []
    assert done.stderr.count("\n") <= 2
    assert os.listdir(tmp_path) == []


def test_a_collector_that_is_unknown_is_3_and_the_known_ones_are_told(
    tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    done = osvc_diag(
        "--root", sample_tree(), "node", "--only", "node-log,nod-conf", "--output", str(tmp_path)
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "'nod-conf'" in done.stderr
    assert "node-conf" in done.stderr
    assert os.listdir(tmp_path) == []


@pytest.fixture
def broken_plugin(tmp_path: Path) -> str:
    """Install a distribution whose plugin cannot be imported; return the folder for PYTHONPATH."""
    folder = tmp_path / "site"
    info = folder / "osvc_diag_broken-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: osvc-diag-broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[osvc_diag]\nbroken = osvc_diag_broken\n")
    (folder / "osvc_diag_broken.py").write_text("raise RuntimeError('it lacks its library')\n")
    return str(folder)


def with_site(folder: str) -> dict[str, str]:
    return environment(PYTHONPATH=os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH", "")])))


def test_a_broken_plugin_asked_for_by_name_is_3(
    tmp_path: Path, broken_plugin: str, sample_tree: Callable[..., str]
) -> None:
    args = ["--root", sample_tree(), "node", "--output", str(tmp_path / "out.tar.gz")]
    done = osvc_diag(*args, "--only", "broken", env=with_site(broken_plugin))
    assert done.returncode == 3, done.stderr
    assert "it lacks its library" in done.stderr
    assert not os.path.exists(tmp_path / "out.tar.gz")


def test_a_broken_plugin_nobody_asked_for_costs_only_itself(
    tmp_path: Path, broken_plugin: str, sample_tree: Callable[..., str]
) -> None:
    args = ["--root", sample_tree(), "node", "--output", str(tmp_path / "out.tar.gz")]
    done = osvc_diag(*args, "--json", env=with_site(broken_plugin))
    assert done.returncode == 10, done.stderr
    told = json.loads(done.stdout)
    assert told["artifacts"] > 10
    assert [(gap["collector"], "it lacks its library" in gap["reason"]) for gap in told["gaps"]] == [
        ("broken", True)
    ]


@pytest.mark.parametrize("place", ["missing", "a file", "/proc"])
def test_an_output_that_cannot_be_written_is_4(
    place: str, tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    (tmp_path / "a file").write_text("")
    output = place if place == "/proc" else str(tmp_path / place)
    done = osvc_diag("--root", sample_tree(), "node", "--output", output)
    assert (done.returncode, done.stdout) == (4, "")
    assert output in done.stderr
    assert "--output" in done.stderr
    assert os.listdir(tmp_path) == ["a file"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Mount a file system of a given size; it needs root, and the right to mount."""
    folder = tmp_path / "small"
    folder.mkdir()

    def mount(size: str) -> str:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True)
        except FileNotFoundError:
            pytest.skip("there is no mount here")
        if done.returncode:
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
        return str(folder)

    yield mount
    subprocess.run(["umount", str(folder)], check=False, capture_output=True)


def test_too_little_room_is_told_before_anything_is_read(
    small_disk: Callable[[str], str], sample_tree: Callable[..., str]
) -> None:
    folder = small_disk("64k")
    done = osvc_diag("--root", sample_tree(), "**", "--output", folder)
    assert (done.returncode, done.stdout) == (4, "")
    assert "64.0 KiB free" in done.stderr
    assert "--output" in done.stderr
    assert os.listdir(folder) == []


def test_a_disk_that_fills_up_meanwhile_leaves_nothing(
    small_disk: Callable[[str], str], own_tree: Callable[..., str]
) -> None:
    folder = small_disk("3m")
    root = own_tree()
    with open(os.path.join(root, "var/log/opensvc/svc1.log"), "ab") as log:
        # Compresses by nothing, where five to one is expected.
        log.writelines(
            b"2026-11-22 20:20:00,000 INFO n:node1 | " + os.urandom(33_000).hex().encode() + b"\n"
            for _ in range(80)
        )
    done = osvc_diag("--root", root, "svc1", "--output", folder)
    assert (done.returncode, done.stdout) == (4, "")
    assert "No space left on device" in done.stderr
    assert os.listdir(folder) == []


def test_gaps_are_10_and_told_with_their_reasons(tmp_path: Path, own_tree: Callable[..., str]) -> None:
    root = own_tree()
    log = os.path.join(root, "var/log/opensvc/namespaces/prod/svc/web.log")
    os.unlink(log)
    os.symlink("/etc/passwd", log)
    done = osvc_diag("--root", root, "prod/svc/web", "--output", str(tmp_path / "out.tar.gz"))
    assert done.returncode == 10
    assert done.stdout == f"{tmp_path}/out.tar.gz\n"
    assert "leads out of the agent's folders" in done.stderr


def test_a_machine_without_an_agent_gets_a_clear_word(tmp_path: Path) -> None:
    done = osvc_diag("--root", str(tmp_path), "node")
    assert (done.returncode, done.stdout) == (2, "")
    assert "OpenSVC" in done.stderr
    assert str(tmp_path) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bundle_named_as_an_object_is_pointed_to_its_commands(
    tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    bundle = tmp_path / "osvc-diag_x.tar.gz"
    bundle.write_bytes(b"")
    done = osvc_diag("--root", sample_tree(), str(bundle))
    assert done.returncode == 2
    assert f"osvc-diag show {bundle}" in done.stderr


def test_what_a_shell_made_of_an_unquoted_star_is_explained(
    tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    for name in ("Documents", "notes"):
        (tmp_path / name).mkdir()
    done = osvc_diag("--root", sample_tree(), "Documents", "notes", cwd=str(tmp_path))
    assert done.returncode == 2
    assert "'**'" in done.stderr
    assert "quote" in done.stderr


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.8"])
def test_a_python_that_is_too_old_says_so(version: str) -> None:
    python = old_python(version)
    package = os.path.dirname(os.path.dirname(os.path.abspath(sys.modules["osvc_diag"].__file__ or "")))
    done = subprocess.run(
        [python, "-m", "osvc_diag", "node"],
        check=False,
        capture_output=True,
        text=True,
        env=environment(PYTHONPATH=package, PYTHONDONTWRITEBYTECODE="1"),
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "needs Python 3.9 or newer" in done.stderr
    assert "Traceback" not in done.stderr


def old_python(version: str) -> str:
    folder = os.path.join(os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv"), "versions")
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    found = [os.path.join(folder, name, "bin", "python") for name in names if name.startswith(version + ".")]
    if not found:
        pytest.skip(f"Python {version} is not on this machine")
    return found[-1]


@pytest.mark.parametrize(("stream", "code"), [("1>&-", 0), ("2>&-", 0), ("1>&- 2>&-", 0), (">/dev/full", 1)])
def test_streams_that_are_closed_or_full_cost_no_bundle(
    stream: str, code: int, tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    command = f'"$0" -m osvc_diag --root "$1" node --output "$2" {stream}'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable, sample_tree(), str(tmp_path / "out.tar.gz")],
        check=False,
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert os.path.exists(tmp_path / "out.tar.gz")
    if code:
        assert f"{tmp_path}/out.tar.gz" in done.stderr


@pytest.fixture
def bundle(tmp_path: Path, sample_bundle: str) -> str:
    return shutil.copy(sample_bundle, str(tmp_path))


def test_a_whole_bundle_verifies_and_shows(bundle: str, sample_tree: Callable[..., str]) -> None:
    for args in (["verify", bundle], ["verify", bundle, "--root", sample_tree()], ["show", bundle]):
        done = osvc_diag(*args)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("damage", ["cut", "flip", "append", "empty"])
def test_a_damaged_archive_is_6(damage: str, bundle: str) -> None:
    with open(bundle, "r+b") as file:
        content = bytearray(file.read())
        if damage == "cut":
            file.truncate(len(content) // 2)
        elif damage == "append":
            file.write(b"more")
        elif damage == "empty":
            file.truncate(0)
        else:
            content[len(content) // 2] ^= 0xFF
            file.seek(0)
            file.write(content)
    done = osvc_diag("verify", bundle)
    assert done.returncode == 6, done.stderr
    assert "Traceback" not in done.stderr


def test_a_secret_that_is_found_in_a_bundle_is_6_and_told_without_its_value(
    bundle: str, own_tree: Callable[..., str]
) -> None:
    root = own_tree()
    word = "969e0927-0dcf-4e30-9bd5-b6bd2b0a2ef0"
    with open(os.path.join(root, "var/log/opensvc/svc1.log"), "a", encoding="ascii") as log:
        log.write(f"2026-11-22 21:00:00,000 INFO n:node1 o:svc1 sc:n | id {word}\n")
    leaky = bundle.replace(".tar.gz", "-leaky.tar.gz")
    assert osvc_diag("--root", root, "svc1", "-q", "--output", leaky).returncode == 0
    with open(os.path.join(root, "etc/opensvc/node.conf"), "a", encoding="ascii") as conf:
        conf.write(f"\n[array#x]\npassword = {word}\n")
    done = osvc_diag("verify", leaky, "--root", root)
    assert done.returncode == 6
    assert "svc1.log" in done.stdout + done.stderr
    assert word not in done.stdout + done.stderr
