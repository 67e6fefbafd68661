"""Which rules of a node are obeyed, and which files they stand for."""

from __future__ import annotations

import os

import pytest

from osvc_diag.node import site_files
from osvc_diag.node.node import Node
from osvc_diag.node.site_files import SiteFiles, read_site_rules
from osvc_diag.objects.layout import Layout


@pytest.fixture
def root(tmp_path):
    """Return a whole file system with rules to be written, and files to be found."""
    (tmp_path / "etc/opensvc/sysreport.conf.d").mkdir(parents=True)
    for name in ("etc/hosts", "etc/app/a.conf", "etc/app/sub/b.conf", "etc/app/.hidden", "etc/shadow"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path


def write_rules(root, text: str, name: str = "site") -> str:
    path = root / "etc/opensvc/sysreport.conf.d" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def found(root, *lines: str) -> tuple[list[str], list[str]]:
    """Return the files that rules stand for, below the root, and what is told of them."""
    write_rules(root, "\n".join(lines))
    rules, problems = read_site_rules(Layout.package(str(root)), str(root))
    assert problems == []
    files = SiteFiles(rules, str(root))
    paths = [path[len(str(root)) :] for path in files.paths()]
    return paths, [f"{rule.where}: {note}" for rule, note in files.notes]


def problems(root) -> list[str]:
    return [problem.reason for problem in read_site_rules(Layout.package(str(root)), str(root))[1]]


def test_a_folder_stands_for_all_files_below_it(root):
    assert found(root, "DIR /etc/app") == (["/etc/app/.hidden", "/etc/app/a.conf", "/etc/app/sub/b.conf"], [])


def test_a_pattern_stands_for_files_and_for_folders(root):
    paths, _ = found(root, "GLOB /etc/*/*")
    assert paths == ["/etc/app/a.conf", "/etc/app/sub/b.conf", "/etc/opensvc/sysreport.conf.d/site"]


def test_each_file_is_found_once_and_what_is_excluded_is_not(root):
    assert found(root, "DIR /etc/app", "FILE /etc/app/a.conf", "EXC /etc/app/sub", "EXC /etc/app/.*") == (
        ["/etc/app/a.conf"],
        [],
    )


def test_a_rule_that_stands_for_nothing_is_none(root):
    assert found(root, "FILE /etc/groups", "GLOB /nowhere/*", "DIR /etc/hosts/x") == ([], [])


def test_links_below_a_folder_are_not_taken_as_the_agent_does(root):
    os.symlink("/etc/hosts", root / "etc/app/link")
    os.symlink("/etc", root / "etc/app/etc")
    assert "/etc/app/link" not in found(root, "DIR /etc/app", "GLOB /etc/app/l*")[0]
    assert found(root, "FILE /etc/app/link")[0] == ["/etc/app/link"]


def test_what_is_a_secret_is_passed_over_and_counted(root):
    paths, notes = found(root, "# all", "GLOB /etc/*d*")
    assert paths == []
    assert notes == ["site:2: left out of what it names: 1 file of secrets"]


def test_rules_that_name_the_whole_machine_come_to_an_end(root, monkeypatch):
    monkeypatch.setattr(site_files, "MOST_LOOKED_AT", 3)
    _, notes = found(root, "DIR /")
    assert "site:1: more than 3 files would have to be looked at" in notes


def test_rules_that_name_too_many_files_are_cut(root, monkeypatch):
    monkeypatch.setattr(site_files, "MOST_FILES", 2)
    paths, notes = found(root, "DIR /etc/app")
    assert len(paths) == 2
    assert notes == ["site:1: all rules name over 2 files: the rest is left out"]


def test_a_folder_on_the_way_that_may_not_be_listed_is_told(open_tree, ordinary_user):
    secret = os.path.join(open_tree, "srv/secret")
    os.makedirs(secret, mode=0o700)
    os.chmod(os.path.join(open_tree, "srv"), 0o755)
    if os.geteuid() != 0:
        os.chmod(secret, 0)
    with ordinary_user():
        rule = site_files.PathRule.of("/srv/secret/*.conf", "x:1")
        files = SiteFiles(site_files.SiteRules((rule,)), open_tree)
        assert list(files.paths()) == []
        assert files.notes == [(rule, "a folder on its way cannot be listed: Permission denied")]


def test_wrong_lines_are_told_with_their_number_and_the_others_obeyed(root):
    path = write_rules(root, "FILE /etc/hosts\n\nCOPY x\nCMD a | b\n")
    rules, told = read_site_rules(Layout.package(str(root)), str(root))
    assert [rule.text for rule in rules.paths] == ["/etc/hosts"]
    assert [problem.path for problem in told] == [path, path]
    assert told[0].reason == "line 3 is not obeyed: 'COPY' is none of FILE, DIR, GLOB, INC, EXC, CMD"
    assert told[1].reason.startswith("line 4 is not obeyed: it needs a shell")


def test_files_in_subfolders_are_read_too(root):
    write_rules(root, "CMD /bin/true", "sub/more")
    rules, _ = read_site_rules(Layout.package(str(root)), str(root))
    assert [rule.where for rule in rules.commands] == ["sub/more:1"]


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_can_write_is_not_obeyed(root, mode):
    os.chmod(write_rules(root, "FILE /etc/hosts"), mode)
    (reason,) = problems(root)
    assert "is not obeyed" in reason
    assert "writable by group or others" in reason


def test_a_file_below_a_folder_that_others_can_write_is_not_obeyed(root):
    write_rules(root, "FILE /etc/hosts")
    (root / "etc/opensvc").chmod(0o777)
    assert "writable by group or others" in problems(root)[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file away")
def test_a_file_of_another_user_is_not_obeyed(root):
    os.chown(write_rules(root, "FILE /etc/hosts"), 65534, 0)
    assert "belongs to uid 65534" in problems(root)[0]


def test_a_link_is_not_obeyed(root):
    os.rename(write_rules(root, "FILE /etc/hosts"), root / "rules")
    os.symlink(root / "rules", root / "etc/opensvc/sysreport.conf.d/site")
    assert "a link" in problems(root)[0]


def test_rules_that_are_too_large_are_not_obeyed(root):
    write_rules(root, "#" * (site_files.FILE_LIMIT + 1))
    assert "larger than" in problems(root)[0]


def test_too_many_rules_are_cut(root, monkeypatch):
    monkeypatch.setattr(site_files, "MOST_RULES", 1)
    write_rules(root, "FILE /a\n# no rule\nFILE /b\nFILE /c")
    assert problems(root) == ["line 3 and what follows: there are more than 1 rules"]


def test_more_wrong_lines_than_are_told_are_counted(root, monkeypatch):
    monkeypatch.setattr(site_files, "MOST_PROBLEMS", 1)
    write_rules(root, "a\nb\nc\n")
    assert [reason.partition(":")[0] for reason in problems(root)] == [
        "line 1 is not obeyed",
        "2 more lines or files are not obeyed",
    ]


def test_a_root_that_is_reached_through_a_link_is_read_alike(root, tmp_path_factory):
    link = tmp_path_factory.mktemp("mnt") / "disk"
    link.symlink_to(root)
    write_rules(root, "DIR /etc/app")
    node = Node.discover(str(link))
    rules, _ = read_site_rules(node.layout, str(link))
    (path, *_) = SiteFiles(rules, str(link)).paths()
    assert node.member(path) == "file/etc/app/.hidden"
    assert node.trees.read(path, 10) == b"x"
    assert node.trees.rooted(path) == f"{root}/etc/app/.hidden"


def test_no_folder_of_rules_is_normal(tmp_path):
    rules, told = read_site_rules(Layout.package(str(tmp_path)), str(tmp_path))
    assert (rules.paths, rules.commands, told) == ((), (), [])
