from __future__ import annotations

import os

import pytest

from osvc_diag.node.agent import Agent, detect_agent
from osvc_diag.objects.layout import Layout
from osvc_diag.reading.trees import Trees

STARTED = "2026-11-22 19:51:30,861 INFO n:node1 c:main |  opensvc agent: {}\n"


def _agent(tmp_path: object, files: dict[str, str], *, package: bool = False) -> Agent:
    for name, content in files.items():
        path = os.path.join(str(tmp_path), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
    layout = Layout.package(str(tmp_path)) if package else Layout.root_path(str(tmp_path))
    base = str(tmp_path) if package else "/"
    return detect_agent(Trees([layout.etc, layout.log, layout.var], base=base), layout, base)


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"var/capabilities-v3.json": "[]"}, "om3"),
        (
            {
                "var/capabilities-v3.json": "[]",
                "var/capabilities.json": "[]",
                "log/node.log": STARTED.format("dev"),
            },
            "om3",
        ),
        ({"var/capabilities.json": "[]"}, "b2.1"),
        ({"var/osvcd.pid.args": "/usr/bin/python3 -m opensvc.daemon"}, "b2.1"),
        ({"log/svc1.log": ""}, "b2.1"),
        ({"var/osvcd.pid.args": "/usr/bin/om daemon run"}, "unknown"),
        ({"etc/node.conf": ""}, "unknown"),
    ],
)
def test_the_agent_is_known_by_what_it_leaves(tmp_path, files, kind):
    assert _agent(tmp_path, files).kind == kind


def test_the_version_stands_beside_the_packages_code(tmp_path):
    files = {
        "usr/share/opensvc/opensvc/utilities/version/version.py": '# built\nversion = "2.1-1742"\n',
        "var/log/opensvc/node.log": STARTED.format("2.1-1700"),
    }
    assert _agent(tmp_path, files, package=True) == Agent("b2.1", "2.1-1742")


def test_the_version_stands_beside_the_code_of_a_root_path_install(tmp_path):
    files = {"opensvc/utilities/version/version.py": "version='2.1-1742'\n", "etc/node.conf": ""}
    assert _agent(tmp_path, files) == Agent("b2.1", "2.1-1742")


def test_a_version_is_read_and_never_run(tmp_path):
    files = {
        "opensvc/utilities/version/version.py": f"open('{tmp_path}/hacked', 'w')\nversion = str(1)\n",
        "var/capabilities.json": "",
    }
    assert _agent(tmp_path, files) == Agent("b2.1", None)
    assert not os.path.exists(tmp_path / "hacked")


def test_the_daemon_names_its_version_when_it_starts(tmp_path):
    log = STARTED.format("2.1-1700") + "filler\n" * 50_000 + STARTED.format("2.1-1742") + "filler\n" * 100_000
    assert _agent(tmp_path, {"log/node.log": log}) == Agent("b2.1", "2.1-1742")


@pytest.mark.parametrize("distance", [*range(262_100, 262_180, 7), 262_144])
def test_a_version_across_two_blocks_is_found(tmp_path, distance):
    record = STARTED.format("2.1-1742")
    assert _agent(tmp_path, {"log/node.log": record + "x" * (distance - 20)}).version == "2.1-1742"


def test_a_version_that_is_none_is_not_taken(tmp_path):
    assert _agent(tmp_path, {"log/node.log": STARTED.format("\x1b[31m")}) == Agent("b2.1", None)
