"""Reads all configuration of a node and collects the values that are secrets."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from osvc_diag.objects.conf import ENCODING, ERRORS, ConfEntry, parse_conf, raw_entries, split_name
from osvc_diag.redaction import crypt, values
from osvc_diag.redaction.builtin import builtin_rules
from osvc_diag.redaction.confs import DATA, ENV, KEY, carried, content_start, may_be_secret, verdict
from osvc_diag.redaction.finder import PythonFinder
from osvc_diag.redaction.masker import LineMasker
from osvc_diag.redaction.planning import plan
from osvc_diag.redaction.secrets import Secrets
from osvc_diag.redaction.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CRYPT_RULE = "conf-crypt"
LEARNED_RULES = {
    KEY: "values of secret keys of the node's configuration, wherever they stand",
    ENV: "values of [env] sections, unless they are harmless by their form",
    DATA: "values of the [data] of cfg, sec and usr objects",
    _CRYPT_RULE: "what encrypted values hold, wherever it stands",
}
"""What learned values are called: rule ids and purposes."""
_CLUSTER_CONFS = ("cluster.conf", "node.conf")
_TOGETHER = 256 * 1024  # bytes
_MAX_CONTENT = 1024 * 1024  # bytes of one [data] value in which secrets are looked for
_ENCRYPTED = b"crypt:"
_PRIVATE = b"PRIVATE KEY"


def learn(confs: Iterable[tuple[str, bytes]], names: Iterable[str]) -> Secrets:
    """Learn the secret values of a node.

    Args:
        confs: the label (a path, say) and the text of every configuration of the node, cluster.conf and
            node.conf included.
        names: names of objects, namespaces, nodes and the cluster, which are never searched for.
    """
    secrets = Secrets(name.encode(ENCODING, ERRORS) for name in names)
    texts = [(label.rsplit("/", 1)[-1], text) for label, text in confs]
    keys = _cluster(texts, secrets)
    encrypted = opened = 0
    scanner = _Scanner()
    can_decrypt = crypt.is_available()
    for entry in _suspects((text for _, text in texts), secrets, scanner):
        if entry.value.startswith(crypt.PREFIX):
            encrypted += 1
            plain = crypt.decrypt(entry.value, keys) if can_decrypt else None
            if plain is not None:
                opened += 1
                _learn_content(plain, _CRYPT_RULE, secrets, scanner)
        else:
            _learn_entry(entry, secrets, scanner)
    for joined in _joined(text for _, text in texts):
        scanner.scan(joined, secrets)
    if encrypted > opened:
        secrets.limits.append(_limit(encrypted, opened, can_decrypt=can_decrypt, has_key=bool(keys)))
    return secrets


def _suspects(texts: Iterable[bytes], secrets: Secrets, scanner: _Scanner) -> Iterator[ConfEntry]:
    """Yield the entries whose value may be a secret; in the end the names of sections and keys are known."""
    names: set[tuple[str, bytes]] = set()
    for text in texts:
        has_encrypted = _ENCRYPTED in text
        for raw in raw_entries(text):
            names.add((raw.section, raw.name))
            if has_encrypted or may_be_secret(raw.section, raw.name):
                yield raw.entry()
            elif len(raw.pieces) > 1:
                scanner.scan_lines(text, raw.entry(), secrets)
    for section, name in names:
        secrets.know(part.encode(ENCODING, ERRORS) for part in (section, split_name(section, name)[0]))


def _joined(texts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield texts many at a time, line after line: an engine is asked once for all of them."""
    pieces: list[bytes] = []
    size = 0
    for text in texts:
        pieces.append(text)
        size += len(text)
        if size >= _TOGETHER:
            yield b"\n".join(pieces)
            pieces, size = [], 0
    yield b"\n".join(pieces)


