"""Plugins that are files: which are taken, and the exact reason why one is not."""

from __future__ import annotations

import os

import pytest

from osvc_diag.errors import PluginUnavailableError
from osvc_diag.plugin.executables import MOST_ARGUMENTS, executable_collector
from osvc_diag.plugin.folders import MOST_FILES, MOST_SOURCE, SITE_FOLDER, PluginFile, files_in, plugin_files


@pytest.fixture(autouse=True)
def _umask():
    before = os.umask(0o022)  # many a user's own lets the group write
    yield
    os.umask(before)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "etc" / SITE_FOLDER
    made.mkdir(parents=True)
    return made


def write(folder, name, text="x = 1\n", mode=0o644):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return str(path)


def found(folder):
    return {file.name: file for file in files_in(str(folder), is_asked_for=True)}


def test_a_py_file_is_a_plugin_with_its_text(folder):
    path = write(folder, "acme_raid.py", "print('ümlaut')\n")
    assert found(folder) == {"acme_raid": PluginFile("acme_raid", path, source="print('ümlaut')\n")}


def test_an_executable_is_a_plugin_and_its_comment_says_what_it_is(folder):
    path = write(folder, "raid.sh", "#!/bin/sh\n# the state of the array\nexit\n", 0o755)
    plain = write(folder, "other", b"\x7fELF", 0o755)
    assert found(folder)["raid"] == PluginFile("raid", path, summary="the state of the array")
    assert found(folder)["other"].summary == f"what {plain} prints"


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.py",
        "acme.py~",
        "acme.py.rpmsave",
        "acme.bak",
        "README.md",
        "README",
        "#acme.py#",
        "a b.py",
        "acme.pyc",
        "x.disabled",
    ],
)
def test_what_editors_and_packages_leave_behind_is_no_plugin(name, folder):
    write(folder, name, mode=0o755)
    assert found(folder) == {}


def test_a_subfolder_is_no_plugin(folder):
    (folder / "lib").mkdir()
    (folder / "acme.py").mkdir()
    assert found(folder) == {}


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (0o664, "is writable by group or others"),
        (0o646, "is writable by group or others"),
        (0o775, "is writable by group or others"),
    ],
)
@pytest.mark.parametrize("name", ["acme.py", "acme.sh"])
def test_what_others_can_write_is_refused(name, mode, reason, folder):
    path = write(folder, name, mode=mode)
    assert found(folder)["acme"].problem == f"refused: {path} {reason}"
    assert found(folder)["acme"].source is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_belongs_to_somebody_else_is_refused(folder):
    path = write(folder, "acme.py")
    os.chown(path, 12345, 0)
    assert "belongs to uid 12345, neither to root nor to the running user" in found(folder)["acme"].problem


def test_a_link_is_judged_by_what_it_names(folder, tmp_path):
    (folder / "good.py").symlink_to(write(tmp_path, "elsewhere.py", "y = 2\n"))
    (folder / "bad.py").symlink_to(write(tmp_path, "loose.py", mode=0o666))
    (folder / "none.py").symlink_to(tmp_path / "nowhere.py")
    (folder / "zero.py").symlink_to("/dev/zero")
    assert found(folder)["good"].source == "y = 2\n"
    assert "loose.py is writable by group or others" in found(folder)["bad"].problem
    assert found(folder)["none"].problem == "refused: No such file or directory"
    assert "is not a regular file" in found(folder)["zero"].problem


def test_a_file_below_a_folder_that_others_can_write_is_refused(folder, tmp_path):
    loose = tmp_path / "loose"
    loose.mkdir()
    (folder / "acme.py").symlink_to(write(loose, "acme.py"))
    loose.chmod(0o777)
    assert f"{loose} is writable by group or others" in found(folder)["acme"].problem


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("acme.conf", "x", "neither a .py file nor executable: chmod +x makes it one"),
        ("acme.py", b"\xff\xfe", "it is no UTF-8: invalid start byte at byte 0"),
        ("acme.py", b"#" * (MOST_SOURCE + 1), f"refused: it is larger than {MOST_SOURCE} bytes"),
    ],
    ids=["no plugin", "no text", "too large"],
)
def test_the_exact_reason_is_told(name, text, problem, folder):
    write(folder, name, text)
    assert found(folder)["acme"].problem == problem


