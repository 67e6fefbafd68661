from __future__ import annotations

import contextlib
import os
import socket
import stat
import subprocess
import sys
import textwrap

import pytest

from osvc_diag.reading import trees as trees_module
from osvc_diag.reading.trees import NotTakenError, Trees

INSIDE, OUTSIDE = b"inside\n", b"outside: never to be read\n"


@pytest.fixture
def node(tmp_path):
    """A node's folders: etc, log and var, and a file beside them."""
    for folder in ("etc", "log", "var/svc/web"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "etc/web.conf").write_bytes(INSIDE)
    (tmp_path / "secret").write_bytes(OUTSIDE)
    return tmp_path


@pytest.fixture
def trees(node):
    return Trees([str(node / name) for name in ("etc", "log", "var")])


def content(trees: Trees, path: object) -> bytes:
    return trees.read(str(path), 1 << 20)


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"))


class TestOpening:
    def test_a_regular_file_is_opened_with_its_status(self, trees, node):
        opened = trees.open(str(node / "etc/web.conf"))
        assert os.pread(opened.fd, 100, 0) == INSIDE
        assert opened.status.st_size == len(INSIDE)
        assert not os.get_inheritable(opened.fd)
        os.close(opened.fd)

    def test_looking_opens_nothing_and_tells_the_size(self, trees, node):
        assert trees.look(str(node / "etc/web.conf")).st_size == len(INSIDE)
        with pytest.raises(NotTakenError):
            trees.look(str(node / "etc"))

    def test_a_missing_file_is_missing(self, trees, node):
        for path in ("etc/nothing", "etc/no/where", "etc/web.conf/below"):
            with pytest.raises((FileNotFoundError, NotADirectoryError)):
                trees.open(str(node / path))

    @pytest.mark.parametrize("path", ["secret", "etc/../secret", "etc/../../secret", "etcetera/x", ".."])
    def test_what_lies_outside_is_not_opened(self, trees, node, path):
        with pytest.raises(NotTakenError):
            trees.open(f"{node}/{path}")

    @pytest.mark.parametrize(
        "path",
        ["etc/./web.conf", "etc//web.conf", "./etc/web.conf", "etc/sub/../web.conf", "log/../etc/web.conf"],
    )
    def test_dots_that_stay_inside_are_followed(self, trees, node, path):
        (node / "etc/sub").mkdir()
        assert content(trees, f"{node}/{path}") == INSIDE

    @pytest.mark.parametrize(
        "name",
        [
            "-rf",
            "with\nnewline",
            "with space",
            "ünïcode",
            b"\xff\xfe not utf-8",
            "*",
            "a" * 255,
            "\\",
            "\x1b[31m",
        ],
    )
    def test_any_file_name_is_opened(self, trees, node, name):
        path = os.fsencode(node) + b"/var/" + os.fsencode(name)
        with open(path, "wb") as file:
            file.write(INSIDE)
        assert content(trees, os.fsdecode(path)) == INSIDE
        assert os.fsdecode(path) in list(trees.walk(str(node / "var")))

    def test_a_larger_file_than_the_limit_is_refused_whole(self, trees, node):
        assert trees.read(str(node / "etc/web.conf"), len(INSIDE)) == INSIDE
        with pytest.raises(NotTakenError, match="larger than 3 bytes"):
            trees.read(str(node / "etc/web.conf"), 3)

    def test_the_reason_never_holds_the_path(self, trees, node):
        (node / "var/sock").symlink_to(node / "secret")
        for path in ("var/sock", "secret", "etc"):
            with pytest.raises(NotTakenError) as caught:
                trees.open(str(node / path))
            assert str(node) not in str(caught.value)


