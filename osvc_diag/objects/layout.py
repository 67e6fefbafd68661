"""Where the conf, log and var of an object are, and the way back; arithmetic on paths, no disk."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Optional

from osvc_diag.errors import NamingError
from osvc_diag.objects.naming import CLUSTER_NAME, NAMESPACE_NAME, ROOT, ObjectPath

NAMESPACES = "namespaces"
"""The folder of etc, log and var that holds every namespace but root."""

CONF_SUFFIX = ".conf"
LOG_SUFFIX = ".log"

_KIND_OF_RESERVED = {CLUSTER_NAME: "ccfg", NAMESPACE_NAME: "nscfg"}


@dataclass(frozen=True)
class Layout:
    """The agent's three folders, absolute, on the machine that runs osvc_diag."""

    etc: str
    log: str
    var: str

    def __post_init__(self) -> None:
        for field in ("etc", "log", "var"):
            folder = getattr(self, field)
            if not os.path.isabs(folder):
                raise ValueError(f"{field} is not an absolute path: {folder!r}")
            object.__setattr__(self, field, os.path.normpath(folder))

    @classmethod
    def package(cls, below: str = "/") -> Layout:
        """As a package installs it, on this machine or in a whole file system below a folder."""
        return cls(
            os.path.join(below, "etc/opensvc"),
            os.path.join(below, "var/log/opensvc"),
            os.path.join(below, "var/lib/opensvc"),
        )

    @classmethod
    def root_path(cls, root: str) -> Layout:
        """As an agent with `OSVC_ROOT_PATH` has it: bare etc, log and var below one folder."""
        return cls(os.path.join(root, "etc"), os.path.join(root, "log"), os.path.join(root, "var"))

    @property
    def node_conf(self) -> str:
        """The node's own configuration."""
        return f"{self.etc}/node.conf"

    @property
    def cluster_conf(self) -> str:
        """The ccfg's configuration: the cluster's name, nodes and secret."""
        return f"{self.etc}/cluster.conf"

    @property
    def node_logs(self) -> tuple[str, ...]:
        """The live logs of the node itself; they lie where a root svc would have its own."""
        return (f"{self.log}/node.log", f"{self.log}/node.scheduler.log", f"{self.log}/xmlrpc.log")

    def conf_path(self, obj: ObjectPath) -> str:
        """Where an object's configuration is."""
        if obj.kind == "nscfg":  # not in a folder of its kind, unlike its log
            folder = self.etc if obj.namespace == ROOT else f"{self.etc}/{NAMESPACES}/{obj.namespace}"
        else:
            folder = _folder(self.etc, obj)
        return f"{folder}/{obj.name}{CONF_SUFFIX}"

    def log_path(self, obj: ObjectPath) -> str:
        """Where an object's live log is; the rotated ones lie beside it."""
        return f"{_folder(self.log, obj)}/{obj.name}{LOG_SUFFIX}"

    def var_path(self, obj: ObjectPath) -> str:
        """Which folder holds an object's state."""
        if obj.namespace == ROOT:
            return f"{self.var}/{obj.kind}/{obj.name}"
        return f"{_folder(self.var, obj)}/{obj.name}"

    def object_of_conf(self, path: str) -> Optional[ObjectPath]:
        """Say whose configuration a path is; None for node.conf and whatever is no object's."""
        obj = _candidate(self.etc, path, CONF_SUFFIX)
        return obj if obj is not None and self.conf_path(obj) == path else None

    def object_of_log(self, path: str) -> Optional[ObjectPath]:
        """Say whose live log a path is; None for the node's own logs and whatever is no object's.

        A root svc called `xmlrpc` or `node.scheduler` shares its log with the node: that log is the node's.
        """
        obj = _candidate(self.log, path, LOG_SUFFIX)
        if obj is None or self.log_path(obj) != path:
            return None
        return None if path in self.node_logs else obj

    def object_of_var(self, path: str) -> Optional[ObjectPath]:
        """Say whose state a folder of var holds; None where it is no object's."""
        obj = _candidate(self.var, path, "")
        return obj if obj is not None and self.var_path(obj) == path else None


def live_log(path: str) -> Optional[str]:
    """Say which live log a file is, or was rotated from; None where it is no log.

    `web.log` itself, and what a rotation makes of it: `web.log.1.gz`, `web.log-20260101`. `webapp.log` is
    another one.
    """
    folder, slash, name = path.rpartition("/")
    if not name.endswith(LOG_SUFFIX):
        end = max(name.rfind(LOG_SUFFIX + "."), name.rfind(LOG_SUFFIX + "-"))
        name = name[: end + len(LOG_SUFFIX)] if end > 0 else ""
    return f"{folder}{slash}{name}" if len(name) > len(LOG_SUFFIX) else None


def _folder(tree: str, obj: ObjectPath) -> str:
    """Where log, and but for nscfg also etc, keep the objects of a namespace and kind."""
    if obj.namespace != ROOT:
        return f"{tree}/{NAMESPACES}/{obj.namespace}/{obj.kind}"
    return tree if obj.kind in ("svc", "ccfg") else f"{tree}/{obj.kind}"


def _candidate(tree: str, path: str, suffix: str) -> Optional[ObjectPath]:
    """Name the only object that could own a path; the way forth decides whether it does."""
    prefix = f"{tree}/"
    if not path.startswith(prefix) or not path.endswith(suffix):
        return None
    parts = path[len(prefix) : len(path) - len(suffix)].split("/", 4)
    if len(parts) in (3, 4) and parts[0] == NAMESPACES:
        namespace, kind, name = (parts[1], *parts[2:]) if len(parts) == 4 else (parts[1], "nscfg", parts[2])  # noqa: PLR2004
    elif len(parts) == 2:  # noqa: PLR2004
        namespace, kind, name = ROOT, *parts
    elif len(parts) == 1:
        namespace, kind, name = ROOT, _KIND_OF_RESERVED.get(parts[0], "svc"), parts[0]
    else:
        return None
    try:
        return ObjectPath(namespace, kind, name)
    except NamingError:
        return None