def test_the_site_s_folder_need_not_be_there(tmp_path):
    assert plugin_files(str(tmp_path)) == []
    assert plugin_files(None) == []


def test_the_site_s_folder_is_refused_as_a_whole_where_others_can_write_it(folder):
    write(folder, "acme.py")
    folder.chmod(0o777)
    (refused,) = plugin_files(str(folder.parent))
    assert refused == PluginFile(
        SITE_FOLDER, str(folder), problem=f"the folder is refused: {folder} is writable by group or others"
    )


def test_a_folder_that_was_asked_for_has_to_be_good(tmp_path):
    with pytest.raises(PluginUnavailableError, match=r"there is no plugin folder /.*none"):
        plugin_files(None, [str(tmp_path / "none")])
    (tmp_path / "file").touch()
    with pytest.raises(PluginUnavailableError, match=r"there is no plugin folder /.*file"):
        plugin_files(None, [str(tmp_path / "file")])
    loose = tmp_path / "loose"
    loose.mkdir()
    loose.chmod(0o777)
    with pytest.raises(PluginUnavailableError, match="is writable by group or others") as caught:
        plugin_files(None, [str(loose)])
    assert "nobody else may write them" in caught.value.hint


def test_both_the_site_s_and_the_named_ones_are_taken(folder, tmp_path):
    write(folder, "site.py")
    mine = tmp_path / "mine"
    mine.mkdir()
    write(mine, "mine.py")
    assert [file.name for file in plugin_files(str(folder.parent), [str(mine)])] == ["site", "mine"]


def test_a_folder_with_too_much_in_it_is_refused(folder):
    for number in range(MOST_FILES + 1):
        write(folder, f"a{number}.py")
    (refused,) = plugin_files(str(folder.parent))
    assert f"holds more than {MOST_FILES} files" in refused.problem


class TestExecutable:
    @pytest.fixture
    def declared(self, live_node):
        def of(objects=(), name="Raid_State"):
            collector = executable_collector(PluginFile(name, "/opt/acme/raid.sh", summary="x"))
            collector.check()
            return collector, list(collector.declared(live_node(), objects, {}))

        return of

    def test_it_is_a_collector_that_is_called_as_a_collector_may_be(self, declared):
        collector, (artifacts,) = declared()
        assert collector.name == "raid-state"
        assert artifacts.name == "cmd/raid-state/raid-state"

    def test_it_is_given_the_objects_and_told_where_it_is(self, declared, live_node):
        _, (artifacts,) = declared(["svc1", "prod/svc/web"])
        node = live_node()
        assert artifacts.source.command.argv == ("/opt/acme/raid.sh", "svc1", "prod/svc/web")
        assert dict(artifacts.source.command.environ) == {
            "OSVC_DIAG_NODE": "node1",
            "OSVC_DIAG_ETC": node.layout.etc,
            "OSVC_DIAG_LOG": node.layout.log,
            "OSVC_DIAG_VAR": node.layout.var,
            "OSVC_DIAG_AGENT": node.agent.kind,
            "OSVC_DIAG_CLUSTER": "",
        }

    def test_more_objects_than_a_command_line_takes_are_a_gap(self, declared):
        _, (gap,) = declared(["x" * 1000] * (MOST_ARGUMENTS // 1000))
        assert "too many for a command line" in gap.reason

    def test_one_whose_name_makes_no_collector_is_refused(self, declared):
        with pytest.raises(ValueError, match="no name of a collector"):
            declared(name="x" * 70)
