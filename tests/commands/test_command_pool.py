"""Commands of every kind, run as a run runs them: each one's end is told, and nothing is left of any."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Callable, Optional

import pytest
from fake_om import is_alive

from osvc_diag.commands import pool as pool_module
from osvc_diag.commands import running as running_module
from osvc_diag.commands.output import FIRST_ROOM, SECOND_ROOM
from osvc_diag.commands.pool import CommandPool
from osvc_diag.commands.programs import find_program
from osvc_diag.ownership import UntrustedError
from osvc_diag.plugin.artifact import Artifact
from osvc_diag.plugin.sources import Command, CommandSource, Stream
from osvc_diag.reading.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINE = b"2026-11-22 20:20:00,000 INFO n:node1 | a line\n"
PY = sys.executable


class Desk:
    """Runs commands in a pool and reads them all, in the order of the plan."""

    def __init__(self) -> None:
        self.pool = CommandPool()
        self.artifacts: list[Artifact] = []

    def add(self, *argv: str, name: str = "", streams: Any = tuple(Stream), **limits: Any) -> str:
        """Plan a command; return its name."""
        name = name or f"c{len(self.artifacts):03}"
        transform = limits.pop("transform", None)
        command = Command(argv, **limits)
        self.artifacts += [
            Artifact(
                f"cmd/{name}.{stream.value}",
                CommandSource(command, stream, transform if stream is Stream.OUT else None),
            )
            for stream in streams
        ]
        return name

    def shell(self, script: str, **limits: Any) -> str:
        return self.add("sh", "-c", script, **limits)

    def start(self, deadline: Optional[float] = None, **how: Any) -> None:
        self.pool = CommandPool(deadline=deadline, **how)
        self.pool.start(self.artifacts)

    def read(self, name: str) -> tuple[bytes, Outcome]:
        """Read one output: `c000.out`."""
        (artifact,) = [artifact for artifact in self.artifacts if artifact.name == f"cmd/{name}"]
        outcome = Outcome()
        return b"".join(self.pool.blocks(artifact, outcome)), outcome

    def run(self, script: str = "", *argv: str, **limits: Any) -> tuple[bytes, bytes, Outcome]:
        """Run one command alone; return both outputs, and what is told of the first."""
        name = self.add(*argv, **limits) if argv else self.shell(script, **limits)
        self.start()
        out, outcome = self.read(f"{name}.out")
        err, _ = self.read(f"{name}.err")
        return out, err, outcome


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.pool.close()


def told(outcome: Outcome) -> tuple[str, str, bool]:
    return outcome.state, outcome.reason, outcome.is_gap


def test_both_outputs_are_kept_apart_and_the_code_is_told(desk: Desk) -> None:
    out, err, outcome = desk.run("echo a; echo b >&2; exit 3")
    assert (out, err) == (b"a\n", b"b\n")
    assert told(outcome) == ("ok", "rc 3", False)
    assert outcome.ending is not None
    assert outcome.ending.rc == 3
    assert outcome.source_bytes == 2


def test_a_code_that_a_command_declares_good_is_no_word_worth(desk: Desk) -> None:
    assert told(desk.run("exit 3", ok_codes=(0, 3))[2]) == ("ok", "", False)


def test_an_empty_second_output_is_not_worth_a_member_and_an_empty_first_is(desk: Desk) -> None:
    name = desk.shell("true")
    desk.start()
    out, err = desk.read(f"{name}.out")[1], desk.read(f"{name}.err")[1]
    assert (out.is_kept, out.is_told) == (True, True)
    assert (err.is_kept, err.is_told) == (False, False)


def test_a_command_sees_nothing_of_the_callers_environment(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("https_proxy", "http://u:hush@proxy")
    out, _, _ = desk.run("", "env", environ=(("OSVC_ROOT_PATH", "/opt/opensvc"),))
    seen = dict(line.split("=", 1) for line in out.decode().splitlines())
    del seen["OSVC_DIAG_COMMAND"]
    assert seen == {
        "HOME": "/",
        "LANG": "C",
        "LC_ALL": "C",
        "OSVC_ROOT_PATH": "/opt/opensvc",
        "PAGER": "cat",
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TERM": "dumb",
    }


def test_a_command_has_no_terminal_no_input_and_a_session_of_its_own(desk: Desk) -> None:
    script = "import os,sys; print(os.getcwd(), sys.stdin.read() == '', os.getsid(0) == os.getpid())\n"
    script += "print(oct(os.umask(0)), sorted(os.listdir('/proc/self/fd'))[:3])\n"
    script += "try: open('/dev/tty')\nexcept OSError: print('no terminal')"
    out, _, _ = desk.run("", PY, "-c", script)
    lines = out.decode().splitlines()
    assert lines[0] == "/ True True"
    assert lines[1].startswith("0o77 ")
    assert lines[2] == "no terminal"


def test_a_command_inherits_no_descriptor(desk: Desk, tmp_path: Path) -> None:
    with open(tmp_path / "secret", "w", encoding="ascii") as file:
        os.set_inheritable(file.fileno(), True)
        out, _, _ = desk.run("ls -l /proc/self/fd")
    assert b"secret" not in out


def test_a_command_gives_way_to_the_rest_of_the_node(desk: Desk) -> None:
    out, _, _ = desk.run("sleep 0.2; nice")
    assert int(out) >= 10


def test_a_program_is_looked_for_in_the_systems_folders_only(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "frobnicate"
    program.write_text("#!/bin/sh\necho here\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    desk.add("frobnicate", name="a", hint="install it")
    desk.add("./frobnicate", name="b")
    desk.add(str(program), name="c")
    desk.start()
    assert told(desk.read("a.out")[1]) == ("missing", "no such program: frobnicate", True)
    assert desk.read("b.out")[1].state == "missing"
    assert [desk.read(name)[1].hint for name in ("a.err", "c.err")] == ["install it", ""]
    assert desk.read("c.out")[0] == b"here\n"


def test_a_program_that_others_could_have_written_is_not_run(desk: Desk, tmp_path: Path) -> None:
    program = tmp_path / "frobnicate"
    program.write_text("#!/bin/sh\ntouch ran\n")
    program.chmod(0o777)
    _, _, outcome = desk.run("", str(program))
    assert told(outcome) == ("skipped", f"not run: {program} is writable by group or others", True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes another user's folder")
@pytest.mark.parametrize("link", ["users/link", "users/folder/program", "own", "users/../program"])
def test_a_program_is_not_run_through_a_folder_in_which_somebody_else_makes_links(
    tmp_path: Path, link: str
) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    users = tmp_path / "users"
    users.mkdir()
    (users / "link").symlink_to(program)
    (users / "folder").symlink_to(tmp_path)
    (tmp_path / "own").symlink_to("users/link")
    assert find_program(str(tmp_path / link)) == str(tmp_path / link)
    os.chown(users, 65534, 65534)
    with pytest.raises(UntrustedError, match=f"{users} belongs to uid 65534"):
        find_program(str(tmp_path / link))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes another user's link")
def test_nor_through_a_link_of_somebody_elses(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/bin/sh")
    os.lchown(link, 65534, 65534)
    tmp_path.chmod(0o1777)
    with pytest.raises(UntrustedError, match=f"{link} belongs to uid 65534"):
        find_program(str(link))


def test_what_is_no_program_is_told(desk: Desk, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"\x7fELF but no more")
    plain.chmod(0o755)
    locked = tmp_path / "locked"
    locked.write_text("")
    locked.chmod(0o644)
    desk.add(str(plain), name="a")
    desk.add(str(locked), name="b")
    desk.add("true", "a\0b", name="c")
    desk.start()
    assert desk.read("a.out")[1].reason.startswith("not started: ")
    assert desk.read("b.out")[1].state == "denied"
    assert told(desk.read("c.out")[1]) == ("failed", "not started: embedded null byte", True)


@pytest.mark.parametrize("stubborn", [False, True], ids=["heeding", "ignoring-sigterm"])
def test_of_a_command_that_does_not_end_whole_lines_are_kept(desk: Desk, stubborn: bool) -> None:
    ignore = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" if stubborn else ""
    script = "import os, time\nos.write(1, b'whole\\nhal')\nos.write(2, b'err\\n')\ntime.sleep(600)"
    out, err, outcome = desk.run("", PY, "-c", ignore + script, timeout=0.5)
    assert (out, err) == (b"whole\n", b"err\n")
    assert told(outcome) == ("timeout", "no end after 0.5 s: whole lines that came in time are here", True)
    assert outcome.ending is not None
    assert outcome.ending.rc == -(signal.SIGKILL if stubborn else signal.SIGTERM)


def test_what_is_missing_is_told_once(desk: Desk) -> None:
    desk.shell("echo x >&2; sleep 600", name="a", timeout=0.2)
    desk.start()
    assert desk.read("a.out")[1].is_gap
    err = desk.read("a.err")[1]
    assert (err.state, err.is_gap, err.is_told) == ("timeout", False, True)


def test_ten_gigabytes_are_cut_at_a_line_and_the_command_ended(desk: Desk) -> None:
    script = f"import os\nfor _ in range(10 * 2**30 // 65536): os.write(1, {LINE!r} * 1400)"
    out, _, outcome = desk.run("", PY, "-c", script, limit=1_000_000)
    assert told(outcome) == ("truncated", "longer than what is kept of it: its beginning is here", True)
    assert 900_000 < len(out) <= 1_000_000
    assert out.endswith(LINE)
    assert outcome.source_bytes > 1_000_000
    assert outcome.left_out_bytes == outcome.source_bytes - 1_000_000


def test_endless_chatter_on_the_second_output_blocks_nothing(desk: Desk) -> None:
    script = (
        f"import os\nos.write(1, b'out\\n')\nfor _ in range(2000): os.write(2, {LINE!r} * 100)\nprint('end')"
    )
    out, err, outcome = desk.run("", PY, "-c", script, limit=100_000_000)
    assert out == b"out\nend\n"
    assert told(outcome) == ("ok", "", False)
    assert SECOND_ROOM - len(LINE) < len(err) <= SECOND_ROOM


def test_a_line_without_an_end_takes_no_memory(desk: Desk) -> None:
    name = desk.add(PY, "-c", "import os\nfor _ in range(100): os.write(1, b'x' * 65536)", timeout=60)
    desk.start()
    outcome = Outcome()
    sizes = [len(block) for block in desk.pool.blocks(desk.artifacts[0], outcome)]
    assert name
    assert sum(sizes) == 100 * 65536
    assert max(sizes) < 2**21


def test_the_time_in_which_nobody_reads_does_not_count(desk: Desk) -> None:
    size = 4 * FIRST_ROOM
    name = desk.add(
        PY, "-c", f"import os\nfor _ in range({size} // 4096): os.write(1, b'y' * 4096)", timeout=3
    )
    desk.start()
    time.sleep(4)  # the command is blocked meanwhile, for longer than it may run
    out, outcome = desk.read(f"{name}.out")
    assert (len(out), told(outcome)) == (size, ("ok", "", False))


def test_a_daemon_in_its_group_is_ended(desk: Desk, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    out, _, outcome = desk.run(f"sleep 600 & echo $! > {pid}; echo a")
    assert out == b"a\n"
    assert told(outcome) == (
        "truncated",
        "a process that it left behind kept its output open, and was ended",
        True,
    )
    assert not is_alive(int(pid.read_text()))


DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open(sys.argv[1], "w") as file:
            file.write(str(os.getpid()))
        if "quiet" in sys.argv:
            for fd in (0, 1, 2):
                os.dup2(os.open(os.devnull, os.O_RDWR), fd)
        if "clean" in sys.argv:
            os.execve("/bin/sleep", ["sleep", "600"], {})
        time.sleep(600)
    os._exit(0)
while not os.path.exists(sys.argv[1]) or not os.path.getsize(sys.argv[1]):
    time.sleep(0.01)
print("a")
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="needs Linux")
@pytest.mark.parametrize("kind", ["loud", "clean", "quiet"])
def test_a_daemon_with_a_session_of_its_own_is_found_and_ended(desk: Desk, tmp_path: Path, kind: str) -> None:
    out, _, outcome = desk.run("", PY, "-c", DAEMON, str(tmp_path / "pid"), kind)
    assert out == b"a\n"
    reason = "a process that it left behind kept its output open, and was ended"
    assert told(outcome) == (("ok", "", False) if kind == "quiet" else ("truncated", reason, True))
    desk.pool.close()
    assert not is_alive(int((tmp_path / "pid").read_text()))


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="needs Linux")
def test_what_cannot_be_found_is_abandoned(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_module, "end_leftovers", lambda *_: None)
    out, _, outcome = desk.run("", PY, "-c", DAEMON, str(tmp_path / "pid"), "loud")
    assert out == b"a\n"
    assert outcome.reason == "a process that it left behind kept its output open, and could not be found"
    desk.pool.close()


def test_a_command_that_is_killed_is_told(desk: Desk) -> None:
    out, _, outcome = desk.run("echo a; kill -9 $$")
    assert out == b"a\n"
    assert told(outcome) == ("truncated", "ended by SIGKILL: what it wrote before is here", True)


MEET = 'touch "$1/$$"; while [ "$(ls "$1" | wc -l)" -lt 4 ]; do sleep 0.02; done; echo met'


def test_several_run_at_once(desk: Desk, tmp_path: Path) -> None:
    for _ in range(4):
        desk.add("sh", "-c", MEET, "sh", str(tmp_path), timeout=60)
    desk.start()
    outs = [desk.read(artifact.name[4:])[0] for artifact in desk.artifacts if artifact.name.endswith(".out")]
    assert outs == [b"met\n"] * 4


def test_what_is_ready_first_changes_no_order(desk: Desk) -> None:
    names = [desk.shell(f"sleep {delay}; echo {delay}") for delay in (0.3, 0, 0.1)]
    desk.start()
    assert [desk.read(f"{name}.out")[0] for name in names] == [b"0.3\n", b"0\n", b"0.1\n"]


def test_one_worker_runs_them_all_one_after_the_other(desk: Desk, tmp_path: Path) -> None:
    names = [desk.shell(f"echo {number} >> {tmp_path}/order") for number in range(5)]
    desk.start(jobs=1)
    for name in names:
        desk.read(f"{name}.out")
    assert (tmp_path / "order").read_text().split() == ["0", "1", "2", "3", "4"]


def test_a_command_that_nobody_reads_keeps_no_other_waiting(desk: Desk) -> None:
    desk.add("yes", name="unread", limit=2**40)
    desk.shell("echo b", name="read")
    desk.start(jobs=1)
    assert desk.read("read.out")[0] == b"b\n"
    assert desk.read("unread.out")[1].state == "skipped"


def test_output_that_nobody_reads_keeps_no_other_from_being_started(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pool_module, "MOST_HELD", 100)
    for number in range(4):
        desk.shell(f"seq 1000; seq 1000 >&2; touch {tmp_path}/{number}", name=f"unread{number}")
    desk.shell("echo b", name="read")
    desk.start(jobs=1)
    while not (tmp_path / "0").exists():
        time.sleep(0.02)
    assert desk.read("read.out")[0] == b"b\n"
    assert desk.read("unread0.err")[0].startswith(b"1\n2\n")


def test_a_node_that_gives_no_thread_costs_the_commands_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        _, _, outcome = desk.run("echo a")
        desk.pool.close()
    assert told(outcome) == ("failed", "not started: the system gives no thread", True)


def test_an_unforeseen_error_costs_one_command_and_ends_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"

    def broken(*_: Any) -> Any:
        while not pid.exists() or not pid.read_text():
            time.sleep(0.02)
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(running_module, "Pump", broken)
        _, _, outcome = desk.run(f"echo $$ > {pid}; exec sleep 600")
    assert told(outcome) == ("failed", "given up: MemoryError", True)
    assert not is_alive(int(pid.read_text()))


def test_a_reader_that_goes_away_ends_the_command(desk: Desk) -> None:
    desk.add("yes", name="a", limit=2**40)
    desk.shell("echo b", name="b")
    desk.start(jobs=1)
    stream = desk.pool.blocks(desk.artifacts[0], Outcome())
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert desk.read("b.out")[0] == b"b\n"


def test_one_run_serves_both_streams_and_the_same_stream_again_takes_another(
    desk: Desk, tmp_path: Path
) -> None:
    script = f"echo ran >> {tmp_path}/runs; echo out; echo err >&2"
    desk.shell(script, name="a")
    desk.shell(script, name="b", streams=[Stream.OUT])
    desk.start()
    assert [desk.read(name)[0] for name in ("a.out", "a.err", "b.out")] == [b"out\n", b"err\n", b"out\n"]
    assert (tmp_path / "runs").read_text() == "ran\n" * 2


def test_a_transform_gets_whole_lines_and_comes_before_all_else(desk: Desk) -> None:
    def upper(blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            assert block.endswith(b"\n")
            yield block.upper()
        yield b"END\n"

    out, err, outcome = desk.run("echo a; echo b >&2; printf half; sleep 600", transform=upper, timeout=0.5)
    assert (out, err) == (b"A\nEND\n", b"b\n")
    assert outcome.state == "timeout"


def test_the_deadline_of_the_run_ends_all(desk: Desk) -> None:
    names = [desk.shell("echo a; exec sleep 600", timeout=600) for _ in range(6)]
    desk.start(deadline=time.monotonic() + 0.5)
    states = [desk.read(f"{name}.out") for name in names]
    reason = "--timeout was reached: whole lines that came in time are here"
    assert told(states[0][1]) == ("timeout", reason, True)
    assert states[0][0] == b"a\n"
    assert {outcome.state for _, outcome in states} == {"timeout"}


def test_all_commands_together_have_their_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "ALL_TIMEOUT", 0.1)
    names = [desk.shell("sleep 0.3"), desk.shell("echo b")]
    desk.start(jobs=1)
    assert desk.read(f"{names[0]}.out")[1].state == "ok"
    outcome = desk.read(f"{names[1]}.out")[1]
    assert (outcome.state, outcome.is_gap) == ("skipped", True)
    assert outcome.reason.startswith("not run: all commands together ran ")


def test_a_start_that_hangs_costs_only_that_command(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    start = running_module.Process

    def process(program: str, argv: Any, *rest: Any, **kw: Any) -> Any:
        if "hang" in argv:
            released.wait(60)
        return start(program, argv, *rest, **kw)

    monkeypatch.setattr(running_module, "Process", process)
    monkeypatch.setattr(running_module, "START_GRACE", 0.2)
    desk.add("echo", "hang", name="a", timeout=0.2)
    desk.add("echo", "b", name="b")
    desk.start(jobs=1)
    assert told(desk.read("a.out")[1]) == ("failed", "not started: its program does not answer", True)
    assert desk.read("b.out")[0] == b"b\n"
    released.set()


def test_closing_ends_what_runs_and_begins_nothing(desk: Desk, tmp_path: Path) -> None:
    ignore = "trap '' TERM; "
    for number in range(6):
        desk.shell(f"{ignore if number == 1 else ''}echo $$ > {tmp_path}/{number}; sleep 600; sleep 600")
    desk.start()
    while len([path for path in tmp_path.iterdir() if path.read_text()]) < 4:
        time.sleep(0.02)
    desk.pool.close()
    pids = [int(path.read_text()) for path in tmp_path.iterdir()]
    assert len(pids) == 4
    assert not [pid for pid in pids if is_alive(pid)]
    desk.pool.close()


def test_a_second_interruption_does_not_leave_a_stubborn_one_behind(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.shell(f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 1; done")
    desk.start()
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        time.sleep(0.02)
    join, joined = threading.Thread.join, []

    def interrupted(thread: threading.Thread, timeout: Optional[float] = None) -> None:
        joined.append(thread)
        if len(joined) == 1:
            raise KeyboardInterrupt
        join(thread, timeout)

    monkeypatch.setattr(threading.Thread, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        desk.pool.close()
    assert not is_alive(int((tmp_path / "pid").read_text()))


def test_a_pool_leaves_no_thread_and_no_descriptor(desk: Desk) -> None:
    def used() -> tuple[int, int]:
        return threading.active_count(), len(os.listdir("/proc/self/fd"))

    desk.run("true")
    desk.pool.close()
    before = used()
    for _ in range(3):
        desk.artifacts = []
        desk.run("echo a; echo b >&2")
        desk.pool.close()
    assert used() == before


def test_memory_bounds_how_many_are_started(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pool_module, "MOST_HELD", 100)
    names = [desk.shell(f"touch {tmp_path}/{number}; seq 1000") for number in range(8)]
    desk.start(jobs=1)
    first = desk.artifacts[0]
    outcome = Outcome()
    stream: Callable[..., Any] = desk.pool.blocks
    assert len(b"".join(stream(first, outcome)).split()) == 1000
    assert len(list(tmp_path.iterdir())) <= 2
    assert [len(desk.read(f"{name}.out")[0].split()) for name in names[1:]] == [1000] * 7
