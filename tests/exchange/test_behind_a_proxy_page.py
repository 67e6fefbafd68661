"""What docs/behind-a-proxy.md says is so."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from osvc_diag.exchange import answers, bepasty_items, causes, line
from osvc_diag.settings import Settings, resolve_settings

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(scope="module")
def page() -> str:
    with open(os.path.join(ROOT, "docs", "behind-a-proxy.md"), encoding="utf-8") as file:
        return file.read()


def test_its_site_file_is_understood(page, tmp_path) -> None:
    [block] = re.findall(r"```ini\n(.*?)```", page, re.DOTALL)
    lines = [line.removeprefix("# ") for line in block.splitlines()]
    (tmp_path / "diag.ini").write_text("\n".join(lines))
    (tmp_path / "diag.ini").chmod(0o644)
    settings = resolve_settings(etc=str(tmp_path))
    assert settings.warnings == ()
    assert settings.upload == "never"
    assert settings.proxy == "http://proxy.corp:3128"


def test_its_options_and_variables_exist(page) -> None:
    command = [sys.executable, "-m", "osvc_diag", "upload", "--help"]
    known = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page)) - {"--preserve-env", "--upload"}
    assert {option for option in options if option not in known} == set()
    names = {name.lower() for name in re.findall(r"OSVC_DIAG_([A-Z_]+[A-Z])", page)}
    assert names <= set(Settings.__dataclass_fields__)


def test_its_limits_are_those_of_the_code(page) -> None:
    assert "64 KiB" in page
    assert f"idles for\n{line.RetryPolicy().read_timeout:.0f} seconds" in page
    assert line.RetryPolicy().attempts > 1
    assert bepasty_items.MIN_CHUNK == 64 * 1024


@pytest.mark.parametrize(
    "words",
    [
        "is unknown on this node",
        "wants a login",
        "does not accept the login",
        "does not let",
        "could not reach",
        "is not one to trust",
        "does not speak TLS on this port",
        "a web page came instead of an answer",
        "and nothing is sent there",
        "takes bundles (404)",
        "refuses even chunks of",
        "gave up after",
    ],
)
def test_its_messages_are_those_of_the_code(words: str, page) -> None:
    package = os.path.dirname(answers.__file__)
    code = ""
    for name in os.listdir(package):
        if name.endswith(".py"):
            with open(os.path.join(package, name), encoding="utf-8") as file:
                code += file.read()
    assert words in page
    assert words in code
    assert causes.PROXY_HINT
