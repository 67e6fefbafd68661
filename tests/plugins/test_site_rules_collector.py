"""What sysreport.conf.d names comes into the bundle: redacted, bounded, and what is wrong is told."""

from __future__ import annotations

import tarfile

import pytest

from osvc_diag import diagnose
from osvc_diag.gap import State
from osvc_diag.node.node import Node
from osvc_diag.plugin.sources import CommandSource


@pytest.fixture
def site(tmp_path, live_node):
    """Write rules for this machine, and run the collector: `site("FILE /x")` returns the result."""
    application = tmp_path / "app"
    application.mkdir()
    (application / "app.conf").write_text("listen = 8080\npassword = hunter2hunter2\n")

    def run(*lines: str, **options):
        rules = tmp_path / "agent/etc/sysreport.conf.d"
        rules.mkdir(mode=0o755, exist_ok=True)
        (rules / "app").write_text("\n".join(lines) + "\n")
        (rules / "app").chmod(0o600)
        return diagnose(
            "node", node=live_node(), output=str(tmp_path / "out"), only=["site-rules"], **options
        )

    (tmp_path / "out").mkdir()
    return run


def content(result, name: str) -> str:
    with tarfile.open(result.bundle) as tar:
        (member,) = [member for member in tar if member.name.partition("/")[2] == name]
        return tar.extractfile(member).read().decode()


def stored(result) -> list[str]:
    return [entry.name for entry in result.manifest.artifacts if entry.is_stored]


def test_a_file_outside_of_the_agents_folders_is_taken_and_redacted(site, tmp_path):
    result = site(f"DIR {tmp_path}/app")
    name = f"file{tmp_path}/app/app.conf"
    assert name in stored(result)
    assert "hunter2" not in content(result, name)
    assert "listen = 8080" in content(result, name)
    assert result.gaps == ()


def test_the_rules_themselves_are_taken(site, tmp_path):
    assert stored(site("# nothing")) == [f"file{tmp_path}/agent/etc/sysreport.conf.d/app"]


def test_the_output_of_a_command_is_taken(site):
    result = site(
        "", "CMD /bin/echo 'password=hunter2hunter2' | x", "CMD /bin/echo ok password=hunter2hunter2"
    )
    text = content(result, "cmd/site-rules/app-3-echo.out")
    assert "hunter2" not in text
    assert text.startswith("ok password=<masked:")
    (gap,) = result.gaps
    assert (gap.state, gap.collector) == (State.SKIPPED, "site-rules")
    assert gap.reason.startswith("line 2 is not obeyed: it needs a shell")
    assert gap.artifact.endswith("/sysreport.conf.d/app")


def test_a_command_that_is_not_there_is_a_gap(site):
    (gap,) = site("CMD /no/such/program").gaps
    assert (gap.state, gap.artifact) == (State.MISSING, "cmd/site-rules/app-1-program.out")


def test_a_quick_run_runs_no_command(site):
    result = site("CMD /bin/echo ok", profile="quick")
    assert [name for name in stored(result) if name.startswith("cmd/")] == []


def test_a_file_that_is_not_there_is_no_gap(site):
    assert site("FILE /no/such/file", "GLOB /no/such/*").gaps == ()


def test_a_wrong_line_does_not_tell_a_secret(site):
    result = site("password=hunter2hunter2 FILE /x")
    (gap,) = result.gaps
    assert "line 1 is not obeyed" in gap.reason
    assert "hunter2" not in gap.reason


def test_a_system_log_has_the_window_and_the_budget_of_logs(own_tree):
    root = own_tree()
    log = f"{root}/var/log/app.log"
    with open(log, "w", encoding="utf-8") as file:
        file.write("".join(f"2026-11-22 19:{minute:02}:00,000 INFO x\n" for minute in range(60)))
    rules = f"{root}/etc/opensvc/sysreport.conf.d"
    with open(f"{rules}/app", "w", encoding="utf-8") as file:
        file.write("FILE /var/log/app.log\nCMD /bin/true\n")
    result = diagnose(
        "node",
        node=Node.discover(root, zone="UTC"),
        output=root,
        only=["site-rules"],
        since="2026-11-22 19:30",
    )
    (entry,) = [entry for entry in result.manifest.artifacts if entry.name == "file/var/log/app.log"]
    assert (entry.state, entry.log.lines_kept) == (State.SLICED, 30)
    # A copy's commands are never run.
    assert not [entry for entry in result.manifest.artifacts if entry.name.startswith("cmd/")]


def test_a_copys_rules_reach_below_its_root_only(own_tree, take):
    root = own_tree()
    with open(f"{root}/etc/multipath.conf", "w", encoding="utf-8") as file:
        file.write("x")
    with open(f"{root}/etc/opensvc/sysreport.conf.d/app", "w", encoding="utf-8") as file:
        file.write("FILE /etc/multipath.conf\nFILE /etc/passwd\n")
    rules, found = take("site-rules", Node.discover(root))
    assert rules.name == "file/etc/opensvc/sysreport.conf.d/app"
    assert (found.name, found.source.path) == ("file/etc/multipath.conf", f"{root}/etc/multipath.conf")


def test_no_name_of_a_command_tells_its_arguments(live_node, tmp_path, take):
    rules = tmp_path / "agent/etc/sysreport.conf.d"
    rules.mkdir(mode=0o755)
    (rules / "a b").write_text("CMD /usr/bin/mysql -phunter2\n")
    (rules / "a b").chmod(0o600)
    names = [
        artifact.name
        for artifact in take("site-rules", live_node())
        if isinstance(artifact.source, CommandSource)
    ]
    assert names == ["cmd/site-rules/a-b-1-mysql.out", "cmd/site-rules/a-b-1-mysql.err"]
