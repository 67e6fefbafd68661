"""A declared, named source of artifacts: what a plugin hands to the host."""

from __future__ import annotations

import collections.abc
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Optional, Union, cast

from osvc_diag.gap import Gap
from osvc_diag.objects.naming import GO_AGENT, KINDS, PYTHON_AGENT
from osvc_diag.plugin.artifact import Artifact, Artifacts
from osvc_diag.plugin.foreign import line_of
from osvc_diag.plugin.profile import Profile
from osvc_diag.reading.granted import folder_refusal

Declared = Union[Artifact, Artifacts, Gap]
"""What a collector may yield."""

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from osvc_diag.node.node import Node
    from osvc_diag.objects.naming import ObjectPath
    from osvc_diag.plugin.options import Option, Value

    Collect = Callable[[Node, Sequence[ObjectPath]], Iterable[Declared]]
    CollectWithOptions = Callable[[Node, Sequence[ObjectPath], Mapping[str, Value]], Iterable[Declared]]

DEFAULT_TIMEOUT = 20.0  # seconds
AGENTS = (PYTHON_AGENT, GO_AGENT)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True)
class Collector:
    """Names artifacts of a node; reads no big file and redacts nothing: the host does both."""

    name: str
    """As in `--only` and `--skip`: lower case, digits and dashes, unique among all plugins."""
    summary: str
    """One line for `osvc_diag plugins`."""
    collect: Union[Collect, CollectWithOptions]
    """Called with the node and the selected objects, sorted (none when only the node was asked for).

    A gap says what cannot be had, and why; the host fills in whose it is.
    """
    timeout: float = DEFAULT_TIMEOUT
    """Seconds that `collect` may take before the host gives it up."""
    options: tuple[Option, ...] = ()
    """What `-o NAME.KEY=VALUE` may set; where there are any, `collect` gets their values too, by name."""
    agents: tuple[str, ...] = ()
    """Which agents it is for, `b2.1` or `om3`; empty is any. Where the node's cannot be told, it runs."""
    kinds: tuple[str, ...] = ()
    """Which kinds of objects it is for, such as `svc`; empty is any, and the node alone.

    Others are not given to `collect`, and where none is left it is not called.
    """
    profile: Profile = Profile.STANDARD
    """The least profile in which it is asked; one that names files alone, and few, may say QUICK."""

    folders: tuple[str, ...] = ()
    """Folders outside of the agent's that its files lie in, absolute, such as `/srv`; others are refused.

    Nothing below them is opened that is a secret by its name, or that somebody else's link leads to.
    """

    def check(self) -> None:
        """Refuse a collector that could never be used.

        Raises:
            TypeError, ValueError: the text tells which field is wrong.
        """
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!a} is no name of a collector: lower case, digits and dashes")
        if not callable(self.collect):
            raise TypeError(f"collector {self.name}: its collect is no function")
        for field in ("agents", "kinds", "folders", "options"):
            self._check_tuple(field)
        self._check_words("agents", AGENTS)
        self._check_words("kinds", KINDS)
        names = [option.name for option in self.options]
        for option in self.options:
            option.check()
        if len(set(names)) < len(names):
            raise ValueError(f"collector {self.name} has an option twice")
        for folder in self.folders:
            reason = folder_refusal(folder)
            if reason is not None:
                raise ValueError(f"collector {self.name}: folders holds {folder!a}, which {reason}")

    def _check_tuple(self, field: str) -> None:
        value = getattr(self, field)
        if isinstance(value, str):
            raise TypeError(f"collector {self.name}: {field} is a text: write ({value!r},)")
        if not isinstance(value, (tuple, list)):
            raise TypeError(f"collector {self.name}: {field} is a {type(value).__name__}, not a tuple")

    def _check_words(self, field: str, known: Sequence[str]) -> None:
        for value in getattr(self, field):
            if value not in known:
                words = ", ".join(known)
                raise ValueError(f"collector {self.name}: {field} holds {value!a}, none of {words}")

    def grants(self, path: str) -> bool:
        """Tell whether a path on the node, absolute and normal, lies in one of its folders."""
        return any(path == folder or path.startswith(f"{folder}/") for folder in self.folders)

    @property
    def audience(self) -> str:
        """Which nodes and objects it is for, in words."""
        agents = f"agent {' or '.join(self.agents)}" if self.agents else ""
        kinds = f"objects of kind {' or '.join(self.kinds)}" if self.kinds else ""
        return " and ".join(filter(None, (agents, kinds))) or "any node"

    def objects_of(self, node: Node, objects: Sequence[ObjectPath]) -> Optional[Sequence[ObjectPath]]:
        """Return the objects that it is for; None where it is not for this node, or for none of them."""
        if self.agents and node.agent.kind in AGENTS and node.agent.kind not in self.agents:
            return None
        if not self.kinds:
            return objects
        return [obj for obj in objects if obj.kind in self.kinds] or None

    def declared(
        self, node: Node, objects: Sequence[ObjectPath], values: Mapping[str, Value]
    ) -> Iterable[Declared]:
        """Call `collect`: with the values of its options where it has any."""
        if self.options:
            told = {option.name: values.get(option.name, option.default) for option in self.options}
            return listed(cast("CollectWithOptions", self.collect)(node, objects, told), self.collect)
        return listed(cast("Collect", self.collect)(node, objects), self.collect)


def listed(answer: object, collect: object) -> Iterable[Any]:
    """Return what a `collect` answered, where it can be gone through.

    Raises:
        TypeError: it cannot; the text says where that function is, and what to write.
    """
    if isinstance(answer, collections.abc.Iterable):
        return answer
    what = "None" if answer is None else f"a {type(answer).__name__}"
    name = getattr(collect, "__name__", "collect")
    raise TypeError(f"{name}{line_of(collect)} returned {what}: have it yield artifacts, or return a list")
