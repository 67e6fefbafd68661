"""The node that is read: its name, where its folders are, which agent, its cluster and its objects."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Optional, Union

from osvc_diag.errors import NoSuchObjectError, RedactionError
from osvc_diag.node.agent import Agent, detect_agent
from osvc_diag.node.finding import find_layout
from osvc_diag.node.grants import Grants
from osvc_diag.node.identity import Cluster, find_name, read_cluster
from osvc_diag.node.inventory import KnownObject, UnlistedFolder, take_inventory
from osvc_diag.node.zones import find_zone
from osvc_diag.objects.conf import CONF_LIMIT, parse_conf
from osvc_diag.objects.layout import Layout
from osvc_diag.objects.relations import filler
from osvc_diag.objects.selectors import NODE_WORD, Selector, nearest, select_fragment
from osvc_diag.printable import quoted
from osvc_diag.reading.trees import NotTakenError, Trees

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from osvc_diag.objects.conf import ConfEntry
    from osvc_diag.objects.naming import ObjectPath

_SHOWN_OBJECTS = 20  # that an error lists


def open_trees(layout: Layout, root: Optional[str]) -> Trees:
    """Return the agent's folders, as whoever runs this may read them; its private key is never opened."""
    base = root or "/"
    return Trees(
        [layout.etc, layout.log, layout.var],
        base=base,
        never=[f"{layout.var}/certs/private_key"],
        grants=Grants(layout, base),
    )


@dataclass(frozen=True)
class Node:
    """A node, as far as its files tell; read once, and it does not change with them."""

    name: str
    layout: Layout
    root: Optional[str]
    """The folder of a copy, absolute; None where this machine is the node."""
    trees: Trees = field(repr=False, compare=False)
    """Opens what is in the agent's folders, and what root granted beside them; nothing else."""
    agent: Agent
    cluster: Cluster
    zone: tzinfo
    """Of the times in its logs."""
    objects: tuple[KnownObject, ...] = field(repr=False)
    """Sorted; those with a conf, and what is left of deleted ones."""
    unlisted: tuple[UnlistedFolder, ...] = ()
    """Folders that could not be listed, so that `objects` may be incomplete."""

    @classmethod
    def discover(
        cls,
        root: Optional[str] = None,
        *,
        name: Optional[str] = None,
        zone: Union[str, tzinfo, None] = None,
        environ: Optional[Mapping[str, str]] = None,
    ) -> Node:
        """Find a node by looking.

        On this machine: below `OSVC_ROOT_PATH`, else where /etc/default/opensvc and the like say, else where
        a package puts it. Below a root: a whole file system, with either layout, or a root-path install.

        Args:
            root: the folder of a copy; None is this machine.
            name: the node's name, where it is known; else the host name, else what node.log says.
            zone: the zone of its logs, `Europe/Paris` or a tzinfo; else that of etc/localtime.
            environ: the variables; None is those of the process, at this moment.

        Raises:
            NodeNotFoundError: there is no agent; the text tells where was looked.
            UsageError: the zone does not exist.
        """
        root = None if root is None else os.path.abspath(root)
        layout = find_layout(root, os.environ if environ is None else environ)
        return cls._read(layout, root, name, zone)

    @classmethod
    def from_paths(
        cls, *, etc: str, log: str, var: str, name: str, zone: Union[str, tzinfo, None] = None
    ) -> Node:
        """Take the folders that the agent itself uses: this machine is the node.

        Args:
            etc: absolute, `Env.paths.pathetc` in the Python agent.
            log: absolute, `Env.paths.pathlog`.
            var: absolute, `Env.paths.pathvar`.
            name: `Env.nodename`.
            zone: as for `discover`.

        Raises:
            ValueError: a folder is not absolute.
            UsageError: the zone does not exist.
        """
        return cls._read(Layout(etc, log, var), None, name, zone)

    @classmethod
    def _read(
        cls, layout: Layout, root: Optional[str], name: Optional[str], zone: Union[str, tzinfo, None]
    ) -> Node:
        base = root or "/"
        trees = open_trees(layout, root)
        name = name or find_name(trees, layout, root)
        objects, unlisted = take_inventory(trees, layout)
        return cls(
            name=name,
            layout=layout,
            root=root,
            trees=trees,
            agent=detect_agent(trees, layout, base),
            cluster=read_cluster(trees, layout, name),
            zone=find_zone(zone, root),
            objects=objects,
            unlisted=unlisted,
        )

    @property
    def live(self) -> bool:
        """Whether this machine is the node: only then commands and processes tell something about it."""
        return self.root is None

    def conf_of(self, obj: ObjectPath) -> list[ConfEntry]:
        """Return the keys of an object's configuration in the order of the text, their references filled in.

        `{env.x}`, `{namespace}`, `{name}` and the like are; keys with a scope stand beside those without.
        There are none where it cannot be read: the collector object-conf tells why.
        """
        try:
            entries = parse_conf(self.trees.read(self.layout.conf_path(obj), CONF_LIMIT))
        except (OSError, NotTakenError, RedactionError):
            return []
        fill = filler(obj, entries)
        return [entry._replace(value=fill(entry.section, entry.value)) for entry in entries]

    def select(self, selectors: Union[str, Sequence[str]]) -> list[ObjectPath]:
        """Return the objects that selectors choose, sorted; several are a union.

        A glob chooses among the objects that have a conf, and among what is left of deleted ones where it
        chooses no other; a name finds either. The word `node` is the node alone, no object.

        Raises:
            SelectorError: one is no selector.
            NoSuchObjectError: one of them, or a part between commas, matches nothing; the hint has the
                nearest names.
        """
        texts = [selectors] if isinstance(selectors, str) else list(selectors)
        living = [known.path for known in self.objects if known.has_conf]
        leftovers = [known.path for known in self.objects if not known.has_conf]
        chosen: set[ObjectPath] = set()
        for fragment in [part for text in texts for part in Selector.parse(text).fragments]:
            if fragment.text == NODE_WORD:
                continue
            found = select_fragment(fragment, living, leftovers)
            if not found:
                raise self._no_such_object(fragment.text)
            chosen.update(found)
        return sorted(chosen)

    def member(self, path: str) -> str:
        """Return what a file is called in a bundle: `file/` and its absolute path on the live node.

        Args:
            path: absolute, on the machine that runs osvc_diag; below the root where there is one.

        Raises:
            ValueError: it lies elsewhere.
        """
        path = os.path.normpath(path)
        base = "" if self.root in (None, "/") else self.root
        if not path.startswith(f"{base}/"):
            raise ValueError(f"{quoted(path)} does not lie below {quoted(base or '/')}")
        return "file/" + path[len(base or "") :].lstrip("/")

    def _no_such_object(self, text: str) -> NoSuchObjectError:
        paths = [known.path for known in self.objects]
        near = nearest(text, paths)
        shown = near or [str(path) for path in paths[:_SHOWN_OBJECTS]]
        dots = ", ..." if not near and len(paths) > len(shown) else ""
        asked = "did you mean" if near else "there are"
        hint = (
            f"{asked} {', '.join(shown)}{dots}, or {NODE_WORD} for the node alone"
            if shown
            else f"no object was found; {NODE_WORD} takes the node alone"
        )
        if self.unlisted:
            folder = self.unlisted[0]
            hint = f"run it as root: objects in {folder.path} cannot be seen ({folder.reason}); {hint}"
        return NoSuchObjectError(f"nothing on node {self.name} matches {quoted(text)}", hint=hint)
