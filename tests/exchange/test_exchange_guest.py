"""A third party's exchange runs inside the program: whatever its code does, it fails as an exchange, and is named."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Callable

import pytest

from osvc_diag import ExchangeError, Node, diagnose, resolve_settings, upload

if TYPE_CHECKING:
    from pathlib import Path

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NODE = os.path.join(ROOT, "examples", "node")
PASSWORD = "Xge3heim-drop"  # of no account

HEAD = """\
import os, sys
from osvc_diag import Advanced, DiagError, ExchangeError, PhaseStarted, Receipt, Warned, hookimpl
class Drop:
    def __init__(self, url):
        self.url = url
    def deliver(self, bundle, conditions, on_event):
"""
HOOK = """
@hookimpl
def osvc_diag_exchange(url):
    if url.startswith("drop:"):
        {hook}
"""
GIVEN = "return Receipt(self.url, 'drop', {link}, '1', bundle.size, bundle.sha256{more})"
GOOD = GIVEN.format(link="'drop://here/1'", more="")


@pytest.fixture
def collect(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Collect with a plugin `drop`, and send by it."""

    def run(body: str, *options: str, hook: str = "return Drop(url)", exchange: str = "drop://here/"):
        folder = tmp_path / "plugins.d"
        folder.mkdir(exist_ok=True)
        text = HEAD + "".join(f"        {line}\n" for line in body.splitlines()) + HOOK.format(hook=hook)
        (folder / "drop.py").write_text(text)
        (folder / "drop.py").chmod(0o644)
        return diag(
            "prod/svc/web", "--root", NODE, "--plugin-dir", str(folder), "--only", "object-conf",
            "--output", str(tmp_path / "b.tar.gz"), "--exchange", exchange, "--upload", *options,
        )  # fmt: skip

    return run


def diag(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OSVC_")}
    return subprocess.run(
        [sys.executable, "-m", "osvc_diag", *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        env={**kept, "LC_ALL": "C.UTF-8", **more},
    )  # fmt: skip


def line_of(body_line: int) -> int:
    """Return where a line of a body stands in the plugin."""
    return HEAD.count("\n") + body_line


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("sys.exit(3)", "failed: SystemExit (drop.py:7)"),
        ("1 / 0", "failed: ZeroDivisionError (drop.py:7)"),
        ("import json\njson.loads('x')", "failed: JSONDecodeError (drop.py:8)"),
        ("raise KeyboardInterrupt", "failed: KeyboardInterrupt (drop.py:7)"),
        ("return None", "gave nothing, not a Receipt (drop.py:6)"),
        ("return {'link': 'x'}", "gave a dict, not a Receipt (drop.py:6)"),
        (GIVEN.format(link="5", more=""), "gave a wrong Receipt: link is a int, not a str (drop.py:6)"),
        (GIVEN.format(link="''", more=""), "gave a wrong Receipt: link is empty (drop.py:6)"),
        (GIVEN.format(link="'x'", more=", seconds=10**400"), "seconds is no duration (drop.py:6)"),
        (GIVEN.format(link="'x'", more=", seconds='1'"), "seconds is a str, not a float (drop.py:6)"),
        (GIVEN.format(link="'x'", more=", delivered='soon'"), "delivered is not written as 2026-"),
        (GIVEN.format(link="'x'", more=", confirmed=1"), "confirmed is a int, not a bool"),
        (GOOD.replace("'drop',", "'eml',"), "method is 'eml', which says that nothing was sent"),
        (GOOD.replace("bundle.size", "7"), "size or sha256 is not the bundle's (drop.py:6)"),
        (
            "class Odd(ExchangeError):\n    def __init__(self): pass\n    def __str__(self): return 1 / 0\nraise Odd",
            "failed: Odd (drop.py:10)",
        ),
        ("on_event('half')", "told a str, not an event"),
    ],
)
def test_whatever_goes_wrong_is_told_as_a_failed_upload_that_names_the_plugin(
    body: str, told: str, collect, tmp_path
) -> None:
    assert line_of(1) == 7
    done = collect(body, "--json")
    assert done.returncode == 5, done.stderr
    facts = json.loads(done.stdout)
    assert facts["bundle"] == str(tmp_path / "b.tar.gz")
    assert (facts["error"], facts["exit_code"]) == ("ExchangeError", 5)
    assert "drop" in facts["message"]
    assert told in facts["message"]
    assert f"--plugin-dir {tmp_path}/plugins.d" in facts["resume"]
    assert facts["message"] in done.stderr
    assert f"the bundle is kept: {tmp_path}/b.tar.gz" in done.stderr
    assert "Traceback" not in done.stderr
    assert not os.path.exists(tmp_path / "b.tar.gz.receipt.json")


