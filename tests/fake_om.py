"""An agent's command for the tests: it replays real answers, or misbehaves in one of the ways known.

Imported, it installs itself; run as `bin/om`, it is the command. It needs no package.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import sys
import time

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
ENDLESS = 600  # seconds; long after every test is over
MODES = ("slow", "fail", "hang", "stubborn", "huge", "chatter", "daemon", "silent-daemon", "killed")


class FakeOm:
    """The fake command of a root-path install."""

    def __init__(self, root: str, agent: str = "b2.1") -> None:
        """Install it as `bin/om` below a root, with the real answers of an agent, if there are any."""
        self._folder = os.path.join(root, "bin")
        os.makedirs(self._folder, exist_ok=True)
        self.program = os.path.join(self._folder, "om")
        with open(__file__, encoding="utf-8") as file:
            text = file.read()
        with open(self.program, "w", encoding="utf-8") as file:
            file.write(f"#!{sys.executable} -SE\n{text}")
        os.chmod(self.program, 0o755)
        self._answers = {}
        path = os.path.join(DATA, f"om-{agent}.json.gz")
        if os.path.exists(path):
            with gzip.open(path) as file:
                self._answers = json.load(file)
        self._save()

    def answer(self, words, out="", err="", rc=0, mode=""):
        """Have it answer so when it is asked with these words; a mode is one of MODES."""
        assert mode in {"", *MODES}
        known = self._answers.get(words, {"out": out, "err": err, "rc": rc})
        self._answers[words] = {**known, "mode": mode} if mode else {"out": out, "err": err, "rc": rc}
        self._save()

    @property
    def real_answers(self):
        """What it answers, by the words that it is asked with."""
        return {words: dict(answer) for words, answer in self._answers.items()}

    def calls(self):
        """Return the command lines that it was called with, sorted."""
        try:
            with open(f"{self.program}.calls", encoding="utf-8") as file:
                return sorted(file.read().splitlines())
        except FileNotFoundError:
            return []

    def left_behind(self):
        """Return the processes that its daemons and its stubborn ones are, as far as they still live."""
        try:
            with open(f"{self.program}.pids", encoding="utf-8") as file:
                pids = [int(line) for line in file]
        except FileNotFoundError:
            return []
        return [pid for pid in pids if is_alive(pid)]

    def _save(self):
        with open(f"{self.program}.json", "w", encoding="utf-8") as file:
            json.dump(self._answers, file)


def is_alive(pid):
    """Tell whether a process lives; a zombie that nobody waits for does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _note(what, text):
    with open(f"{sys.argv[0]}.{what}", "a", encoding="utf-8") as file:
        file.write(f"{text}\n")


def _daemon(is_silent):
    """Leave a process behind in a session of its own; it keeps the outputs open unless it is silent."""
    if os.fork():
        return
    os.setsid()
    _note("pids", os.getpid())
    if is_silent:
        for fd in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), fd)
    time.sleep(ENDLESS)
    os._exit(0)


def _run():
    words = " ".join(sys.argv[1:])
    _note("calls", words)
    with open(f"{sys.argv[0]}.json", encoding="utf-8") as file:
        answer = json.load(file).get(words, {"out": "", "err": f"E no such action: {words}\n", "rc": 1})
    mode = answer.get("mode", "")
    if mode == "slow":
        time.sleep(0.3)
    elif mode == "fail":
        answer = {"out": "", "err": "E the daemon does not answer: connection refused\n", "rc": 1}
    elif mode in {"hang", "stubborn"}:
        _note("pids", os.getpid())
        if mode == "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.write(1, b"a whole line\nand half of")
        time.sleep(ENDLESS)
    elif mode in {"huge", "chatter"}:
        block = b"2026-11-22 20:20:00,000 INFO n:node1 | once more\n" * 1000
        for _ in range(10 * 2**30 // len(block)):
            os.write(1 if mode == "huge" else 2, block)
    elif mode in {"daemon", "silent-daemon"}:
        _daemon(is_silent=mode != "daemon")
    elif mode == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    os.write(2, answer["err"].encode())
    for start in range(0, len(answer["out"]), 65536):
        os.write(1, answer["out"][start : start + 65536].encode())
    return answer["rc"]


if __name__ == "__main__":
    sys.exit(_run())
