"""How failures on the way are borne: which pass, how long to wait, when to stop."""

from __future__ import annotations

import email.utils
import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Optional, TypeVar

from osvc_diag.events import Warned
from osvc_diag.exchange.errors import GaveUpError, UploadTimeoutError

if TYPE_CHECKING:
    from osvc_diag.errors import ExchangeError
    from osvc_diag.events import Listener

T = TypeVar("T")

MAX_RETRY_AFTER = 300.0  # seconds that a server may ask us to wait
UNSENT_HINT = "nothing was sent in this run; the bundle is kept: the same command tries again"
RESUME_HINT = "the bundle and what was sent so far are kept: the same upload command goes on from there"


class TransientError(Exception):
    """A failure that may pass: a reset, a time-out, a 503. It never reaches a user."""

    def __init__(
        self,
        reason: str,
        *,
        retry_after: Optional[float] = None,
        hint: Optional[str] = None,
        lasting: type[ExchangeError] = GaveUpError,
    ) -> None:
        """Describe it.

        Args:
            reason: a sentence for the user, should it last.
            retry_after: seconds that the server asks to wait.
            hint: for the user, should it last.
            lasting: what is raised should it last.
        """
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after
        self.hint = hint
        self.lasting = lasting


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long; the times are in seconds."""

    attempts: int = 10
    """Failures in a row, without any progress, after which it gives up."""
    first_attempts: int = 5
    """The same before the exchange has answered at all: a typing error should not take minutes."""
    base: float = 0.5
    cap: float = 30.0
    connect_timeout: float = 15.0
    read_timeout: float = 60.0
    """Between two bytes; the whole is limited by the deadline."""
    jitter: Callable[[], float] = field(default=random.random, repr=False)

    def delay(self, failures: int) -> float:
        """Return seconds to wait after so many failures in a row: doubled each time, spread, capped."""
        return min(self.cap, self.base * 2.0 ** min(failures - 1, 30)) * (0.5 + self.jitter() / 2)


class Line:
    """One delivery's patience: its deadline, its stop signal, the waiting between tries. Safe in threads."""

    def __init__(self, policy: RetryPolicy, *, time_limit: float, on_event: Listener) -> None:
        """Begin to count.

        Args:
            policy: how often and how long.
            time_limit: seconds for the whole delivery. A sleeping machine's clock stands still.
            on_event: gets a `Warned` when it begins to wait longer than a moment.
        """
        self.policy = policy
        self.on_event = on_event
        self.has_answered = False
        self._deadline = time.monotonic() + time_limit
        self._time_limit = time_limit
        self._stop = threading.Event()
        self._telling = threading.Lock()
        self._told: set[tuple[str, int]] = set()

    @property
    def stopped(self) -> bool:
        """Whether the delivery ends, so that no further byte should go out."""
        return self._stop.is_set()

    def stop(self) -> None:
        """End all waiting and sending soon."""
        self._stop.set()

    def remaining(self) -> float:
        """Return the seconds left.

        Raises:
            UploadTimeoutError: none is.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise UploadTimeoutError(
                f"the upload did not end within {self._time_limit:.0f} seconds", hint=self._kept_hint
            )
        return left

    def wait(self, failures: int, error: TransientError) -> None:
        """Wait before the next try.

        Args:
            failures: in a row, this one included.
            error: the last one.

        Raises:
            GaveUpError: there were too many.
            UploadTimeoutError: the time left is shorter than the wait.
        """
        attempts = self.policy.attempts if self.has_answered else self.policy.first_attempts
        if failures >= attempts:
            raise error.lasting(f"gave up after {failures} tries: {error.reason}", hint=self._hint(error))
        delay = self.policy.delay(failures)
        if error.retry_after is not None:
            delay = max(delay, min(error.retry_after, MAX_RETRY_AFTER))
        if delay >= self.remaining():
            raise UploadTimeoutError(
                f"the upload did not end within {self._time_limit:.0f} seconds: {error.reason}",
                hint=self._hint(error),
            )
        if failures > 1 or delay >= 1:
            told = f"{error.reason}; {failures} of {attempts} tries failed, the next is in {delay:.1f} s"
            self._tell_once((error.reason, failures), told)
        self._stop.wait(delay)

    def succeed(self) -> None:
        """Take in that the exchange has answered: from now on it is known to be there."""
        self.has_answered = True
        with self._telling:
            self._told.clear()

    def pause(self, seconds: float) -> None:
        """Wait a little, unless the delivery ends."""
        self._stop.wait(seconds)

    def persist(self, attempt: Callable[[], T]) -> T:
        """Call until it does not fail transiently.

        Raises:
            GaveUpError: the tries are used up.
            UploadTimeoutError: so is the time.
        """
        failures = 0
        while True:
            try:
                result = attempt()
            except TransientError as error:  # noqa: PERF203 - that is what the loop is for
                failures += 1
                self.wait(failures, error)
            else:
                self.succeed()
                return result

    def _hint(self, error: TransientError) -> str:
        # What helps to get there at all is no help once it has answered: then it is the line.
        is_broken = self.has_answered and error.lasting is GaveUpError
        return self._kept_hint if is_broken or error.hint is None else error.hint

    @property
    def _kept_hint(self) -> str:
        return RESUME_HINT if self.has_answered else UNSENT_HINT

    def _tell_once(self, what: tuple[str, int], words: str) -> None:
        """Warn, unless another of several senders has met the same in the same round."""
        with self._telling:
            if what in self._told:
                return
            self._told.add(what)
        self.on_event(Warned(words))


def parse_retry_after(value: Optional[str]) -> Optional[float]:
    """Return the seconds that a Retry-After header asks for: a number, or a date."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:6])
    try:
        when = email.utils.parsedate_to_datetime(value)
        return max(0.0, when.timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None
