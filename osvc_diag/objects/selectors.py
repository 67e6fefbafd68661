"""Which objects the user asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Optional

from osvc_diag.errors import NamingError, SelectorError
from osvc_diag.objects.globs import compile_glob, is_glob
from osvc_diag.objects.naming import NAMESPACE_NAME, ROOT, ObjectPath
from osvc_diag.printable import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

NODE_WORD = "node"
"""The selector that selects no object, but the node itself."""
MAX_LENGTH = 4096  # characters between two commas; the longest path has 512

_FOREIGN_FORM = re.compile(r"[=:~<>]")
_HINT = (
    "such as web, vol/data, prod/svc/web, 'prod/**', '**'; a,b is a union, a+b an intersection, !a a negation"
)

_COMPARED_LENGTH = 64  # characters of a text that are compared with names
_COMPARED_PATHS = 200  # candidates that are compared closely
_CLOSE = 0.6  # of a likeness that ends at 1


@dataclass(frozen=True)
class Fragment:
    """One member of a union: what stands between two commas."""

    text: str
    matches: Callable[[ObjectPath], bool]


@dataclass(frozen=True)
class Selector:
    """A union of fragments."""

    text: str
    fragments: tuple[Fragment, ...]

    @classmethod
    def parse(cls, text: str) -> Selector:
        """Read a selector: `,` is a union, `+` an intersection, a leading `!` a negation.

        | pattern | selects |
        |---|---|
        | an object path as `ObjectPath.parse` reads it | that object |
        | `*` | every svc of every namespace |
        | `**` | every object |
        | `ns/**` | every object of ns |
        | `**/x*` | `*/*/x*`: by the name alone, though om3 would match kinds and namespaces too |
        | `x*` | root svcs |
        | `kind/x*` | of the root namespace |
        | `ns*/` | the nscfg of those namespaces |
        | `a/b/` | `a/b/*` |
        | `a/b/c` | namespace, kind and name, each a glob; `root` is written out |

        Raises:
            SelectorError: it is empty, has too many parts, or is one of the forms that only the agents know
                (`kw=value`, `kw:`, `~`, `<`).
        """
        return cls(text, tuple(_fragment(part) for part in text.split(",")))

    def select(
        self, paths: Iterable[ObjectPath], *, leftovers: Iterable[ObjectPath] = ()
    ) -> list[ObjectPath]:
        """Return the paths that are selected, sorted, each once.

        Args:
            paths: the objects of the node.
            leftovers: what is left of deleted objects. A fragment selects among them only where it selects no
                object: `prod/**` leaves the dead alone, and the name of a dead one finds it.
        """
        living, dead = list(paths), list(leftovers)
        chosen: set[ObjectPath] = set()
        for fragment in self.fragments:
            chosen.update(select_fragment(fragment, living, dead))
        return sorted(chosen)


def select_fragment(
    fragment: Fragment, paths: Iterable[ObjectPath], leftovers: Iterable[ObjectPath]
) -> list[ObjectPath]:
    """Return what one fragment selects; nothing tells that it may be misspelt."""
    found = [path for path in paths if fragment.matches(path)]
    return found or [path for path in leftovers if fragment.matches(path)]


def nearest(text: str, paths: Iterable[ObjectPath], count: int = 5) -> list[str]:
    """Return the printed paths that a misspelt text may have meant, the likeliest first.

    A name of another namespace or kind counts as near: who types `web` may mean `prod/svc/web`.
    """
    import difflib  # noqa: PLC0415 - few misspell, and all would wait for it
    import heapq  # noqa: PLC0415

    wanted = text.strip().lstrip("!")[:_COMPARED_LENGTH].lower()
    name = wanted.rpartition("/")[2] or wanted
    by_path, by_name = (difflib.SequenceMatcher(b=target, autojunk=False) for target in (wanted, name))

    def quick(path: ObjectPath) -> float:
        by_path.set_seq1(str(path)[:_COMPARED_LENGTH].lower())
        by_name.set_seq1(path.name[:_COMPARED_LENGTH].lower())
        return max(by_path.quick_ratio(), by_name.quick_ratio())

    def close(path: ObjectPath) -> float:
        by_path.set_seq1(str(path)[:_COMPARED_LENGTH].lower())
        by_name.set_seq1(path.name[:_COMPARED_LENGTH].lower())
        return max(by_path.ratio(), by_name.ratio())

    candidates = heapq.nlargest(_COMPARED_PATHS, paths, key=quick)
    scored = sorted((-close(path), path) for path in candidates)
    return [str(path) for score, path in scored if -score >= _CLOSE][:count]


def _fragment(text: str) -> Fragment:
    if len(text) > MAX_LENGTH:
        raise SelectorError(f"{quoted(text)} is no selector: it is longer than {MAX_LENGTH} characters")
    terms = [_term(part.strip(), text) for part in text.split("+")]
    return Fragment(text.strip(), lambda path: all(term(path) for term in terms))


def _term(text: str, whole: str) -> Callable[[ObjectPath], bool]:
    pattern = text.removeprefix("!")
    if not pattern or pattern.startswith("!"):
        raise SelectorError(f"{quoted(whole)} is no selector: a part of it is empty", hint=_HINT)
    if _FOREIGN_FORM.search(pattern):
        raise SelectorError(
            f"{quoted(text)} is no selector here: objects are selected by path, not by what their "
            "configuration holds",
            hint=_HINT,
        )
    matches = _pattern(pattern)
    return (lambda path: not matches(path)) if text.startswith("!") else matches


def _pattern(pattern: str) -> Callable[[ObjectPath], bool]:
    exact = None if is_glob(pattern) else _object(pattern)
    if exact is not None:
        return exact.__eq__
    namespace, kind, name = (compile_glob(part) for part in _three_globs(pattern))
    return lambda path: name(path.name) and kind(path.kind) and namespace(path.namespace)


def _object(text: str) -> Optional[ObjectPath]:
    try:
        return ObjectPath.parse(text)
    except NamingError:
        return None


def _three_globs(pattern: str) -> tuple[str, str, str]:
    """Write a pattern out as a glob for the namespace, one for the kind and one for the name."""
    parts = pattern.split("/", 3)
    if len(parts) > 3:  # noqa: PLR2004
        raise SelectorError(f"{quoted(pattern)} is no selector: it has too many parts", hint=_HINT)
    if len(parts) == 1:
        return {"*": ("*", "svc", "*"), "**": ("*", "*", "*")}.get(pattern, (ROOT, "svc", pattern))
    if len(parts) == 3:  # noqa: PLR2004
        return parts[0], parts[1], parts[2] or "*"
    first, last = parts
    if not last:
        return first, "nscfg", NAMESPACE_NAME
    if last == "**":
        return first, "*", "*"
    return ("*", "*", last) if first == "**" else (ROOT, first, last)
