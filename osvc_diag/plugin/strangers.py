"""The plugins of third parties: each in a process of its own, started together and ended together."""

from __future__ import annotations

import dataclasses
import os
import shutil
import threading
import time
import uuid
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any, Optional

from osvc_diag.plugin.asking import HOOKS, Added
from osvc_diag.plugin.collector import Collector
from osvc_diag.plugin.crossing import CrossingError, no_function, received
from osvc_diag.plugin.declaring import Declaring
from osvc_diag.plugin.importing import import_plugin
from osvc_diag.plugin.process import LAST_WORDS, ForeignError, GoneError, PluginProcess
from osvc_diag.plugin.scratch import make_scratch
from osvc_diag.reading.patience import StalledError
from osvc_diag.redaction.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from osvc_diag.node.node import Node
    from osvc_diag.objects.naming import ObjectPath
    from osvc_diag.plugin.collector import Declared
    from osvc_diag.plugin.options import Value

AT_ONCE = 4  # that are imported side by side: the node may be struggling
QUEUE = 4  # times the patience with one: how long the last one waits for its turn
STARTING = 5.0  # seconds more for a system that is slow to start a process
LONGEST_COLLECT = 120.0  # seconds, whatever a collector says it needs
LONGEST_COMPUTE = 12.0  # seconds: less than the patience of whoever reads it
LONGEST_ANSWER = 5.0  # seconds to say whose a URL is
MOST_DECLARED_BYTES = 32 * 1024 * 1024  # of one collector, as they cross
EXCHANGE_HOOK = "osvc_diag_exchange"
_SOONER = 0.9  # of a collector's time: so its process is ended, not a thread left behind that waits for it


class Strangers:
    """All of them in a run; nothing of them is left after `close`, or when nobody refers to this any more."""

    def __init__(self, patience: float) -> None:
        """Prepare; no process runs before the first one is invited.

        Args:
            patience: seconds that each of them has to be imported.
        """
        self._patience = patience
        self._turns = threading.Semaphore(AT_ONCE)
        self._mark = f"plugin-{uuid.uuid4().hex}"
        self._members: list[Stranger] = []
        self._environ: dict[str, str] = {}
        self._end: Optional[weakref.finalize[..., Any]] = None

    def invite(self, name: str, what: Mapping[str, str]) -> Stranger:
        """Have a plugin loaded in a process of its own; do not wait for it.

        Args:
            name: of the plugin.
            what: `value` of its entry point, or `path` and `source` of its file.
        """
        if self._end is None:
            self._prepare()
        stranger = Stranger(name, what, self._patience)
        self._members.append(stranger)
        stranger.start(f"{self._mark}-{len(self._members)}", self._environ, self._turns)
        return stranger

    def close(self) -> None:
        """End their processes, and what those started."""
        if self._end is not None:
            self._end()

    def _prepare(self) -> None:
        from osvc_diag.commands.leftovers import running_pids  # noqa: PLC0415 - rarely needed

        running = running_pids()
        folder = make_scratch(running)
        # Without a setting of this program's own: a proxy's password may be in one.
        self._environ = {name: text for name, text in os.environ.items() if not name.startswith("OSVC_DIAG_")}
        if folder is not None:
            self._environ["TMPDIR"] = folder
        self._end = weakref.finalize(self, _end_all, os.getpid(), self._members, self._mark, running, folder)


def _end_all(
    owner: int, members: list[Stranger], mark: str, before: Collection[int], folder: Optional[str]
) -> None:
    from osvc_diag.commands.leftovers import end_leftovers  # noqa: PLC0415

    if os.getpid() != owner:  # a child that was forked meanwhile ends, and they are not its own
        return
    for stranger in members:
        stranger.let_go()
    until = time.monotonic() + LAST_WORDS
    for stranger in members:
        stranger.close(until - time.monotonic())
    end_leftovers(mark, (), before)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


