"""Plugins in processes of their own: what they cost, and that nothing of them stays."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import warnings

import pytest

from osvc_diag.plugin import process, starting
from osvc_diag.plugin.folders import PluginFile
from osvc_diag.plugin.plugin_manager import load_plugins

GOOD = """
from osvc_diag import Artifact, Collector, hookimpl

def collect(node, objects):
    yield Artifact.from_json("acme", {"node": node.name, "objects": [str(obj) for obj in objects]})

@hookimpl
def osvc_diag_collectors():
    return [Collector("acme", "x", collect)]
"""
ENDLESS_IMPORT = "import threading; threading.Event().wait()"


def file(text, name="acme"):
    return PluginFile(name, f"/plugins/{name}.py", source=textwrap.dedent(text))


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch):
    """Have temporary folders made in one of the test's own: some programs here are killed."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


OTHERS: set[int] = set()


@pytest.fixture(autouse=True)
def _others():
    """Servers that other tests share may be there already."""
    OTHERS.clear()
    OTHERS.update(children())


def children():
    """Return the processes that this one started since the test began, and has not reaped."""
    found = set()
    for task in os.listdir("/proc/self/task"):
        with contextlib.suppress(OSError), open(f"/proc/self/task/{task}/children", encoding="ascii") as file:
            found.update(map(int, file.read().split()))
    return found - OTHERS


def wait_until(condition):
    for _ in range(1000):
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_a_plugin_in_a_file_is_asked_in_a_process_of_its_own(live_node):
    with load_plugins(files=[file(GOOD)]) as plugins:
        (info,) = [info for info in plugins.infos if info.name == "acme"]
        assert (info.distribution, info.collectors) == ("/plugins/acme.py", ("acme",))
        assert info.hooks == ("osvc_diag_collectors",)
        (collector,) = plugins.chosen(["acme"], [])
        (artifact,) = collector.declared(live_node(), (), {})
        assert artifact.source.compute() == {"node": "node1", "objects": []}
        assert "osvc_diag_file_acme" not in sys.modules
        assert len(children()) == 1
    assert children() == set()
    with pytest.raises(process.GoneError, match="the run is over"):
        artifact.source.compute()


def test_a_document_that_needs_more_memory_than_a_plugin_has_is_told_in_words(live_node):
    text = GOOD.replace(
        'from_json("acme", {"node": node.name, "objects": [str(obj) for obj in objects]})',
        "from_text('a', large)",
    )
    large = "def large():\n    return 'x' * (300 << 20)\n"
    with load_plugins(files=[file(large + text)]) as plugins:
        (collector,) = plugins.chosen(["acme"], [])
        (artifact,) = collector.declared(live_node(), (), {})
        with pytest.raises(process.ForeignError, match="it needs more than 512 MiB of memory"):
            artifact.source.compute()


