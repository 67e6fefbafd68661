"""Plants random secrets of every kind in random places of a real node's files, and tells what is left of them.

`python tests/redaction/planting.py 100` plants a hundred times; the tests plant a few times each.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import random
import shlex
import string
import sys
import tarfile
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Callable
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from osvc_diag.form import Form
from osvc_diag.redaction import Redactor, SecretSearch, Tokens, learn

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
NAMES = (
    "prod",
    "web",
    "svc1",
    "scal1",
    "node1",
    "node2",
    "lab",
    "data",
    "creds",
    "env",
    "system",
    "bob",
    "rootsec",
)
LETTERS, SIGNS = string.ascii_letters + string.digits, "!@#$%^&*+?~.:/-_=|()[]<>,;'\"\\ `"
TOKENS = Tokens(lambda: b"k" * 32, stable=True)

Files = dict[str, bytes]


@dataclass
class Planted:
    """What was planted, and where."""

    files: Files
    values: list[str] = field(default_factory=list)
    spelled: list[bytes] = field(default_factory=list)
    """Every spelling that was written into a file."""
    touched: dict[str, set[bytes]] = field(default_factory=dict)
    """The lines, without their ends, that hold something planted, by file."""


def read_sample(node: str, layout: str) -> Files:
    """Return the files of a sample node but its private key, the compressed ones inflated."""
    files: Files = {}
    with tarfile.open(os.path.join(DATA, f"{node}.{layout}.tar.gz")) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            if content is None or member.name.endswith("private_key"):
                continue
            data = content.read()
            files[member.name] = gzip.decompress(data) if member.name.endswith(".gz") else data
    return files


def _word(chosen: random.Random, alphabet: str, least: int, most: int) -> str:
    return "".join(chosen.choice(alphabet) for _ in range(chosen.randint(least, most)))


KINDS: dict[str, Callable[[random.Random], str]] = {
    "letters and digits": lambda chosen: _word(chosen, LETTERS, 9, 40),
    "hexadecimal": lambda chosen: f"{chosen.getrandbits(128):032x}",
    "uuid": lambda chosen: str(uuid.UUID(int=chosen.getrandbits(128), version=4)),
    "signs": lambda chosen: "q" + _word(chosen, LETTERS + SIGNS, 10, 24).strip() + "7",
    "passphrase": lambda chosen: " ".join(_word(chosen, string.ascii_lowercase, 5, 8) for _ in range(4)),
    "base64": lambda chosen: base64.b64encode(chosen.getrandbits(256).to_bytes(32, "big")).decode(),
    "not ASCII": lambda chosen: "é" + _word(chosen, LETTERS + "äöüßñ€ø", 9, 16) + "ß",
    "long": lambda chosen: _word(chosen, LETTERS + "+/", 200, 3000),
    "number": lambda chosen: "9" + _word(chosen, string.digits, 14, 20),
    "short": lambda chosen: (
        _word(chosen, string.ascii_lowercase, 2, 2)
        + _word(chosen, string.digits, 2, 2)
        + _word(chosen, "qxzkw", 3, 3)
    ),
}
SECTIONS = ("[env]\n{key} = {value}", "[hb#9]\nsecret = {value}", "[array#x]\npassword={value}", "[env]\n{key}_password\t=\t{value}",
            "[arbitrator#7]\nsecret@node1 = {value}", "[data]\n{key} = literal:{value}", "[labels]\n{key}_token = {value}")  # fmt: skip
SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda value: value,
    lambda value: value,
    json.dumps,
    lambda value: json.dumps(json.dumps({"a": value})),
    lambda value: quote(value, safe=""),
    quote_plus,
    shlex.quote,
    escape,
    repr,
    lambda value: base64.b64encode(value.encode()).decode(),
    lambda value: base64.b64encode(b"u" + value.encode() + b"\n").decode(),
    lambda value: base64.urlsafe_b64encode(b"me:" + value.encode()).decode(),
)


def plant(files: Files, seed: int, count: int = 40) -> Planted:
    """Return the files with secrets in configurations, and each of them again in other files, in any spelling."""
    chosen = random.Random(seed)
    planted = Planted(dict(files))
    confs = sorted(name for name in files if name.endswith(".conf"))
    others = sorted(name for name in files if not name.endswith(".conf"))
    for at in range(count):
        value = KINDS[sorted(KINDS)[at % len(KINDS)]](chosen)
        planted.values.append(value)
        conf = chosen.choice(confs)
        # A number in [env] is harmless by its form, unless its key says otherwise.
        section = chosen.choice(SECTIONS[1:] if value.isdigit() else SECTIONS).format(
            key=f"k{at}", value=value
        )
        planted.files[conf] = planted.files[conf].rstrip(b"\n") + b"\n\n" + section.encode() + b"\n"
        for _ in range(3):
            _write(planted, chosen, chosen.choice(others), value)
    return planted


def _write(planted: Planted, chosen: random.Random, name: str, value: str) -> None:
    spelled = chosen.choice(SPELLINGS)(value).encode()
    before = chosen.choice([b" ", b"=", b": ", b'"', b"got:", b"/", b"(", b"x="])
    text = planted.files[name]
    breaks = [at for at, byte in enumerate(text) if byte in b" \n"][-400:] or [len(text)]
    at = chosen.choice(breaks)
    planted.files[name] = text[:at] + b" " + before + spelled + b" " + text[at:]
    planted.spelled.append(spelled)


def check(planted: Planted, original: Files, engine: str = "re") -> list[str]:
    """Return what is wrong after redaction: secrets that are left, and lines that changed for no reason."""
    chosen = random.Random(len(planted.values))
    secrets = learn(((name, text) for name, text in planted.files.items() if name.endswith(".conf")), NAMES)
    redactor = Redactor(secrets, TOKENS, engine=engine)
    search = SecretSearch(secrets)
    wrong = []
    for name, text in planted.files.items():
        form = Form.CONF if name.endswith(".conf") else Form.JSON if name.endswith(".json") else Form.LOG
        size = chosen.randint(1, max(1, len(text)))
        out = b"".join(
            redactor.redact((text[at : at + size] for at in range(0, len(text), size)), form, Counter())
        )
        wrong += [f"{name}: {value!r} is left" for value in planted.values if value.encode() in out]
        wrong += [
            f"{name}: {spelled!r} is left"
            for spelled in planted.spelled
            if len(spelled) > 6 and spelled in out
        ]
        wrong += [f"{name}: {hit} was found" for hit in search.search([out])]
        before = b"".join(redactor.redact([original[name]], form, Counter()))
        kept = set(out.split(b"\n"))
        lost = [line for line in before.split(b"\n") if line not in kept and line in text.split(b"\n")]
        wrong += [f"{name}: {line!r} was lost" for line in lost]
    return wrong


def main() -> int:
    """Plant as often as asked for, and stop at the first thing that is wrong."""
    rounds = int(sys.argv[1])
    samples = [read_sample(node, layout) for node in ("node1", "node2") for layout in ("fhs", "dev")]
    total = 0
    for seed in range(int(sys.argv[2]) if len(sys.argv) > 2 else 1000, 10**9):
        if rounds <= 0:
            break
        rounds -= 1
        original = samples[seed % len(samples)]
        planted = plant(original, seed)
        total += len(planted.values)
        wrong = check(planted, original, "pcre2" if seed % 2 else "re")
        if wrong:
            io.TextIOWrapper(sys.stdout.buffer, "utf-8", "surrogateescape").write(
                f"seed {seed}:\n" + "\n".join(wrong[:20]) + "\n"
            )
            return 1
    sys.stdout.write(f"{total} secrets planted, none left\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