class TestKinds:
    def test_a_fifo_is_refused_at_once(self, trees, node):
        os.mkfifo(node / "var/fifo")
        with pytest.raises(NotTakenError, match="is a FIFO"):
            trees.open(str(node / "var/fifo"))

    def test_a_socket_is_refused(self, trees, node, monkeypatch):
        monkeypatch.chdir(node / "var")  # the name of a socket is short
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("lsnr.sock")
            with pytest.raises(NotTakenError, match="is a socket"):
                trees.open(str(node / "var/lsnr.sock"))

    def test_a_device_is_refused(self):
        with pytest.raises(NotTakenError, match="is a character device"):
            Trees(["/dev"]).open("/dev/zero")

    def test_a_folder_is_refused(self, trees, node):
        for path in ("var/svc", "var/svc/", "var", "var/."):
            with pytest.raises(NotTakenError, match="is a folder"):
                trees.open(f"{node}/{path}")

    def test_all_of_them_are_passed_over_by_a_walk(self, trees, node, monkeypatch):
        os.mkfifo(node / "var/fifo")
        monkeypatch.chdir(node / "var")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("s")
            assert list(trees.walk(str(node / "var"))) == []


class TestLinks:
    @pytest.mark.parametrize(
        ("link", "target"),
        [
            ("etc/a", "web.conf"),
            ("etc/a", "./web.conf"),
            ("etc/a", "{node}/etc/web.conf"),
            ("etc/a", "../etc/web.conf"),
            ("var/svc/web/a", "../../../etc/web.conf"),
            ("var/svc/web/a", "{node}/var/../etc/web.conf"),
        ],
    )
    def test_a_link_that_stays_inside_is_followed(self, trees, node, link, target):
        (node / link).symlink_to(target.format(node=node))
        assert content(trees, node / link) == INSIDE

    @pytest.mark.parametrize(
        ("link", "target"),
        [
            ("etc/a", "../secret"),
            ("etc/a", "{node}/secret"),
            ("etc/a", "/etc/passwd"),
            ("etc/a", "{node}/etc/../secret"),
            ("etc/a", "/proc/self/environ"),
            ("etc/a", "../../../../../../../../../../../../etc/passwd"),
            ("var/svc/web/a", "../../../../secret"),
            ("etc/a", "{node}"),
        ],
    )
    def test_a_link_that_leads_out_is_not_followed(self, trees, node, link, target):
        (node / link).symlink_to(target.format(node=node))
        with pytest.raises(NotTakenError):
            trees.open(str(node / link))

    def test_a_folder_that_is_a_link_out_is_not_entered(self, trees, node):
        outside = node / "elsewhere"
        outside.mkdir()
        (outside / "secret").write_bytes(OUTSIDE)
        (node / "var/out").symlink_to(outside)
        with pytest.raises(NotTakenError, match="leads out"):
            trees.open(str(node / "var/out/secret"))
        with pytest.raises(NotTakenError, match="leads out"):
            trees.listdir(str(node / "var/out"))

    def test_dots_behind_a_linked_folder_are_those_of_its_target(self, trees, node):
        (node / "var/deep").mkdir()
        (node / "var/deep/file").write_bytes(b"deep\n")
        (node / "var/svc/link").symlink_to("../deep")
        # The kernel says var/deep/../deep/file; by the letters alone it were var/svc/deep/file.
        assert content(trees, f"{node}/var/svc/link/../deep/file") == b"deep\n"

    def test_a_loop_of_links_ends(self, trees, node):
        (node / "etc/a").symlink_to("b")
        (node / "etc/b").symlink_to("a")
        (node / "etc/self").symlink_to("self/x")
        for name in ("a", "b", "self", "a/below"):
            with pytest.raises(NotTakenError, match="loop of links"):
                trees.open(str(node / "etc" / name))

    def test_links_that_double_with_each_step_end(self, trees, node):
        (node / "etc/l0").symlink_to(".")
        for step in range(1, 20):
            (node / f"etc/l{step}").symlink_to(f"l{step - 1}/l{step - 1}")
        with pytest.raises(NotTakenError, match="loop of links"):
            trees.open(str(node / "etc/l19/web.conf"))

    def test_a_dangling_link_is_missing(self, trees, node):
        (node / "etc/a").symlink_to("nothing")
        with pytest.raises(FileNotFoundError):
            trees.open(str(node / "etc/a"))

    def test_a_root_that_is_a_link_is_resolved_once(self, node):
        disk = node / "disk/logs"
        disk.mkdir(parents=True)
        (disk / "node.log").write_bytes(INSIDE)
        (node / "linked").symlink_to(disk)
        (node / "etc/log").symlink_to(node / "linked/node.log")
        trees = Trees([str(node / "linked"), str(node / "etc")])
        assert content(trees, node / "linked/node.log") == INSIDE
        # By its given name too, a link into it leads inside.
        assert content(trees, node / "etc/log") == INSIDE
        assert trees.rooted(str(node / "linked/node.log")) == str(disk / "node.log")
        (node / "linked").unlink()
        (node / "linked").symlink_to(node)
        assert content(trees, node / "linked/node.log") == INSIDE

    def test_no_descriptor_is_left_open(self, trees, node):
        (node / "etc/out").symlink_to("../secret")
        (node / "etc/in").symlink_to("../var/../etc/web.conf")
        before = open_descriptors()
        for name in ("web.conf", "in", "out", "nothing", "web.conf/x", "."):
            with contextlib.suppress(OSError, NotTakenError):
                os.close(trees.open(f"{node}/etc/{name}").fd)
        list(trees.walk(str(node)))
        next(trees.walk(str(node / "etc")))
        assert open_descriptors() == before


