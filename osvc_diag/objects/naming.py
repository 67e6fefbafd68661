"""What an object of the cluster is called; a name that no agent accepts never becomes a file path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from osvc_diag.errors import NamingError
from osvc_diag.printable import SHOWN_LENGTH, quoted

KINDS = ("ccfg", "cfg", "nscfg", "sec", "svc", "usr", "vol")
ROOT = "root"
"""The namespace that is left out when a path is printed."""
CLUSTER_NAME = "cluster"
"""What the only ccfg is called."""
NAMESPACE_NAME = "namespace"
"""What every nscfg is called."""

PYTHON_AGENT = "b2.1"
GO_AGENT = "om3"

MAX_NAME_LENGTH = 250  # characters: `NAME.conf` has to fit the 255 bytes of a file name
MAX_NAMESPACE_LENGTH = 255  # characters: a namespace is a folder
GO_MAX_LENGTH = 63  # characters: what om3 takes, a slice prefix not counted
_FIXED_NAMES = {"ccfg": CLUSTER_NAME, "nscfg": NAMESPACE_NAME}
_NO_ROOT_SVC = ("node", "auth", CLUSTER_NAME, NAMESPACE_NAME)

# Each is one run of one class, or two: linear on any text. Used with fullmatch: `$` lets a newline pass.
_SLICE_PREFIX = re.compile(r"[0-9]+\.")
_PYTHON_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-][A-Za-z0-9.-]*")
_PYTHON_NAMESPACE = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_GO_HOST_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")

_PATH_HINT = "an object is NAME, KIND/NAME or NAMESPACE/KIND/NAME; NAMESPACE/ is a namespace's configuration"
_NAME_HINT = "a name has letters, digits, hyphens and single dots, and starts with a letter"


@dataclass(frozen=True, order=True)
class ObjectPath:
    """The name of an object that at least one of the two agents accepts: no other instance exists."""

    namespace: str
    """`root` is written out."""
    kind: str
    """One of `KINDS`."""
    name: str

    def __post_init__(self) -> None:
        problem = _problem(self.namespace, self.kind, self.name)
        if problem is not None:
            shown = "/".join(part[: SHOWN_LENGTH + 1] for part in (self.namespace, self.kind, self.name))
            raise NamingError(f"{quoted(shown)} names no object: {problem}", hint=_NAME_HINT)

    @classmethod
    def parse(cls, text: str, *, namespace: str = ROOT) -> ObjectPath:
        """Read a path as the agents print it, or as their users write it.

        Where the two agents read one text as two objects, the one is meant that has the files on a node:

        - `svc/cluster` is the ccfg and `svc/namespace` the root nscfg, as the Python agent says, for
          etc/cluster.conf and etc/namespace.conf are theirs. `vol/cluster` is a vol, as om3 says, for its
          conf is a file of its own.
        - `root/` is the root nscfg, as om3 says.

        Args:
            text: `svc1`, `vol/v`, `ns1/svc/a`, `ns1/` (its nscfg), `/` (the root nscfg), `cluster`.
            namespace: what a leading `./` stands for; nothing else depends on it.

        Raises:
            NamingError: neither agent accepts it.
        """
        parts = text.split("/", 3)
        if parts[0] == "." and len(parts) > 1:
            parts[0] = namespace
            if len(parts) == 2 and parts[1]:  # noqa: PLR2004
                parts.insert(1, "svc")
        if len(parts) > 3:  # noqa: PLR2004
            raise NamingError(f"{quoted(text)} names no object: it has too many parts", hint=_PATH_HINT)
        if parts == ["", ""]:
            parts[0] = ROOT
        namespace, kind, name = _written_out(parts)
        problem = _problem(namespace, kind, name)
        if problem is not None:
            raise NamingError(f"{quoted(text)} names no object: {problem}", hint=_PATH_HINT)
        return cls(namespace, kind, name)

    @property
    def full(self) -> str:
        """Everything written out: `root/svc/svc1`."""
        return f"{self.namespace}/{self.kind}/{self.name}"

    @property
    def accepted_by(self) -> frozenset[str]:
        """Which agents accept this path: `b2.1`, `om3`, or both."""
        agents = set()
        if _python_accepts(self.namespace, self.kind, self.name):
            agents.add(PYTHON_AGENT)
        if _go_accepts(self.namespace, self.name):
            agents.add(GO_AGENT)
        return frozenset(agents)

    def __str__(self) -> str:
        if self.kind == "nscfg":
            return "/" if self.namespace == ROOT else f"{self.namespace}/"
        if self.namespace != ROOT:
            return self.full
        return self.name if self.kind in ("svc", "ccfg") else f"{self.kind}/{self.name}"


def _written_out(parts: list[str]) -> tuple[str, str, str]:
    """Fill in what one to three parts leave out, and settle what two objects could claim."""
    if len(parts) == 2 and not parts[1]:  # noqa: PLR2004
        return parts[0], "nscfg", NAMESPACE_NAME
    namespace, kind, name = [ROOT, "svc", ""][: 3 - len(parts)] + parts
    if kind == "nscfg" and not name:
        name = NAMESPACE_NAME
    if namespace == ROOT and kind == "svc":
        kind = {CLUSTER_NAME: "ccfg", NAMESPACE_NAME: "nscfg"}.get(name, kind)
    return namespace, kind, name


def _problem(namespace: str, kind: str, name: str) -> Optional[str]:
    """Tell why a canonical path cannot be, or None."""
    if kind not in KINDS:
        return f"its kind is none of {', '.join(KINDS)}"
    if len(name) > MAX_NAME_LENGTH or len(namespace) > MAX_NAMESPACE_LENGTH:
        return "it is too long for a file name"
    fixed_name = _FIXED_NAMES.get(kind, name)
    if name != fixed_name or (kind == "ccfg" and namespace != ROOT):
        return f"a {kind} has the name {fixed_name}, and there is one ccfg only"
    if (namespace, kind) == (ROOT, "svc") and name in _NO_ROOT_SVC:
        return "the name is reserved"
    if not (_python_accepts(namespace, kind, name) or _go_accepts(namespace, name)):
        return "no agent accepts such a name"
    return None


def _python_accepts(namespace: str, kind: str, name: str) -> bool:
    if namespace == ROOT:
        # It takes any of these for the ccfg or the root nscfg, whatever their kind.
        if name in (CLUSTER_NAME, NAMESPACE_NAME):
            return kind in ("ccfg", "nscfg")
    elif namespace in KINDS or namespace.endswith("-") or not _PYTHON_NAMESPACE.fullmatch(namespace):
        return False
    prefix = _SLICE_PREFIX.match(name)
    name = name[prefix.end() :] if prefix else name
    if name in KINDS or ".." in name or name.endswith((".", "-")):
        return False
    return _PYTHON_NAME.fullmatch(name) is not None


def _go_accepts(namespace: str, name: str) -> bool:
    if name in KINDS or name == "node":
        return False
    return _is_go_host_name(namespace) and _is_go_host_name(name.lstrip("0123456789."))


def _is_go_host_name(text: str) -> bool:
    return len(text) <= GO_MAX_LENGTH and _GO_HOST_NAME.fullmatch(text) is not None