class Stranger:
    """One plugin of a third party, as the host sees it."""

    def __init__(self, name: str, what: Mapping[str, str], patience: float) -> None:
        self.name = name
        self.hooks: tuple[str, ...] = ()
        self._what = what
        self._patience = patience
        self._process: Optional[PluginProcess] = None
        self._node: Optional[Node] = None
        self._answer: Any = None
        self._error: Optional[Exception] = None
        self._is_over = False
        self._thread: Optional[threading.Thread] = None

    def start(self, mark: str, environ: Mapping[str, str], turns: threading.Semaphore) -> None:
        """Start its process and have it load the plugin, in the background."""
        self._thread = threading.Thread(
            target=self._load, args=(mark, environ, turns), name="osvc_diag plugin", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError:  # no thread is to be had: it is waited for here, and the next one after it
            self._thread = None
            self._load(mark, environ, turns)

    def added(self) -> Added:
        """Wait for it, and return what it adds.

        Raises:
            ToldError, ValueError, TypeError: it does not answer, or answers what is none.
        """
        if self._thread is not None:
            self._thread.join((QUEUE + 1) * self._patience + STARTING)
            if self._thread.is_alive():
                raise GoneError("its process did not start")
        if isinstance(self._error, StalledError):
            raise GoneError(f"loading it was given up: {self._error}")
        if self._error is not None:
            raise self._error
        answer = self._answer
        if not isinstance(answer, dict) or not all(isinstance(item, list) for item in answer.values()):
            raise CrossingError("it answered what is none")
        collectors = [received(Collector, item, self._collecting) for item in answer.get("collectors", ())]
        rules = [received(Rule, item, no_function) for item in answer.get("rules", ())]
        for collector in collectors:
            collector.check()
        for rule in rules:
            rule.check()
        self.hooks = tuple(sorted(HOOKS.intersection(map(str, answer.get("hooks", ())))))
        return Added(self.hooks, tuple(map(_hurried, collectors)), tuple(rules))

    def claims(self, url: str) -> bool:
        """Ask it whether it owns a URL.

        Raises:
            ToldError, StalledError: it does not answer.
        """
        if EXCHANGE_HOOK not in self.hooks:
            return False
        return self._ask({"do": "exchange", "url": url}, patience=LONGEST_ANSWER) is True

    def imported(self) -> object:
        """Import it into this process: nothing else can bring a bundle away by an exchange of its own.

        Raises:
            BaseException: whatever its code raises.
        """
        return import_plugin(self.name, self._what)

    def let_go(self) -> None:
        """Let its process end by itself; one that was not started yet never is."""
        self._is_over = True
        if self._process is not None:
            self._process.let_go()

    def close(self, patience: float) -> None:
        """End its process.

        Args:
            patience: seconds that it has to end by itself.
        """
        if self._process is not None:
            self._process.close(patience)
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():  # nobody may have had it any more
            thread.join(STARTING)

    def _load(self, mark: str, environ: Mapping[str, str], turns: threading.Semaphore) -> None:
        if not turns.acquire(timeout=QUEUE * self._patience):
            self._error = GoneError("it was not loaded: others before it took too long")
            return
        try:
            self._refuse_if_over()
            self._process = PluginProcess(mark, environ)
            self._refuse_if_over()
            message = {"do": "load", "name": self.name, "what": dict(self._what)}
            self._answer = self._ask(message, patience=self._patience)
        except Exception as error:  # noqa: BLE001 - handed over to the thread that waits
            self._error = error
        finally:
            turns.release()

    def _refuse_if_over(self) -> None:
        """Give up where nobody waits any more: the run was called off."""
        if self._is_over:
            if self._process is not None:
                self._process.let_go()
                self._process.close()
            raise GoneError("the run is over")

    def _ask(self, message: dict[str, Any], **wishes: Any) -> Any:
        if self._process is None:
            raise GoneError("its process did not start")
        return self._process.ask(message, **wishes)

    def _collecting(self, function: int) -> Any:
        return partial(self._collect, function)

    def _collect(
        self,
        function: int,
        node: Node,
        objects: Sequence[ObjectPath],
        values: Optional[Mapping[str, Value]] = None,
        *,
        patience: float,
    ) -> Iterator[Declared]:
        """Yield what a collector declares, once it is through; what it declared before it failed counts."""
        from osvc_diag.node.facts import facts_of, objects_facts  # noqa: PLC0415

        message = {
            "do": "collect",
            "function": function,
            "node": None if node is self._node else facts_of(node),
            "objects": objects_facts(objects),
            "values": None if values is None else dict(values),
        }
        self._node = node
        computing = partial(self._compute, min(patience, LONGEST_COMPUTE))
        declaring = Declaring(lambda number: partial(computing, number))
        error: Optional[Exception] = None
        try:
            self._ask(message, patience=patience, on_item=declaring.take, most=MOST_DECLARED_BYTES)
        except (ForeignError, GoneError, StalledError) as raised:
            error = raised
        yield from declaring.declared
        if error is not None:
            raise error

    def _compute(self, patience: float, function: int) -> object:
        return self._ask({"do": "compute", "function": function}, patience=patience)


def _hurried(collector: Collector) -> Collector:
    """Have a collector's process give up a little before whoever waits for it does."""
    timeout = min(collector.timeout, LONGEST_COLLECT)
    collect: Any = partial(collector.collect, patience=timeout * _SOONER)  # type: ignore[call-arg]
    return dataclasses.replace(collector, collect=collect, timeout=timeout)
