"""Make a bundle from a program, as the agent does: python examples/library.py ROOT SELECTOR OUTPUT."""

from __future__ import annotations

import sys

from osvc_diag import DiagError, Issue, Node, diagnose


def main(root: str, selector: str, output: str) -> int:
    """Collect, print the path, and tell what is missing."""
    try:
        result = diagnose(
            selector,
            node=Node.discover(root),
            output=output,
            since="1w",
            issue=Issue(purpose="unexpected behaviour", impact="the service does not start"),
        )
    except DiagError as error:
        print(f"{error} ({error.hint or 'no hint'})", file=sys.stderr)
        return error.exit_code
    print(result.bundle)
    for gap in result.gaps:
        print(f"missing: {gap.artifact or gap.collector}: {gap.reason}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    if not sys.argv[3:]:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:4]))