@pytest.mark.parametrize("kind", ["DiagError", "ExchangeError", "type('FullError', (ExchangeError,), {})"])
def test_what_an_exchange_words_for_users_is_told_in_its_words(kind: str, collect) -> None:
    done = collect(f"raise {kind}('the drop box is closed today', hint='come again tomorrow')")
    assert done.returncode == 5
    assert "osvc-diag: the drop box is closed today\n  hint: come again tomorrow\n" in done.stderr


def test_nothing_that_it_or_its_children_print_is_among_the_results(collect, tmp_path) -> None:
    body = f"print('from the plugin')\nos.system('echo from a child')\nos.write(1, b'from below\\n')\n{GOOD}"
    done = collect(body, hook="print('from the hook') or sys.stdout.flush(); return Drop(url)")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path}/b.tar.gz\ndrop://here/1\n"
    for words in ("from the hook", "from the plugin", "from a child", "from below"):
        assert words in done.stderr
    done = collect(body.replace(GOOD, "1 / 0"), "--json")
    assert json.loads(done.stdout)["exit_code"] == 5


@pytest.mark.parametrize("quiet", [[], ["-q"]], ids=["loud", "quiet"])
def test_one_that_ends_the_process_was_announced_with_the_command_that_sends_the_bundle(
    collect, tmp_path, quiet
) -> None:
    done = collect("os._exit(9)", *quiet)
    assert done.returncode == 9
    assert quiet or "by:       plugin drop, whose code runs inside this program" in done.stderr
    [*_, announced, command] = done.stderr.splitlines()
    assert announced.strip() == "should it end without a word, the bundle is kept; then send it with:"
    assert shlex.split(command)[:2] == ["osvc-diag", "upload"]
    assert command.endswith(f"{tmp_path}/b.tar.gz")


def test_the_command_that_goes_on_finds_the_exchange_again(collect, tmp_path) -> None:
    done = collect("raise ExchangeError('not today')", "--block", "nobody")
    [command] = re.findall(r"^ *(osvc-diag upload .*--yes .*)$", done.stderr, re.MULTILINE)[-1:]
    plugin = tmp_path / "plugins.d" / "drop.py"
    plugin.write_text(plugin.read_text().replace("raise ExchangeError('not today')", GOOD))
    again = diag(*shlex.split(command)[1:])
    assert again.returncode == 0, again.stderr
    assert again.stdout == "drop://here/1\n"
    assert "--block nobody" in command


def test_a_receipts_texts_are_on_one_line_and_hold_no_login(collect, tmp_path) -> None:
    login = tmp_path / "login"
    login.write_text(f"joe:{PASSWORD}\n")
    login.chmod(0o600)
    link = "'http://u:pw1secretpw@h/\\x1b[31mred\\nnext?' + conditions.login.password"
    done = collect(GIVEN.format(link=link, more=""), "--exchange-credentials", str(login))
    assert done.returncode == 0, done.stderr
    shown = "http://h/\\x1b[31mred\\nnext?***"
    assert done.stdout.splitlines()[1:] == [shown]
    receipt = json.loads((tmp_path / "b.tar.gz.receipt.json").read_text())
    assert receipt["link"] == shown
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", receipt["delivered"])
    for text in (done.stdout, done.stderr, json.dumps(receipt)):
        assert "pw1secretpw" not in text
        assert PASSWORD not in text
        assert "\x1b" not in text