def _cluster(texts: list[tuple[str, bytes]], secrets: Secrets) -> list[bytes]:
    """Find the cluster's secret and nodes: node.conf is merged last; return every secret that may decrypt."""
    keys: list[bytes] = []
    for base in _CLUSTER_CONFS:
        for entry in (entry for name, text in texts if name == base for entry in parse_conf(text)):
            value = entry.value.encode(ENCODING, ERRORS)
            if (entry.section, entry.key) == ("cluster", "nodes"):
                secrets.hosts |= frozenset(value.split())
                secrets.know(value.split())
            elif (entry.section, entry.key) == ("cluster", "name"):
                secrets.know([value])
            elif (entry.section, entry.key) == ("cluster", "secret") and value:
                keys.append(value)
                if not entry.scope:
                    secrets.cluster_secret = value
    return keys


def _learn_entry(entry: ConfEntry, secrets: Secrets, scanner: _Scanner) -> None:
    found = verdict(entry)
    if found is None or not found.learned:
        return
    value = entry.value.encode(ENCODING, ERRORS)[content_start(entry) :]
    if entry.section == "data":
        _learn_content(value, found.rule, secrets, scanner)
        if not entry.value.startswith("literal:"):
            plain = _unbase64(value)
            if plain:
                _learn_content(plain, found.rule, secrets, scanner)
    else:
        _add(value, found.rule, secrets)


def _add(value: bytes, rule: str, secrets: Secrets) -> None:
    secrets.add(value, rule)
    inner = values.within(value)
    if inner:
        secrets.add(inner, rule)


def _learn_content(value: bytes, rule: str, secrets: Secrets, scanner: _Scanner) -> None:
    """Learn the content of a file: whole, when it is one line; else what its lines hold.

    Certificates are public: of a text with PEM blocks only private keys are learned.
    """
    if b"-----BEGIN " in value:
        for block in value.split(b"-----BEGIN ")[1:]:
            if _PRIVATE in block.partition(b"-----")[0]:
                body = block.partition(b"-----")[2].partition(b"-----END")[0]
                secrets.add(body.strip(), rule)
    elif b"\n" not in value.strip() or rule == _CRYPT_RULE:
        _add(value.strip(), rule, secrets)
    if len(value) <= _MAX_CONTENT:
        scanner.scan(value, secrets)


def _unbase64(value: bytes) -> bytes:
    try:
        return base64.b64decode(value.translate(None, b"\n\t "), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _limit(encrypted: int, opened: int, *, can_decrypt: bool, has_key: bool) -> str:
    if not can_decrypt:
        return (
            f"{encrypted} encrypted values could not be learned: the Python library `cryptography` is not "
            "installed. The values themselves are masked; their plain text is not looked for elsewhere."
        )
    why = "this cluster's secret does not open them" if has_key else "no cluster secret was found"
    return f"{encrypted - opened} of {encrypted} encrypted values could not be learned: {why}."


class _Scanner:
    """Learns what the rules find in the lines of a text."""

    def __init__(self) -> None:
        rules = [rule for rule in builtin_rules() if rule.id not in ("crypt", "cfg-value")]
        self._finder = PythonFinder(plan((anchor for rule in rules for anchor in rule.anchors), ()))
        self._masker = LineMasker(Secrets(), Tokens.random(), rules)

    def scan(self, text: bytes, secrets: Secrets) -> None:
        done = 0
        for offset in self._finder.find(text):
            if offset < done:
                continue
            start = text.rfind(b"\n", 0, offset) + 1
            done = text.find(b"\n", offset)
            done = len(text) if done < 0 else done
            line = text[start:done].rstrip(b"\r")
            # What is encrypted is masked by a rule, wherever it stands.
            for found in self._masker.found(line) if _ENCRYPTED not in line else ():
                _add(found.value, found.rule, secrets)

    def scan_lines(self, text: bytes, entry: ConfEntry, secrets: Secrets) -> None:
        """Learn what is a secret in a line of a value for how the line before it ends."""
        for found in carried(text, entry, self._masker):
            _add(text[found.start : found.end], found.rule, secrets)
