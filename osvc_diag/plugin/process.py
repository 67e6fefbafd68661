"""The host's end of a plugin's process: starts it, asks it, and ends it with everything that it started."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any, Callable, Optional

from osvc_diag.plugin.foreign import MOST_TEXT, Told, ToldError
from osvc_diag.plugin.starting import start
from osvc_diag.plugin.wire import LARGEST, Inbox, WireError, packed
from osvc_diag.reading.patience import StalledError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

GLANCE = 0.5  # seconds between two looks whether the process is still there
LAST_WORDS = 0.5  # seconds that a process has to end by itself
STUCK = 2.0  # seconds after SIGKILL; what is there then hangs in the kernel
_PIECE = 64 * 1024  # bytes read at a time


class ForeignError(ToldError):
    """The plugin's code raised; the text is what that said, and may hold a secret."""


class GoneError(ToldError):
    """The plugin's process is not there any more; the text says why, and may hold a secret."""


class PluginProcess:
    """One process, which one thread at a time may ask; once it is gone it stays away."""

    def __init__(self, mark: str, environ: Mapping[str, str]) -> None:
        """Start it; it does nothing before it is asked.

        Args:
            mark: by which what it starts is found again.
            environ: its variables.

        Raises:
            NoInterpreterError: this program has Python built in.
            OSError, ValueError: it cannot be started.
        """
        self.problem = ""
        """Why it is gone."""
        self._lock = threading.Lock()
        self._inbox = Inbox()
        self._printed = bytearray()
        self._is_quiet = False
        self._allowed = 0
        self._popen, self._life = start(mark, environ)
        pipes = (self._popen.stdin, self._popen.stdout, self._popen.stderr)
        self._in, self._out, self._noise = (pipe.fileno() for pipe in pipes if pipe is not None)
        for fd in (self._in, self._out, self._noise):
            os.set_blocking(fd, False)

    def ask(
        self,
        message: dict[str, Any],
        *,
        patience: float,
        on_item: Callable[[dict[str, Any]], object] = bool,
        most: int = 2 * LARGEST,
    ) -> Any:
        """Have something done, and return what came of it.

        Args:
            message: what the worker is to do.
            patience: seconds until the process is ended.
            on_item: is told what comes before the answer.
            most: bytes that may come.

        Raises:
            ForeignError: the plugin's code raised.
            StalledError: it took too long; the process was ended.
            GoneError: the process ended, or said what is no message.
            Exception: whatever `on_item` raises; the process was ended. An OverflowError becomes a GoneError.
        """
        if self.problem:
            raise GoneError(self.problem)
        if not self._lock.acquire(blocking=False):
            raise GoneError("it is still busy with something that took too long")
        try:
            self._allowed = most
            return self._converse(packed(message), time.monotonic() + patience, on_item)
        except TimeoutError:
            self._end(f"no answer for {patience:g} s, so its process was ended")
            raise StalledError(f"no answer for {patience:g} s") from None
        except WireError as error:
            self._end(f"{error}, so its process was ended")
            raise GoneError(self.problem) from None
        except EOFError:
            self._end(self._last_words())
            raise GoneError(self.problem) from None
        except ForeignError:
            raise
        except OverflowError as error:
            self._end(f"it {error}, so its process was ended")
            raise GoneError(self.problem) from None
        except BaseException:
            self._end("its process was ended")
            raise
        finally:
            self._lock.release()

    def let_go(self) -> None:
        """Close the line: the process ends by itself, if it can."""
        self.problem = self.problem or "the run is over"
        stdin = self._popen.stdin
        if stdin is not None and self._lock.acquire(blocking=False):
            # Where a thread that was left behind still asks, the end of the process will tell it.
            with contextlib.suppress(OSError):
                stdin.close()
            self._lock.release()

    def close(self, patience: float = 0.0) -> None:
        """End the process and its group, if they are still there.

        Args:
            patience: seconds that it has to end by itself.
        """
        self._wait_for_exit(patience)
        self._kill()
        # A thread that was left behind sees the line end, and lets go of it.
        if self._lock.acquire(timeout=STUCK):
            for pipe in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
                if pipe is not None:
                    pipe.close()
            self._lock.release()
        if self._life >= 0:
            os.close(self._life)
            self._life = -1

    def _converse(self, text: bytes, deadline: float, on_item: Callable[[dict[str, Any]], object]) -> Any:
        rest = memoryview(text)
        poll = select.poll()
        poll.register(self._out, select.POLLIN)
        poll.register(self._noise, select.POLLIN)
        poll.register(self._in, select.POLLOUT)
        while True:
            ready = self._wait_for(poll, deadline)
            if self._in in ready:
                rest = self._write(rest)
                if not rest:
                    poll.unregister(self._in)
            if self._noise in ready and not self._listen():
                poll.unregister(self._noise)
            for message in self._messages() if self._out in ready else ():
                if "done" in message:
                    return message["done"]
                if "error" in message:
                    told = str(message["error"])
                    raise ForeignError(told if message.get("own") is True else Told.of("", told))
                on_item(message)

    def _wait_for(self, poll: select.poll, deadline: float) -> list[int]:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        ready = [fd for fd, _ in poll.poll(min(left, GLANCE) * 1000)]
        if not ready and self._has_exited():
            raise EOFError  # something that it started holds the line open
        return ready

    def _messages(self) -> Iterator[dict[str, Any]]:
        piece = self._read(self._out)
        self._allowed -= len(piece)
        if self._allowed < 0:
            raise OverflowError("said too much")
        self._inbox.add(piece)
        return iter(self._inbox.next, None)

    def _write(self, rest: memoryview) -> memoryview:
        try:
            return rest[os.write(self._in, rest) :]
        except BlockingIOError:
            return rest
        except OSError:
            raise EOFError from None

    def _read(self, fd: int) -> bytes:
        try:
            piece = os.read(fd, _PIECE)
        except BlockingIOError:
            return b""
        if not piece:
            raise EOFError
        return piece

    def _listen(self) -> bool:
        """Take what the plugin prints; return whether more may come."""
        try:
            piece = self._read(self._noise)
        except (EOFError, OSError):
            return False
        if len(self._printed) <= MOST_TEXT:
            self._printed += piece
        self._is_quiet = not piece
        return True

    def _last_words(self) -> str:
        """Say how it ended and what it had printed: all of it or nothing, for a cut secret is not masked."""
        self._wait_for_exit(LAST_WORDS)
        with contextlib.suppress(OSError):
            while self._listen():
                if self._is_quiet or len(self._printed) > MOST_TEXT:
                    break
        had_exited = self._has_exited()
        self._kill()
        printed = self._printed
        text = printed.decode("utf-8", "replace").strip() if len(printed) <= MOST_TEXT else ""
        how = _ending(self._popen.returncode) if had_exited else "closed its line, so it was ended"
        return Told.of(f"its process {how}; it had printed: ", text) if text else f"its process {how}"

    def _end(self, problem: str) -> None:
        self.problem = self.problem or problem
        self._kill()

    def _kill(self) -> None:
        """End its group. It is reaped after that: until then its number is nobody else's."""
        if self._popen.returncode is None:
            with contextlib.suppress(OSError):
                os.killpg(self._popen.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(STUCK)
            if self._popen.returncode is None:
                threading.Thread(target=self._popen.wait, name="osvc_diag reaper", daemon=True).start()

    def _wait_for_exit(self, patience: float) -> None:
        until = time.monotonic() + patience
        while not self._has_exited() and time.monotonic() < until:
            time.sleep(0.002)

    def _has_exited(self) -> bool:
        if self._popen.returncode is not None:
            return True
        try:
            return os.waitid(os.P_PID, self._popen.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:  # the program that imports this reaps every child itself
            return True


def _ending(code: Optional[int]) -> str:
    if code is None or code >= 0:
        return f"ended with exit status {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"