def test_no_word_of_an_exchange_shows_the_login_that_it_was_given(collect, tmp_path) -> None:
    login = tmp_path / "login"
    login.write_text(f"joe:{PASSWORD}\n")
    login.chmod(0o600)
    body = (
        "on_event(PhaseStarted('upload', 3))\non_event(Advanced(3))\n"
        "on_event(Warned(f'{conditions.login.password} is old'))\n"
        "raise ExchangeError(f'no {conditions.login.password}', hint=f'not http://joe:x{conditions.login.basic()}@h')"
    )
    done = collect(body, "--exchange-credentials", str(login), "--json")
    assert "warning: *** is old" in done.stderr
    assert json.loads(done.stdout)["message"] == "no ***"
    assert PASSWORD not in done.stdout + done.stderr
    assert "Basic " not in done.stdout + done.stderr


def test_a_login_in_another_spelling_and_a_token_in_the_url_are_shown_nowhere(collect, tmp_path) -> None:
    login = tmp_path / "login"
    login.write_text("joe:p@ss/w%rd\n")
    login.chmod(0o600)
    link = "'https://h/?pw=p%40ss/w%25rd&again=p%40ss%2Fw%25rd'"
    done = collect(
        GIVEN.format(link=link, more=""),
        "--exchange-credentials",
        str(login),
        exchange="drop://here/?token=SECRETTOK",
    )
    assert done.returncode == 0, done.stderr
    receipt = (tmp_path / "b.tar.gz.receipt.json").read_text()
    assert json.loads(receipt)["exchange"] == "drop://here/?***"
    again = diag(
        "upload", "--plugin-dir", str(tmp_path / "plugins.d"), "--root", NODE, "--yes",
        "--exchange", "drop://here/?token=another", str(tmp_path / "b.tar.gz"),
    )  # fmt: skip
    assert "delivered before" not in again.stderr
    assert again.returncode == 0, again.stderr
    for text in (done.stdout, done.stderr, receipt):
        assert "SECRETTOK" not in text
        assert "p%40ss" not in text


def test_a_password_in_any_encoding_is_one(collect, tmp_path) -> None:
    login = tmp_path / "login"
    login.write_bytes("joe:pässwört\n".encode("latin-1"))
    login.chmod(0o600)
    done = collect(GOOD, "--exchange-credentials", str(login))
    assert done.returncode == 0, done.stderr


def test_a_login_that_everybody_knows_spoils_no_link(collect, tmp_path) -> None:
    login = tmp_path / "login"
    login.write_text("support:support\n")
    login.chmod(0o600)
    body = GIVEN.format(link="'https://support.example.com/1'", more="").replace("sha256", "sha256.upper()")
    done = collect(body, "--exchange-credentials", str(login))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1:] == ["https://support.example.com/1"]


@pytest.mark.parametrize(
    ("hook", "code", "told"),
    [
        ("return 'yes'", 2, "plugin drop gave a str, not an Exchange: url and deliver (drop.py:"),
        (
            "return type('Odd', (), {'url': property(lambda self: sys.exit(0))})()",
            2,
            "plugin drop failed: SystemExit: 0 (drop.py:",
        ),
        ("return Drop(5)", 2, "plugin drop gave a Drop, not an Exchange: url and deliver (drop.py:"),
        (
            "raise DiagError('drop: wants a folder', hint='drop://folder/')",
            2,
            "osvc-diag: drop: wants a folder",
        ),
        ("1 / 0", 3, "plugin drop failed: ZeroDivisionError: division by zero (drop.py:"),
        ("sys.exit(0)", 3, "plugin drop failed: SystemExit: 0 (drop.py:"),
    ],
)
def test_a_hook_that_fails_is_told_before_anything_is_collected(
    hook: str, code: int, told: str, collect, tmp_path
) -> None:
    done = collect(GOOD, hook=hook)
    assert done.returncode == code
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not os.path.exists(tmp_path / "b.tar.gz")


