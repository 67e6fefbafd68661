"""Builds a small real node in a folder, and makes bundles of it with one plugin."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Optional, Union

from osvc_diag.node.node import Node
from osvc_diag.objects.layout import Layout
from osvc_diag.objects.naming import GO_AGENT, PYTHON_AGENT, ObjectPath
from osvc_diag.run.frontdoor import make_bundle
from osvc_diag.run.request import Request
from osvc_diag.testing.alone import alone
from osvc_diag.testing.collected import Collected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osvc_diag.exchange.receipt import Receipt

    Content = Union[str, bytes, Mapping[str, object], list[object]]

_MARKS = {PYTHON_AGENT: "capabilities.json", GO_AGENT: "capabilities-v3.json"}
FIRST_RECORD = datetime(2026, 1, 1)  # noqa: DTZ001 - the agent's logs tell local time
BUNDLES = "var/tmp"
"""Where the bundles are kept, below the node's folder."""


class NodeBuilder:
    """A node of files below a folder, laid out as a package installs the agent.

    It begins with what every node has: cluster.conf, node.conf, a node.log, and what tells one agent from the
    other. Paths are those of the node: `/srv/app/log/app.log` is written below the folder.
    """

    def __init__(
        self, folder: Union[str, os.PathLike[str]], *, name: str = "node1", agent: str = PYTHON_AGENT
    ) -> None:
        """Write the beginnings.

        Args:
            folder: is made where it does not exist.
            name: of the node.
            agent: `b2.1` or `om3`.
        """
        self.folder = os.path.abspath(folder)
        """What stands for `/`."""
        self.name = name
        self.layout = Layout.package("/")
        """Where the node has etc, log and var."""
        self._records = 0
        self._written: dict[str, None] = {}
        for path in (self.layout.etc, self.layout.log, self.layout.var, f"/{BUNDLES}"):
            os.makedirs(self.path(path), exist_ok=True)
        secret = secrets.token_hex(16)
        self.write(self.layout.cluster_conf, f"[cluster]\nname = test\nnodes = {name}\nsecret = {secret}\n")
        self.write(self.layout.node_conf, "[node]\nenv = TST\n")
        self.write("/etc/hostname", f"{name}\n")
        self.write(f"{self.layout.var}/{_MARKS[agent]}", [])
        if agent == PYTHON_AGENT:
            self.write_log(f"{self.layout.log}/node.log", "daemon started")
            self._records = 0
        self._written.clear()

    def path(self, path: str) -> str:
        """Return where a file of the node is on this machine.

        Args:
            path: absolute, on the node.

        Raises:
            ValueError: it is not absolute.
        """
        if not os.path.isabs(path):
            raise ValueError(f"{path!r} is not absolute: name it as it is called on the node")
        return self.folder + os.path.normpath(path)

    def write(self, path: str, content: Content = "", *, mode: int = 0o600) -> str:
        """Write a file, and make the folders above it.

        Args:
            path: absolute, on the node.
            content: text, bytes, or what becomes JSON.
            mode: of the file.

        Returns:
            Where it is on this machine.
        """
        here = self.path(path)
        self._written[os.path.normpath(path)] = None
        os.makedirs(os.path.dirname(here), exist_ok=True)
        with open(here, "wb") as file:
            file.write(_encoded(content))
        os.chmod(here, mode)
        return here

    def add_object(self, path: str, conf: str = "") -> ObjectPath:
        """Give the node an object.

        Args:
            path: as a user writes it: `prod/svc/web`.
            conf: the text of its configuration.

        Raises:
            NamingError: it is no object path.
        """
        obj = ObjectPath.parse(path)
        self.write(self.layout.conf_path(obj), conf or "[DEFAULT]\n")
        return obj

    def write_state(self, obj: Union[str, ObjectPath], name: str, content: Content = "") -> str:
        """Write a state file of an object: `write_state("prod/svc/web", "app#1/status.last", {...})`.

        Returns:
            Where it is on this machine.
        """
        return self.write(f"{self.layout.var_path(_object(obj))}/{name}", content)

    def write_log(self, log: Union[str, ObjectPath], *messages: str, level: str = "INFO") -> str:
        """Add records to a log, as the agent writes them, each a second after the last one of any log.

        Args:
            log: an object, for its own; or a path on the node.
            messages: of the records; one may have several lines.
            level: `INFO`, `ERROR` and so on.

        Returns:
            Where it is on this machine.
        """
        path = log if isinstance(log, str) and os.path.isabs(log) else self.layout.log_path(_object(log))
        here = self.path(path)
        self._written[os.path.normpath(path)] = None
        os.makedirs(os.path.dirname(here), exist_ok=True)
        with open(here, "a", encoding="utf-8") as file:
            for message in messages:
                time = FIRST_RECORD + timedelta(seconds=self._records)
                self._records += 1
                file.write(f"{time:%Y-%m-%d %H:%M:%S},000 {level} n:{self.name} | {message}\n")
        return here

    def read(self, *, live: bool = False) -> Node:
        """Return the node as it is now.

        Args:
            live: as this machine's own, on which commands run; else as a disk from elsewhere.
        """
        if not live:
            return Node.discover(self.folder, name=self.name, zone="UTC")
        layout = Layout.package(self.folder)
        return Node.from_paths(etc=layout.etc, log=layout.log, var=layout.var, name=self.name, zone="UTC")

    def collect(
        self,
        plugin: object,
        *selectors: str,
        options: Optional[Mapping[str, object]] = None,
        live: bool = False,
        since: Optional[str] = None,
        until: Optional[str] = None,
    ) -> Collected:
        """Make a bundle with one plugin alone: planned, read, redacted, written and verified, as always.

        Where it has rules and no collector, every file is taken that the test wrote.

        Args:
            plugin: a module, or anything with hooks.
            selectors: as on the command line; none is `**`, every object of the node.
            options: of its collectors: values by `COLLECTOR.KEY`.
            live: whether the node is this machine: then commands run, and absolute paths are this machine's.
            since: as `--since`.
            until: as `--until`.

        Raises:
            DiagError: as `diagnose`; VerificationError where a secret was found in the bundle.
            Exception: the plugin cannot be used: a hook's name or its answer is wrong.
        """
        request = Request(
            selectors or (self._everything(),),
            since=since,
            until=until,
            options=tuple(f"{name}={value}" for name, value in (options or {}).items()),
        )
        folder = tempfile.mkdtemp(dir=self.path(f"/{BUNDLES}"))
        written = [self.path(path) if live else path for path in self._written]
        plugins = alone(plugin, written=written)
        result = make_bundle(request, self.read(live=live), plugins, output=folder)
        return Collected(result.bundle, result.manifest, self.folder if live else "")

    def deliver(
        self,
        plugin: object,
        url: str,
        *,
        login: Optional[str] = None,
        proxy: Optional[str] = None,
        ca_bundle: Optional[str] = None,
    ) -> Receipt:
        """Make a bundle of the node and send it by the exchange of one plugin: checked as in the program.

        Args:
            plugin: a module, or anything with the hook.
            url: as `--exchange`.
            login: `user:password`, as it stands in a file for `--exchange-credentials`.
            proxy: as `--proxy`.
            ca_bundle: as `--ca-bundle`.

        Raises:
            UsageError: the plugin does not own the URL, or gave what is no exchange.
            PluginUnavailableError: its hook failed.
            ExchangeError: it was not delivered, whatever the plugin's code did.
        """
        from osvc_diag.testing.delivering import send_by  # noqa: PLC0415 - few plugins have an exchange

        folder = tempfile.mkdtemp(dir=self.path(f"/{BUNDLES}"))
        return send_by(plugin, url, self.read(), folder, login=login, proxy=proxy, ca_bundle=ca_bundle)

    def _everything(self) -> str:
        return "**" if self.read().objects else "node"


def _object(obj: Union[str, ObjectPath]) -> ObjectPath:
    return ObjectPath.parse(obj) if isinstance(obj, str) else obj


def _encoded(content: Content) -> bytes:
    if isinstance(content, bytes):
        return content
    text = content if isinstance(content, str) else json.dumps(content, indent=2) + "\n"
    return text.encode()