def test_where_no_thread_is_to_be_had_plugins_are_loaded_one_after_the_other(live_node, monkeypatch):
    def start(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with load_plugins(files=[file(GOOD), file("1 / 0", "broken")]) as plugins:
        (collector,) = plugins.chosen(["acme"], [])
        (artifact,) = collector.declared(live_node(), (), {})
        assert artifact.source.compute() == {"node": "node1", "objects": []}
        assert [name for name, _ in plugins.failures] == ["broken"]
    assert children() == set()


def test_without_a_plugin_of_a_third_party_no_process_is_started():
    with load_plugins():
        assert children() == set()


def test_a_blocked_plugin_starts_none():
    with load_plugins(files=[file(GOOD)], blocked=["acme"]) as plugins:
        assert [info.problem for info in plugins.infos if info.name == "acme"] == ["blocked"]
        assert children() == set()


def test_plugins_that_nobody_closed_end_when_nobody_has_them_any_more():
    plugins = load_plugins(files=[file(GOOD)])
    assert children()
    del plugins
    assert wait_until(lambda: not children())


@pytest.mark.parametrize("ending", ["sys.exit(0)", "os._exit(0)", "os.kill(os.getpid(), 9)"])
def test_no_process_outlives_the_program_however_that_ends(ending):
    hang = "import ctypes; ctypes.PyDLL(None).sleep(1000)"  # with the interpreter's lock held
    script = f"""
        import os, sys, threading, time
        from osvc_diag.plugin.folders import PluginFile
        from osvc_diag.plugin.plugin_manager import load_plugins
        files = [PluginFile("good", "/x/good.py", source={GOOD!r}), PluginFile("bad", "/x/bad.py", source={hang!r})]
        loaded = []
        threading.Thread(target=lambda: loaded.append(load_plugins(files=files)), daemon=True).start()
        def pids():
            found = set()
            for task in os.listdir("/proc/self/task"):
                found.update(open(f"/proc/self/task/{{task}}/children").read().split())
            return found
        while len(pids()) < 2:
            time.sleep(0.01)
        time.sleep(1)
        print(*pids(), flush=True)
        {ending}
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False
    )
    pids = done.stdout.split()
    assert len(pids) == 2, done.stderr
    assert wait_until(lambda: not any(map(is_running, pids)))


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_program_without_standard_descriptors_has_plugins_too():
    script = f"""
        import os, sys
        os.closerange(0, 3)
        from osvc_diag.plugin.folders import PluginFile
        from osvc_diag.plugin.plugin_manager import load_plugins
        with load_plugins(files=[PluginFile("acme", "/x/acme.py", source={GOOD!r})]) as plugins:
            os._exit(3 if plugins.failures else 0)
    """
    assert subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False).returncode == 0


def test_a_child_that_was_forked_meanwhile_does_not_end_its_parent_s_plugins(live_node):
    with load_plugins(files=[file(GOOD)]) as plugins:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # there may be threads of the test runner
            pid = os.fork()
        if pid == 0:
            plugins.close()
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        (collector,) = plugins.chosen(["acme"], [])
        assert len(list(collector.declared(live_node(), (), {}))) == 1


def test_loading_is_called_off_by_an_interrupt():
    script = f"""
        import os, signal, threading
        from osvc_diag.plugin.folders import PluginFile
        from osvc_diag.plugin.plugin_manager import load_plugins
        files = [PluginFile(f"bad{{number}}", "/x/bad.py", source={ENDLESS_IMPORT!r}) for number in range(6)]
        threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            load_plugins(files=files)
        except KeyboardInterrupt:
            print(threading.active_count(), open(f"/proc/self/task/{{os.getpid()}}/children").read().split())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["1", "[]"], done.stderr


def test_the_folder_of_a_run_that_was_killed_is_removed_by_the_next(scratch, ended_pid):
    for name in (f"osvc-diag-plugins-{ended_pid}-x", f"osvc-diag-plugins-{os.getppid()}-y", "mine"):
        (scratch / name).mkdir()
        (scratch / name / "file").touch()
    (scratch / f"osvc-diag-plugins-{ended_pid}-link").symlink_to(scratch / "mine")
    with load_plugins(files=[file(GOOD)]):
        assert len(os.listdir(scratch)) == 4
    assert sorted(os.listdir(scratch)) == sorted(
        ["mine", f"osvc-diag-plugins-{ended_pid}-link", f"osvc-diag-plugins-{os.getppid()}-y"]
    )
    assert os.listdir(scratch / "mine") == ["file"]


def test_a_program_that_has_python_built_in_is_not_started_a_second_time(monkeypatch):
    for executable in ("/usr/sbin/osvcd", "", None, "/nowhere/python3"):
        monkeypatch.setattr(sys, "executable", executable)
        with load_plugins(files=[file(GOOD)]) as plugins:
            assert "needs a Python of its own" in dict(plugins.failures)["acme"]


@pytest.mark.parametrize("name", ["python", "python3", "python3.9", "python3.13t", "pypy3.10", "python3-dbg"])
def test_a_python_is_known_by_its_name(name, tmp_path, monkeypatch):
    path = tmp_path / name
    path.touch(0o755)
    monkeypatch.setattr(sys, "executable", str(path))
    assert starting.interpreter() == str(path)


def test_what_a_plugin_prints_before_it_dies_is_told_whole_or_not_at_all():
    for text, told in (("geheim", "; it had printed: geheim"), ("x" * 70_000, "")):
        script = f"import os; print({text!r}, flush=True); os._exit(3)"
        with load_plugins(files=[file(script)]) as plugins:
            assert dict(plugins.failures)["acme"] == f"its process ended with exit status 3{told}"


def test_a_plugin_does_not_see_settings_of_the_program_that_may_hold_a_password(monkeypatch):
    monkeypatch.setenv("OSVC_DIAG_PROXY", "http://u:geheim@proxy:3128")
    script = "import os; raise ValueError([name for name in os.environ if name.startswith('OSVC_DIAG_P')])"
    with load_plugins(files=[file(script)]) as plugins:
        assert dict(plugins.failures)["acme"].startswith("ValueError: [] (acme.py:1)")


def test_no_descriptor_thread_or_file_is_left_over_many_runs(scratch):
    def once():
        with load_plugins(files=[file(GOOD), file("1 / 0", "bad")]):
            pass

    once()
    before = sorted(os.listdir("/proc/self/fd"))
    for _ in range(5):
        once()
    assert sorted(os.listdir("/proc/self/fd")) == before
    assert [thread.name for thread in threading.enumerate() if "plugin" in thread.name] == []
    assert os.listdir(scratch) == []
    assert signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL


def test_what_hangs_while_it_is_loaded_costs_the_others_no_time_of_their_own():
    files = [file(ENDLESS_IMPORT, f"bad{number}") for number in range(2)]
    with load_plugins(files=[*files, file(GOOD)], patience=3.0) as plugins:
        assert sorted(dict(plugins.failures)) == ["bad0", "bad1"]
        assert {text for _, text in plugins.failures} == {"loading it was given up: no answer for 3 s"}
        assert "acme" in [collector.name for collector in plugins.collectors]