def test_a_plugin_that_is_not_in_use_is_named_with_the_reason_where_its_exchange_is_missing(collect) -> None:
    done = collect("import no_such_module\n", hook="return Drop(url)\nimport no_such_module")
    assert done.returncode == 2
    assert "no exchange for drop://here/" in done.stderr
    assert re.search(r"not in use: drop \(ModuleNotFoundError: .*no_such_module.*drop\.py:\d+\)", done.stderr)
    assert "osvc-diag plugins drop tells more" in done.stderr


def test_a_program_that_uploads_names_the_folder_of_the_plugin(collect, tmp_path) -> None:
    collect(GOOD.replace("'drop://here/1'", "'http://joe:xgeheimx@h/1'"))
    folder = str(tmp_path / "plugins.d")
    made = diagnose(
        "prod/svc/web", node=Node.discover(root=NODE), output=str(tmp_path / "c.tar.gz"), only=["object-conf"]
    )
    settings = resolve_settings({"exchange": "drop://here/"})
    assert upload(made, settings, plugin_dirs=[folder]).link == "http://h/1"
    (tmp_path / "c.tar.gz.receipt.json").unlink()
    collect("sys.exit(3)")
    with pytest.raises(ExchangeError, match=r"plugin drop, .* failed: SystemExit \(drop\.py:7\)"):
        upload(made, settings, plugin_dirs=[folder])


def test_it_is_listed_as_what_runs_inside_the_program(collect, tmp_path) -> None:
    collect(GOOD)
    done = diag("plugins", "--plugin-dir", str(tmp_path / "plugins.d"), "drop")
    assert "runs in    a process of its own; its exchange inside this program\n" in done.stdout


def test_a_module_of_a_package_is_blamed_by_its_own_line_not_by_the_librarys(tmp_path) -> None:
    package = tmp_path / "desk"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from desk.way import Drop\nfrom osvc_diag import hookimpl\n\n@hookimpl\n"
        "def osvc_diag_exchange(url):\n    return Drop()\n"
    )
    (package / "way.py").write_text(
        "import json\nclass Drop:\n    url = 'drop:'\n    def deliver(self, *given):\n        json.loads('x')\n"
    )
    program = (
        "import desk, sys\nfrom osvc_diag.testing import NodeBuilder\n"
        "NodeBuilder(sys.argv[1]).deliver(desk, 'drop:')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "node")],
        capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), ROOT])},
    )  # fmt: skip
    assert (
        "ExchangeError: plugin tested, the exchange for drop:, failed: JSONDecodeError (way.py:5)"
        in done.stderr
    )


def test_an_exchange_of_a_folder_serves_upload_and_its_rules_verify_and_redact(collect, tmp_path) -> None:
    folder = str(tmp_path / "plugins.d")
    assert collect("raise ExchangeError('later')").returncode == 5
    (tmp_path / "plugins.d" / "shop.py").write_text(
        "from osvc_diag import Anchor, Rule, hookimpl\n@hookimpl\ndef osvc_diag_redaction_rules():\n"
        "    return [Rule('shop-ticket', 'a ticket', (Anchor(rb'ticket'),), pattern=rb'ticket (?P<secret>\\w+)',"
        " masked=('ticket «8f3kq02mz»',), kept=())]\n"
    )
    (tmp_path / "plugins.d" / "shop.py").chmod(0o644)
    (tmp_path / "plugins.d" / "broken.py").write_text("import no_such_module\n")
    (tmp_path / "plugins.d" / "broken.py").chmod(0o644)
    (tmp_path / "text").write_text("ticket 8f3kq02mz\n")
    done = diag("redact", "--root", NODE, "--plugin-dir", folder, str(tmp_path / "text"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ticket <masked:shop-ticket:")
    assert (
        "warning: broken is not in use: ModuleNotFoundError: No module named 'no_such_module'" in done.stderr
    )
    done = diag("verify", "--root", NODE, "--plugin-dir", folder, str(tmp_path / "b.tar.gz"))
    assert done.returncode == 0, done.stderr
