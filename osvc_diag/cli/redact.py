"""Redact a file or stdin to stdout, as the files of a bundle are.

On a node its own secrets are learned first; elsewhere only what looks like a
secret is masked. A gz, bz2 or xz file comes out as text. What was masked is
counted on stderr, with --json as JSON.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections import Counter
from typing import TYPE_CHECKING, BinaryIO, Optional

from osvc_diag.cli.loading import add_plugin_arguments, rules_for
from osvc_diag.cli.options import add_node_arguments, find_node
from osvc_diag.errors import DiagError, NodeNotFoundError, RedactionError, UsageError, VerificationError
from osvc_diag.form import Form

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from osvc_diag.cli.output import Output
    from osvc_diag.redaction import Redactor, Rule, Secrets

OK = 0
_BLOCK = 256 * 1024  # bytes read at a time
_MOST_INFLATED = 64 * 1024**3  # plain bytes of one compressed file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="what to redact; `-` or nothing is stdin")
    parser.add_argument("--rules", action="store_true", help="list the rules, and redact nothing")
    parser.add_argument(
        "--form",
        choices=[form.value for form in Form],
        help="how to read it; by its name if not given: .conf is the agent's INI dialect",
    )
    parser.add_argument("--mask-network", action="store_true", help="mask addresses and host names too")
    add_node_arguments(parser)
    add_plugin_arguments(parser)


def run(args: argparse.Namespace, output: Output) -> int:
    """Redact one stream, or list the rules."""
    rules = rules_for(args, output)
    if args.rules:
        _list_rules(rules, output)
        return OK
    from osvc_diag.redaction import Redactor, Tokens  # noqa: PLC0415

    output.has_result = True  # stdout is for the text alone: no error is written between
    secrets = _learned(args, output)
    redactor = Redactor(
        secrets, Tokens.for_cluster(secrets), extra_rules=rules, mask_network=args.mask_network
    )
    counts: Counter[str] = Counter()
    with _opened(args.file) as source:
        _redact(redactor, source, _form(args), counts, output)
    if output.is_json:
        # A result, though not on stdout: --quiet keeps it.
        output.stderr.write(
            json.dumps({"masked": dict(sorted(counts.items())), "limits": secrets.limits}) + "\n"
        )
    else:
        output.say(_summary(counts))
    return OK


def _list_rules(extra: Iterable[Rule], output: Output) -> None:
    from osvc_diag.redaction import RULE_SET_VERSION, builtin_rules  # noqa: PLC0415
    from osvc_diag.redaction.learn import LEARNED_RULES  # noqa: PLC0415
    from osvc_diag.redaction.rules_network import network_rules  # noqa: PLC0415

    network = network_rules([b"node1"])  # one name, so that the rule for names is among them
    rows = [
        *((name, "learned", purpose) for name, purpose in sorted(LEARNED_RULES.items())),
        *((rule.id, "built in", rule.purpose) for rule in (*builtin_rules(), *network)),
        *((rule.id, "plugin", rule.purpose) for rule in extra),
    ]
    if output.is_json:
        rules = [{"id": name, "from": origin, "purpose": purpose} for name, origin, purpose in rows]
        output.result(json.dumps({"rule_set_version": RULE_SET_VERSION, "rules": rules}, indent=2))
    else:
        output.table("", ["rule", "from", "finds"], rows, as_result=True)


def _learned(args: argparse.Namespace, output: Output) -> Secrets:
    """Learn the secrets of the node, where there is one."""
    from osvc_diag.redaction import Secrets, learn  # noqa: PLC0415
    from osvc_diag.run.configuration import known_names, read_configuration  # noqa: PLC0415

    try:
        node = find_node(args)
    except NodeNotFoundError:
        if args.root is not None:
            raise
        output.warn("no OpenSVC agent here: no secret is learned, only what looks like one is masked")
        return Secrets()
    confs, gaps = read_configuration(node)
    secrets = learn(confs, known_names(node))
    for limit in (*(f"{gap.artifact}: {gap.reason}" for gap in gaps), *secrets.limits):
        output.warn(limit)
    return secrets


@contextlib.contextmanager
def _opened(name: Optional[str]) -> Iterator[BinaryIO]:
    if name in (None, "-"):
        yield sys.stdin.buffer
        return
    try:
        file = open(name, "rb")  # noqa: SIM115 - an error while reading is not one of opening
    except OSError as error:
        raise UsageError(
            f"{name}: {error.strerror}", hint="give a file that can be read, or - for stdin"
        ) from None
    with file:
        yield file


def _form(args: argparse.Namespace) -> Form:
    if args.form:
        return Form(args.form)
    base = (args.file or "").lower()
    for suffix in (".gz", ".bz2", ".xz"):
        base = base.removesuffix(suffix)
    return Form.of(base)


def _redact(redactor: Redactor, source: BinaryIO, form: Form, counts: Counter[str], output: Output) -> None:
    from osvc_diag.bundle.inflating import UninflatableError  # noqa: PLC0415

    name = getattr(source, "name", "stdin")
    stdout = getattr(output.stdout, "buffer", None)
    try:
        for block in redactor.redact(_plain(source), form, counts):
            if stdout is None:
                output.stdout.write(block.decode("utf-8", "surrogateescape"))
            else:
                stdout.write(block)
        (stdout or output.stdout).flush()
    except (RedactionError, UninflatableError) as error:
        raise VerificationError(
            f"{name}: withheld from here on: {error}",
            hint="what was printed before is redacted, and not all of it",
        ) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DiagError(f"{name}: {error.strerror}") from None


def _plain(source: BinaryIO) -> Iterator[bytes]:
    from osvc_diag.bundle.inflating import compression, inflated, peeked  # noqa: PLC0415

    start, blocks = peeked(iter(lambda: source.read(_BLOCK), b""))
    suffix = compression(start)
    return blocks if suffix is None else inflated(blocks, suffix, _MOST_INFLATED)


def _summary(counts: Counter[str]) -> str:
    if not counts:
        return "nothing was masked"
    return "masked: " + ", ".join(f"{rule} {count}" for rule, count in sorted(counts.items()))