class TestSwaps:
    """An attacker who owns a folder below the trees swaps what stands there while it is opened."""

    ROUNDS = 10_000

    def race(self, trees, path, swap):
        """Read a path while another process runs a piece of code in a loop."""
        folder = path.parent.parent
        swap = textwrap.indent(textwrap.dedent(swap), "    ")
        code = f"import os, sys\nos.chdir(sys.argv[1])\nprint(flush=True)\nwhile os.getppid() == {os.getpid()}:\n{swap}"
        swapper = subprocess.Popen([sys.executable, "-c", code, folder], stdout=subprocess.PIPE)
        try:
            swapper.stdout.readline()  # it is at it
            for _ in range(self.ROUNDS):
                with contextlib.suppress(FileNotFoundError, NotADirectoryError, NotTakenError):
                    assert content(trees, path) == INSIDE
        finally:
            swapper.kill()
            swapper.communicate()

    def test_a_file_that_turns_into_a_link_is_never_followed(self, trees, node):
        (node / "var/inside").write_bytes(INSIDE)
        swap = """
            os.link("var/inside", "new")
            os.replace("new", "var/file")
            os.symlink("../secret", "new")
            os.replace("new", "var/file")
        """
        self.race(trees, node / "var/file", swap)

    def test_a_folder_that_turns_into_a_link_is_never_entered(self, trees, node):
        (node / "elsewhere").mkdir()
        (node / "elsewhere/file").write_bytes(OUTSIDE)
        (node / "var/folder").mkdir()
        (node / "var/folder/file").write_bytes(INSIDE)
        swap = """
            os.rename("folder", "aside")
            os.symlink("../elsewhere", "folder")
            os.unlink("folder")
            os.rename("aside", "folder")
        """
        self.race(trees, node / "var/folder/file", swap)

    def test_a_fifo_that_is_swapped_in_does_not_block(self, trees, node):
        (node / "var/inside").write_bytes(INSIDE)
        swap = """
            os.link("var/inside", "new")
            os.replace("new", "var/file")
            os.mkfifo("new")
            os.replace("new", "var/file")
        """
        self.race(trees, node / "var/file", swap)


