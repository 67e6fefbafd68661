"""Which objects a configuration refers to: one step, read from its text, nothing resolved on a disk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable

from osvc_diag.errors import NamingError
from osvc_diag.objects.conf import parse_conf
from osvc_diag.objects.naming import KINDS, ROOT, ObjectPath

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osvc_diag.objects.conf import ConfEntry

MAX_VALUE = 64 * 1024  # characters of a value that is looked into; a list of names has some hundred
MAX_REFERENCES = 64  # `{...}` in one value that are filled in
MAX_FILLING = 250  # characters that one of them may stand for: a name

_REFERENCE = re.compile(r"\{([A-Za-z0-9_.#-]{1,64})\}")
_SLICE = re.compile(r"[0-9]{1,9}\.(.+)")
_BETWEEN_PATHS = re.compile(r"[\s,;:=|()\"'<>]+")
_QUOTES = str.maketrans("", "", "\"'")

# b2.1 core/objects/svcdict.py, om3 core/object/core_keywords.go; the last ones are older spellings.
_OF_OBJECTS = frozenset(
    {
        "parents",
        "children",
        "slaves",
        "slave",
        "hard_affinity",
        "soft_affinity",
        "hard_anti_affinity",
        "soft_anti_affinity",
        "affinity",
        "anti_affinity",
    }
)
# b2.1 drivers/resource/{volume,app,task,container}, om3 core/datarecv:
# words `[VAR=]NAME/KEY[:PATH[:OPTIONS]]`.
_OF_KEYS = {
    "configs": "cfg",
    "configs_environment": "cfg",
    "create_configs_environment": "cfg",
    "secrets": "sec",
    "secrets_environment": "sec",
    "create_secrets_environment": "sec",
}
_DATA_KINDS = ("cfg", "sec", "usr")


def references(obj: ObjectPath, conf: bytes) -> set[ObjectPath]:
    """Return what a configuration may refer to; much of it need not exist.

    Understood are the keywords that take names (`parents`, `configs`, the `name` of a volume), paths of the
    form `[NAMESPACE/]KIND/NAME` in any value, the agents' `{namespace}`, `{name}` and `{env.x}` in them, and
    the scaler that a slice is named after. What a cfg or sec has in `[data]` is content, and is left alone.

    Args:
        obj: whose configuration it is.
        conf: its text; takes linear time, whatever it is.

    Raises:
        RedactionError: it has too many lines to be a configuration.
    """
    entries = [entry for entry in parse_conf(conf) if entry.section != "data"]
    fill = filler(obj, entries)
    found: set[ObjectPath] = set()
    volumes: set[str] = set()
    named: set[str] = set()
    for entry in entries:
        if len(entry.value) > MAX_VALUE:
            continue
        value = fill(entry.section, entry.value)
        found.update(_paths(obj, value))
        found.update(_by_keyword(obj, entry, value))
        if entry.section.startswith("volume#"):
            (named if entry.key == "name" else volumes).add(entry.section)
    for section in volumes - named:  # the default of both agents
        found.update(_objects(obj, "vol", f"{obj.name}-vol-{section.partition('#')[2]}"))
    found.update(_scaler(obj))
    return found - {obj}


def related(
    selected: Iterable[ObjectPath], known: Iterable[ObjectPath], confs: Iterable[tuple[ObjectPath, bytes]]
) -> list[ObjectPath]:
    """Return what selected objects refer to and what refers to them, one step away, sorted.

    Args:
        selected: are not returned themselves.
        known: what may be returned; those without a conf, too.
        confs: the configurations, one after the other: none is kept.

    Raises:
        RedactionError: see `references`.
    """
    chosen, existing = set(selected), set(known)
    found: set[ObjectPath] = set()

    def note(obj: ObjectPath, targets: set[ObjectPath]) -> None:
        if obj in chosen:
            found.update(targets)
        elif not chosen.isdisjoint(targets):
            found.add(obj)

    for obj in existing:
        note(obj, set(_scaler(obj)))
    for obj, conf in confs:
        note(obj, references(obj, conf))
    return sorted((found & existing) - chosen)


def filler(obj: ObjectPath, entries: Iterable[ConfEntry]) -> Callable[[str, str], str]:
    """Return what fills the references in a value of a section; one that is not known stays as it is.

    Args:
        obj: whose configuration it is.
        entries: of the configuration.
    """
    known = {"namespace": obj.namespace, "name": obj.name, "kind": obj.kind, "path": str(obj)}
    for entry in entries:
        if len(entry.value) <= MAX_FILLING and not entry.scope:
            name = entry.key if entry.section == "DEFAULT" else f"{entry.section}.{entry.key}"
            known.setdefault(name.lower(), entry.value)

    def fill(section: str, value: str) -> str:
        if "{" not in value:
            return value

        def filling(match: re.Match[str]) -> str:
            name = match[1].lower()
            if name == "rindex":
                return section.partition("#")[2]
            return known.get(name) or known.get(f"{section}.{name}".lower()) or match[0]

        # Twice: what an [env] value holds may be `{namespace}/vol/x` itself.
        for _ in range(2):
            value = _REFERENCE.sub(filling, value, count=MAX_REFERENCES)
        return value

    return fill


def _by_keyword(obj: ObjectPath, entry: ConfEntry, value: str) -> Iterator[ObjectPath]:
    key, group = entry.key, entry.section.partition("#")[0]
    if key in _OF_OBJECTS:
        for word in value.replace(",", " ").split():
            yield from _objects(obj, "svc", word.partition("@")[0])
    elif key in _OF_KEYS:
        for word in value.translate(_QUOTES).split():
            yield from _of_key(obj, _OF_KEYS[key], word)
    elif key == "volume_mounts":
        for word in value.translate(_QUOTES).split():
            if not word.startswith("/"):
                yield from _objects(obj, "vol", word.partition(":")[0].partition("/")[0])
    elif key == "name" and group == "volume":
        yield from _objects(obj, "vol", value)
    elif key == "registry_creds" or (key == "secret" and group == "disk"):
        yield from _objects(obj, "sec", value)


def _of_key(obj: ObjectPath, kind: str, word: str) -> Iterator[ObjectPath]:
    """Read `VAR=NAME/KEY` or `KIND/NAME/KEY:PATH`."""
    source = word.rpartition("=")[2].partition(":")[0].lstrip("/")
    parts = source.split("/", 2)
    if parts[0] in _DATA_KINDS and len(parts) > 2:  # noqa: PLR2004
        kind, name = parts[0], parts[1]
    else:
        name = parts[0]
    if len(parts) > 1:
        yield from _objects(obj, kind, name)


def _objects(obj: ObjectPath, kind: str, text: str) -> Iterator[ObjectPath]:
    """Read a name, which is of the object's own namespace, or a path."""
    if text.count("/") >= 1:
        yield from _paths(obj, text)
    elif text:
        yield from _made(obj.namespace, kind, text)


def _paths(obj: ObjectPath, text: str) -> Iterator[ObjectPath]:
    """Find `NAMESPACE/KIND/NAME` and `KIND/NAME` in a text, whatever key follows."""
    if "/" not in text:
        return
    for word in _BETWEEN_PATHS.split(text):
        parts = word.partition("@")[0].split("/", 3)
        if len(parts) > 1 and parts[0] in KINDS:
            # The namespace that is left out is the object's own for the Python agent, root for om3.
            for namespace in {obj.namespace, ROOT}:
                yield from _made(namespace, parts[0], parts[1])
        elif len(parts) > 2 and parts[1] in KINDS:  # noqa: PLR2004
            yield from _made(obj.namespace if parts[0] == "." else parts[0], parts[1], parts[2])


def _scaler(obj: ObjectPath) -> Iterator[ObjectPath]:
    """Yield the scaler of a slice: `scal1` of `0.scal1`."""
    match = _SLICE.fullmatch(obj.name)
    if match and obj.kind == "svc":
        yield from _made(obj.namespace, "svc", match[1])


def _made(namespace: str, kind: str, name: str) -> Iterator[ObjectPath]:
    try:
        yield ObjectPath(namespace, kind, name)
    except NamingError:
        return
