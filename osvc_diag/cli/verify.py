"""Verify a bundle: checksums agree, nothing is hidden in it, no secret is left.

The secrets of the node's configuration are searched for where that can be
read: on the node the bundle was made on, or with --root; on another node of its
cluster, those that they share. Elsewhere only the forms that give any secret
away are.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Optional

from osvc_diag.cli.loading import add_plugin_arguments, rules_for
from osvc_diag.cli.options import add_node_arguments, find_node
from osvc_diag.cli.output import error_as_json
from osvc_diag.errors import NodeNotFoundError, VerificationError
from osvc_diag.units import counted, format_size

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from osvc_diag.bundle.manifest import Manifest
    from osvc_diag.bundle.searching import Search
    from osvc_diag.bundle.verdict import Problem, Verdict
    from osvc_diag.cli.output import Output
    from osvc_diag.node.node import Node
    from osvc_diag.redaction import Rule, Secrets

OK = 0


@dataclass(frozen=True)
class Scope:
    """What can be searched for."""

    search: Search
    node: Optional[str]
    """The node whose secrets are among it; None where it is none."""
    knows_node: bool
    """Whether that is the node on which the bundle was made."""
    limits: tuple[str, ...]
    """What could not be searched for, in sentences."""


@dataclass(frozen=True)
class _Names:
    """What a node and its cluster are called."""

    node: str
    cluster: Optional[str]
    nodes: tuple[str, ...]
    """All of its cluster."""

    def is_same(self, manifest: Manifest) -> bool:
        """Tell whether it is the bundle's node; many a node of somebody else's is called node1, too."""
        return (self.node, self.cluster) == (manifest.node.name, manifest.cluster.name)

    def is_peer(self, manifest: Manifest) -> bool:
        """Tell whether it is in the bundle's cluster; many a cluster is called default."""
        is_known = self.cluster is not None and self.cluster == manifest.cluster.name
        return is_known and manifest.node.name in self.nodes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("bundle", metavar="BUNDLE", help="a .tar.gz that osvc-diag made")
    add_node_arguments(parser)
    add_plugin_arguments(parser)


def run(args: argparse.Namespace, output: Output) -> int:
    """Go through the whole bundle once."""
    from osvc_diag.bundle.reader import Bundle  # noqa: PLC0415 - not for --help
    from osvc_diag.bundle.verify import verify  # noqa: PLC0415

    with Bundle.open(args.bundle) as bundle:
        scope = scope_of(args, bundle.manifest, rules_for(args, output))
    with output.progress() as on_event:
        verdict = verify(args.bundle, scope.search, on_event=on_event)
    error = None if verdict.ok else _failure(verdict)
    if output.is_json:
        outcome = error_as_json(error) if error else {"exit_code": OK}
        output.result(json.dumps({**_as_json(args.bundle, verdict, scope), **outcome}, indent=2))
    else:
        _tell(verdict, scope, output)
    if error:
        raise error
    return OK


def _failure(verdict: Verdict) -> VerificationError:
    told = counted(len(verdict.problems), "problem")
    return VerificationError(f"the bundle did not pass verification: {told}", hint=verdict.hint)


def scope_of(args: argparse.Namespace, manifest: Manifest, rules: Sequence[Rule]) -> Scope:
    """Learn what the node's configuration tells, where it is the node of the bundle."""
    from osvc_diag.redaction import SecretSearch, learn  # noqa: PLC0415
    from osvc_diag.run.configuration import known_names, read_configuration  # noqa: PLC0415 - not for --help

    node = _node_of(args)
    confs, gaps = ([], []) if node is None else read_configuration(node)
    secrets = learn(confs, set() if node is None else known_names(node))
    names = None if node is None else _names_of(node, secrets, manifest)
    if args.root is None and names is not None and not (names.is_same(manifest) or names.is_peer(manifest)):
        node, names, gaps, secrets = None, None, [], learn([], set())
    strange = _strangeness(node, names, manifest)
    limits = [f"{gap.artifact}: {gap.reason}" for gap in gaps] + secrets.limits
    return Scope(
        SecretSearch(
            secrets,
            extra_rules=rules,
            expected=sum(entry.stored_bytes or 0 for entry in manifest.artifacts),
        ),
        node=node.name if node else None,
        knows_node=strange is None,
        limits=tuple([*limits, strange] if strange else limits),
    )


def _node_of(args: argparse.Namespace) -> Optional[Node]:
    """Return the node that --root names, or this one, where it is one."""
    try:
        return find_node(args)
    except NodeNotFoundError:
        if args.root is not None:
            raise
        return None


def _names_of(node: Node, secrets: Secrets, manifest: Manifest) -> _Names:
    """Return what a node would be called in a manifest: names may be masked there."""
    names = _Names(node.name, node.cluster.name, tuple(node.cluster.nodes))
    if "<masked:" not in manifest.node.name:
        return names
    from osvc_diag.redaction import Redactor, Tokens  # noqa: PLC0415 - seldom needed

    mask = Redactor(secrets, Tokens.for_cluster(secrets), mask_network=True).mask_text
    return _Names(mask(names.node), names.cluster and mask(names.cluster), tuple(map(mask, names.nodes)))


def _strangeness(node: Optional[Node], names: Optional[_Names], manifest: Manifest) -> Optional[str]:
    """Say what of the bundle's node is unknown here; None on that node."""
    from osvc_diag.node.identity import UNKNOWN  # noqa: PLC0415 - not for --help

    made_on = manifest.node.name
    if node is None or names is None:
        return (
            f"it was made on {made_on}, and this is no node of its cluster: its own secrets are unknown here"
        )
    if node.name == UNKNOWN:
        told = "the files below --root do not tell of which node they are"
        return f"it was made on {made_on}, and {told}: say it with --node NAME"
    if names.is_same(manifest):
        return None
    what = "another node of its cluster" if names.is_peer(manifest) else "a node of another cluster"
    return (
        f"it was made on {made_on}, and {node.name} is {what}: "
        f"secrets that only the files of {made_on} tell are unknown here"
    )


def _as_json(bundle: str, verdict: Verdict, scope: Scope) -> dict[str, object]:
    return {
        "bundle": bundle,
        "ok": verdict.ok,
        "members": verdict.members,
        "plain_bytes": verdict.plain_bytes,
        "searched_for_the_nodes_secrets": scope.knows_node,
        "searched_for_the_secrets_of": scope.node,
        "limits": scope.limits,
        "problems": [asdict(problem) for problem in verdict.problems],
    }


def _tell(verdict: Verdict, scope: Scope, output: Output) -> None:
    for limit in scope.limits:
        output.warn(limit)
    if verdict.ok:
        what = f"no secret of {scope.node} found" if scope.node else "nothing found that looks like a secret"
        size = format_size(verdict.plain_bytes)
        output.result(f"ok: {verdict.members} members, {size} unpacked, checksums agree, {what}")
        return
    rows = [_problem_row(problem) for problem in verdict.problems]
    is_secret = any(problem.rule for problem in verdict.problems)
    columns = ["rule", ">offset", "problem"] if is_secret else ["problem"]
    output.table("", columns, [row[-len(columns) :] for row in rows], as_result=True)


def _problem_row(problem: Problem) -> tuple[str, str, str]:
    offset = "" if problem.offset is None else str(problem.offset)
    where = "" if problem.member is None else f"{problem.member}: "
    return problem.rule or "", offset, f"{where}{problem.what}"