class TestForeignFileSystem:
    """`--root`: a disk whose links mean its own files."""

    @pytest.fixture
    def disk(self, tmp_path):
        for folder in ("etc/opensvc", "var/log", "data/log", "var/lib/opensvc"):
            (tmp_path / "disk" / folder).mkdir(parents=True)
        (tmp_path / "disk/data/log/node.log").write_bytes(INSIDE)
        (tmp_path / "disk/var/log/opensvc").symlink_to("/data/log")
        (tmp_path / "outside").write_bytes(OUTSIDE)
        return tmp_path / "disk"

    def trees(self, disk):
        folders = [f"{disk}/{name}" for name in ("etc/opensvc", "var/log/opensvc", "var/lib/opensvc")]
        return Trees(folders, base=str(disk))

    def test_an_absolute_link_is_resolved_below_the_root(self, disk):
        (disk / "var/lib/opensvc/last").symlink_to("/var/log/opensvc/node.log")
        trees = self.trees(disk)
        assert content(trees, disk / "var/log/opensvc/node.log") == INSIDE
        assert content(trees, disk / "var/lib/opensvc/last") == INSIDE
        assert list(trees.walk(str(disk / "var/log/opensvc"))) == [str(disk / "var/log/opensvc/node.log")]

    @pytest.mark.parametrize(
        "target", ["/outside", "../../../../outside", "/../outside", "../" * 40 + "outside", "/etc/passwd"]
    )
    def test_no_link_leads_out_of_the_root(self, disk, target):
        (disk / "var/lib/opensvc/out").symlink_to(target)
        (disk / "etc/passwd").write_bytes(b"of the disk\n")
        with pytest.raises((NotTakenError, FileNotFoundError)):
            self.trees(disk).open(str(disk / "var/lib/opensvc/out"))

    def test_at_the_root_dots_lead_nowhere(self, disk):
        (disk / "outside").write_bytes(INSIDE)
        (disk / "link").symlink_to("../../outside")
        assert content(Trees([str(disk)], base=str(disk)), disk / "link") == INSIDE

    def test_the_root_itself_may_be_reached_by_a_link(self, disk, tmp_path):
        (tmp_path / "mnt").symlink_to(disk)
        (disk / "var/lib/opensvc/last").symlink_to("/var/log/opensvc/node.log")
        trees = self.trees(tmp_path / "mnt")
        assert content(trees, tmp_path / "mnt/var/lib/opensvc/last") == INSIDE

    def test_a_root_folder_that_leads_out_ends_at_the_root(self, disk):
        (disk / "var/lib/opensvc").rmdir()
        (disk / "var/lib/opensvc").symlink_to("../../../")
        with pytest.raises(FileNotFoundError):  # `..` of the disk's own root is that root
            self.trees(disk).open(str(disk / "var/lib/opensvc/../outside"))

    def test_a_folder_outside_of_the_root_is_refused(self, disk, tmp_path):
        with pytest.raises(NotTakenError, match="outside"):
            Trees([str(tmp_path)], base=str(disk))


class TestWalking:
    def test_files_come_sorted_before_those_of_subfolders(self, trees, node):
        for name in ("b", "a", "svc/web/z", "svc/a", "10", "9"):
            (node / "var" / name).write_bytes(b"")
        walked = [os.path.relpath(path, node / "var") for path in trees.walk(str(node / "var"))]
        assert walked == ["10", "9", "a", "b", "svc/a", "svc/web/z"]

    def test_a_folder_that_is_not_there_has_nothing(self, trees, node):
        assert list(trees.walk(str(node / "var/nothing"))) == []
        assert list(trees.walk(str(node / "etc/web.conf"))) == []
        assert trees.listdir(str(node / "var/nothing")) == []

    def test_subfolders_are_entered_as_asked(self, trees, node):
        (node / "var/svc/web/a").write_bytes(b"")
        (node / "var/other").mkdir()
        (node / "var/other/b").write_bytes(b"")
        walked = trees.walk(str(node / "var"), enter=lambda folder: "other" not in folder)
        assert list(walked) == [str(node / "var/svc/web/a")]

    def test_a_link_is_named_and_not_entered(self, trees, node):
        (node / "var/loop").symlink_to(".")
        assert list(trees.walk(str(node / "var"))) == [str(node / "var/loop")]

    def test_what_leads_out_is_named_so_that_it_becomes_a_gap(self, trees, node):
        (node / "var/svc/web").rmdir()
        (node / "var/svc/web").symlink_to("/")
        assert list(trees.walk(str(node / "var/svc/web"))) == [str(node / "var/svc/web")]

    def test_what_lies_too_deep_is_named_so_that_it_becomes_a_gap(self, trees, node):
        deep = node / "var/deep" / "/".join(["d"] * (trees_module.MAX_DEPTH + 3))
        deep.mkdir(parents=True)
        (deep / "file").write_bytes(b"")
        (walked,) = trees.walk(str(node / "var/deep"))
        assert len(walked) == len(str(node / "var/deep")) + 2 * (trees_module.MAX_DEPTH + 1)
        with pytest.raises(NotTakenError, match="is a folder"):
            trees.open(walked)

    def test_a_walk_that_is_left_early_leaves_nothing_open(self, trees, node):
        (node / "var/svc/web/a").write_bytes(b"")
        before = open_descriptors()
        walk = trees.walk(str(node / "var"))
        next(walk)
        walk.close()
        assert open_descriptors() == before

    def test_files_that_vanish_meanwhile_do_not_stop_it(self, trees, node):
        for name in ("a", "b", "c"):
            (node / "var" / name).mkdir()
            (node / "var" / name / "file").write_bytes(b"")
        walk = trees.walk(str(node / "var"))
        assert next(walk).endswith("a/file")
        (node / "var/b/file").unlink()
        (node / "var/b").rmdir()
        assert [os.path.basename(os.path.dirname(path)) for path in walk] == ["c"]


