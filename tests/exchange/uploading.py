"""How the tests of this folder run the command: without a terminal, and on one."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import threading

CTRL_C = "Ctrl-C"
TIMEOUT = 60  # seconds; more is a hang
AGAIN = 2  # seconds, after which somebody presses Ctrl-C again


def environment(**more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", **more}


def upload(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command without a terminal."""
    return run_program("upload", *arguments, **environ)


def run_program(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run any command without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "osvc_diag", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
        env=environment(**environ),
    )


def upload_on_terminal(answer: str, *arguments: str, **environ: str) -> tuple[int, str, str]:
    """Run the command on a terminal and answer its question; return code, stdout and what the terminal showed."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "osvc_diag", "upload", *arguments],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=terminal,
        env=environment(**{"TERM": "xterm", "COLUMNS": "160", **environ}),
    )
    os.close(terminal)
    shown = b""
    asked = False
    presses = 0
    with process, open(controller, "rb+", buffering=0) as screen:
        while True:
            is_interrupted = asked and answer == CTRL_C
            ready, _, _ = select.select([screen], [], [], AGAIN if is_interrupted else TIMEOUT)
            if is_interrupted and not ready:
                # One that came between the question and the reading of its answer is noticed after that.
                presses += 1
                assert presses * AGAIN < TIMEOUT, shown
                process.send_signal(signal.SIGINT)
                continue
            assert ready, shown
            try:
                block = screen.read(65536)
            except OSError:  # the terminal's other side is closed
                break
            if not block:
                break
            shown += block
            if not asked and b"[y/N]" in shown:
                asked = True
                if answer == CTRL_C:
                    process.send_signal(signal.SIGINT)
                else:
                    screen.write(answer.encode())
        stdout = process.stdout.read().decode()
        code = process.wait(TIMEOUT)
    return code, stdout, shown.decode()


def with_login(url: str, password: str) -> str:
    return url.replace("://", f"://support:{password}@")


def wait_until(condition) -> None:
    for _ in range(TIMEOUT * 50):
        if condition():
            return
        threading.Event().wait(0.02)
    raise TimeoutError