class TestOrdinaryUsers:
    def test_a_folder_that_may_not_be_listed_is_passed_through(self, public_path, as_ordinary_user):
        (public_path / "etc").mkdir()
        (public_path / "etc/web.conf").write_bytes(INSIDE)
        (public_path / "etc/web.conf").chmod(0o644)
        (public_path / "etc").chmod(0o711)
        code = """
            trees = Trees([sys.argv[1]])
            print(outcome(trees.read, sys.argv[1] + "/web.conf", 100), list(trees.walk(sys.argv[1])))
        """
        if os.geteuid() != 0:
            pytest.skip("an owner may always list")
        assert as_ordinary_user(code, public_path / "etc") == f"{INSIDE} ['{public_path}/etc']"

    def test_what_is_denied_is_named_and_refused(self, public_path, as_ordinary_user):
        (public_path / "var/closed").mkdir(parents=True)
        (public_path / "var/closed/file").write_bytes(b"")
        (public_path / "var/open").mkdir()
        (public_path / "var/open/file").write_bytes(b"")
        (public_path / "var/closed").chmod(0)
        code = """
            trees = Trees([sys.argv[1]])
            for path in trees.walk(sys.argv[1]):
                print(path[len(sys.argv[1]):], outcome(trees.read, path, 100))
            print(outcome(trees.open, sys.argv[1] + "/closed/file"))
        """
        said = as_ordinary_user(code, public_path / "var").splitlines()
        (public_path / "var/closed").chmod(0o700)
        assert said == ["/closed PermissionError", "/open/file b''", "PermissionError"]

    def test_an_unreadable_file_is_denied(self, public_path, as_ordinary_user):
        (public_path / "file").write_bytes(OUTSIDE)
        (public_path / "file").chmod(0)
        code = 'print(outcome(Trees([sys.argv[1]]).open, sys.argv[1] + "/file"))'
        assert as_ordinary_user(code, public_path) == "PermissionError"


def test_opening_asks_the_system_no_more_than_it_must(trees, node):
    """A node of 5,000 objects has 15,000 small files: the work per file counts."""
    (node / "var/svc/web/status.json").write_bytes(INSIDE)
    code = f"""
import os, sys
from osvc_diag.reading.trees import Trees
trees = Trees([{str(node / "var")!r}])
sys.addaudithook(lambda event, _: event == "open" and opened.append(1))
opened = []
trees.open({str(node / "var/svc/web/status.json")!r})
print(len(opened))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert int(done.stdout) == 4  # the root, two folders, the file


def test_a_status_is_of_what_was_opened(trees, node):
    (node / "var/a").write_bytes(INSIDE)
    (node / "var/a").chmod(0o640)
    opened = trees.open(str(node / "var/a"))
    (node / "var/a").unlink()
    assert stat.S_IMODE(opened.status.st_mode) == 0o640
    os.close(opened.fd)


def test_a_file_that_is_never_opened_is_not_opened_through_a_link_either(tmp_path) -> None:
    var = tmp_path / "var"
    (var / "certs").mkdir(parents=True)
    (var / "certs" / "private_key").write_bytes(b"key")
    (var / "status.json").symlink_to("certs/private_key")
    (var / "status.last").symlink_to(var / "certs" / "private_key")
    (var / "other").write_bytes(b"text")
    trees = Trees([str(var)], never=[str(var / "certs" / "private_key")])
    for name in ("certs/private_key", "status.json", "status.last"):
        with pytest.raises(NotTakenError, match="never taken"):
            trees.open(str(var / name))
    assert trees.read(str(var / "other"), 10) == b"text"
