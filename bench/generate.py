"""Makes nodes to be measured: logs as an agent writes them, by the gigabyte, and configurations with secrets.

A day of a log is made line by line from the messages of real agents, with session ids, process ids, paths,
tracebacks, and a secret in one line of a thousand. Longer logs are that day again under other dates: a day is
far larger than what gzip remembers, so the ratio of a log does not depend on its length.
"""

from __future__ import annotations

import base64
import gzip
import os
import random
import uuid
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MB = 1_000_000  # bytes
DAY = 32 * MB
ROTATED = 5 * 1024 * 1024  # bytes of text in a `.1.gz`: the agent rotates there
SECRET_SHARE = 0.001  # of the lines
TRACEBACK_SHARE = 0.0005  # of the lines
COMMON_SHARE = 0.75  # of the lines: messages with little that is new in them
LEARNED = 18  # values, in five to six spellings each: about a hundred forms
FIRST_DAY = date(2026, 1, 1)
_DAY_MARK = FIRST_DAY.isoformat().encode()
_NODES = ("node1", "node2")

# What follows the timestamp; {name} is drawn anew for each line, but for the session and what it is about.
_MESSAGES = """\
DEBUG sid:{sid} n:{node} o:{obj} sc:{cron} | session uuid: {sid}
DEBUG sid:{sid} n:{node} | current nofile 20000 already over minimum 4096
DEBUG sid:{sid} n:{node} o:{obj} sc:{cron} | resources after 'disable' filter: {rid}, {rid2}
DEBUG sid:{sid} n:{node} o:{obj} sc:{cron} | resources after tags[] filter: {rid}
DEBUG sid:{sid} n:{node} o:{obj} sc:{cron} | rids added from --rid {rid}: {rid}
DEBUG sid:{sid} n:{node} o:{obj} sc:{cron} | purge all resource status file caches before action start
DEBUG sid:{sid} n:{node} o:{obj} sc:{cron} | acquire service lock (timeout {number}, delay 1, action start, lockfile /var/lib/opensvc/{obj}/lock.generic)
DEBUG sid:{sid} n:{node} o:{obj} r:{rid} sc:{cron} | acquire app lock (timeout 0, delay 1, action status, lockfile /var/lib/opensvc/{obj}/{rid}/lock)
INFO sid:{sid} n:{node} o:{obj} r:{rid} sc:{cron} | /usr/bin/app --config /srv/{name}/{name2}.yaml --port {pid}
INFO sid:{sid} n:{node} o:{obj} r:{rid} sc:{cron} | exec '/bin/sh -c /srv/{name}/bin/{name2}.sh start' as user {name}, pid {pid}
DEBUG sid:{sid} n:{node} o:{obj} r:{rid} sc:{cron} | refresh status: undef => {state}
INFO sid:{sid} n:{node} o:{obj} r:{rid} sc:{cron} | log: {name} {name2} took {time} s, {pid} requests, {number} errors
DEBUG sid:{sid} n:{node} o:{obj} r:{rid} sc:{cron} | release app lock
INFO sid:{sid} n:{node} o:{obj} sc:{cron} | do {action} --local --waitlock={number} ({origin} origin)
WARNING sid:{sid} n:{node} o:{obj} sc:{cron} | ignored option DEFAULT.{name}
INFO sid:{sid} n:{node} | iptables -t nat -A osvc-default -s 10.{octet}.{octet2}.0/24 -j MASQUERADE -m comment --comment name: {name}
ERROR n:{node} c:hb#2.tx | ('10.{octet}.{octet2}.9', {pid}) comm error while connecting: [Errno 111] Connection refused
INFO n:{node} c:monitor | node {node} hb status stale => beating, last seen {time} s ago, gen {pid}
DEBUG n:{node} c:scheduler | {obj} task {rid} next run in {time} s, last {number} ago
INFO n:{node} c:listener | GET /{name}/{name2}?id={uuid} from 10.{octet}.{octet2}.7:{pid} {size} bytes
DEBUG n:{node} o:{obj} c:monitor | instance checksum {hash} => {hash2}
""".splitlines()
_COMMON = 8
_PLACES = (
    '  File "/usr/lib/python3/site-packages/urllib3/connectionpool.py", line {pid}, in urlopen\n    response = self._make_request(',
    '  File "/usr/share/opensvc/opensvc/core/{name}.py", line {pid}, in {name2}\n    self.{name}({name2}, timeout={number})',
    '  File "/usr/share/opensvc/opensvc/utilities/{name2}.py", line {number}, in {name}\n    raise ex.Error("{name} failed")',
)
_WORDS = """
alpha batch cache core data dispatch edge feed front gate graph index journal kernel ledger mailer mesh order
parser payment portal proxy queue relay report router search session shard spool stage store stream sync table
tenant trace vault volume watch worker
""".split()  # noqa: SIM905 - easier to read
_DRIVERS = ("app", "fs", "ip", "disk", "sync", "task")
_CHOICES: dict[str, Sequence[str]] = {
    "name": _WORDS,
    "state": ("up", "down", "warn", "n/a", "stdby up"),
    "action": ("start", "stop", "sync_all", "status", "run", "resource_monitor", "provision"),
    "origin": ("user", "daemon"),
    "node": _NODES,
}
_NUMBERS = {"octet": 256, "number": 90, "pid": 65536, "size": 10**6}


class _Drawn(dict):  # type: ignore[type-arg]
    """Draws what a message asks for."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__()
        self._dice = dice

    def __missing__(self, key: str) -> object:
        dice, kind = self._dice, key.rstrip("2")
        if kind in _CHOICES:
            return dice.choice(_CHOICES[kind])
        if kind in _NUMBERS:
            return dice.randrange(_NUMBERS[kind])
        made = {
            "rid": lambda: f"{dice.choice(_DRIVERS)}#{dice.randrange(12)}",
            "sid": lambda: uuid.UUID(int=dice.getrandbits(128)),
            "uuid": lambda: uuid.UUID(int=dice.getrandbits(128)),
            "hash": lambda: f"{dice.getrandbits(128):032x}",
            "time": lambda: f"{dice.expovariate(0.5):.3f}",
        }
        return made[kind]()


def values() -> list[str]:
    """Return what a node's configurations hold: passwords, keys in base64, random uuids."""
    dice = random.Random(2)
    keys = [base64.b64encode(dice.randbytes(18)).decode() for _ in range(LEARNED // 2)]
    return keys + [f"Pa{dice.randrange(10**6)}sw{dice.choice('xyzKQ')}" for _ in range(LEARNED - len(keys))]


def texts(dice: random.Random) -> Iterator[str]:
    """Yield what stands behind the timestamps of a log, line by line, without an end."""
    learned = values()
    while True:
        drawn = _Drawn(dice)
        session = {
            "sid": drawn["sid"],
            "obj": f"{dice.choice(('prod', 'test'))}/svc/{drawn['name']}{dice.randrange(20)}",
            "node": _NODES[0],
            "cron": dice.choice("yn"),
            "rid": drawn["rid"],
        }
        drawn.update(session)
        for _ in range(dice.randint(4, 24)):
            luck = dice.random()
            if luck < SECRET_SHARE:
                what = dice.choice((f"--password x{dice.random()}", f"said {dice.choice(learned)}"))
                yield "INFO sid:{sid} n:{node} o:{obj} r:{rid} sc:n | app ".format_map(drawn) + what + "\n"
            elif luck < SECRET_SHARE + TRACEBACK_SHARE:
                yield "ERROR n:{node} c:main | unhandled exception\n".format_map(drawn)
                yield "Traceback (most recent call last):\n"
                for _ in range(dice.randint(3, 9)):
                    yield dice.choice(_PLACES).format_map(drawn) + "\n"
                yield "opensvc.core.exceptions.Error: {name} failed: {name2}\n".format_map(drawn)
            else:
                # Most of a log is the same few sentences; those with much that is new are rare.
                message = dice.choice(_MESSAGES[: _COMMON if dice.random() < COMMON_SHARE else None])
                yield message.format_map(drawn) + "\n"


def one_day(size: int, *, seed: int = 1) -> bytes:
    """Return a log of about `size` bytes that fills one day."""
    dice = random.Random(seed)
    lines: list[str] = []
    left = size
    for text in texts(dice):
        lines.append(text)
        left -= len(text) + 24
        if left <= 0:
            break
    step = timedelta(days=1) / (len(lines) + 1)
    begin = datetime.combine(FIRST_DAY, datetime.min.time())
    out: list[str] = []
    for number, line in enumerate(lines):
        if line.startswith((" ", "Traceback", "opensvc.")):
            out.append(line)
            continue
        time = begin + step * number
        out.append(f"{time:%Y-%m-%d %H:%M:%S},{time.microsecond // 1000:03d} {line}")
    return "".join(out).encode()


def write_log(path: str, size: int, *, seed: int = 1) -> None:
    """Write a log of `size` bytes, or a little more: it ends with a whole day."""
    days = max(1, round(size / DAY))
    text = one_day(size // days, seed=seed)
    with open(path, "wb") as log:
        for number in range(days):
            today = (FIRST_DAY + timedelta(days=number)).isoformat().encode()
            log.write(text.replace(_DAY_MARK, today))


def last_hour(size: int) -> str:
    """Return the beginning of the last hour of a log that `write_log` wrote."""
    days = max(1, round(size / DAY))
    return f"{FIRST_DAY + timedelta(days=days - 1)} 23:00:00"


def bare_node(node: str) -> str:
    """Make a node whose configurations hold the secrets, and nothing else."""
    etc = os.path.join(node, "etc/opensvc")
    for folder in (etc, os.path.join(node, "var/log/opensvc"), os.path.join(node, "var/lib/opensvc")):
        os.makedirs(folder)
    _write(
        os.path.join(etc, "cluster.conf"),
        "[cluster]\nname = lab\nnodes = node1 node2\nsecret = 9d1a3d2a0e6b11ef9c0a525400a1b2c3\n",
    )
    _write(os.path.join(etc, "node.conf"), "[node]\nenv = TST\n")
    secrets = "".join(f"pw{number} = {value}\n" for number, value in enumerate(values()))
    _write(
        os.path.join(etc, "svc1.conf"), f"[DEFAULT]\nid = {uuid.UUID(int=7)}\nnodes = *\n\n[env]\n{secrets}"
    )
    _write(os.path.join(node, "etc/hostname"), "node1\n")
    return node


def big_node(node: str, size: int) -> str:
    """Make a node with `size` bytes of logs: node.log has most of them, and each log has a rotated one."""
    logs = os.path.join(bare_node(node), "var/log/opensvc")
    for number, (name, share) in enumerate((("node", 0.75), ("svc1", 0.15), ("node.scheduler", 0.1))):
        path = os.path.join(logs, f"{name}.log")
        write_log(path, int(size * share), seed=number)
        with gzip.open(f"{path}.1.gz", "wb") as rotated:
            rotated.write(one_day(min(ROTATED, size // 100), seed=number + 10))
    return node


def rotated_node(node: str, count: int) -> str:
    """Make a node with a log that was rotated `count` times, 5 MiB of text each."""
    logs = os.path.join(bare_node(node), "var/log/opensvc")
    text = one_day(ROTATED)
    for number in range(1, count + 1):
        today = (FIRST_DAY + timedelta(days=count - number)).isoformat().encode()
        with gzip.open(os.path.join(logs, f"node.log.{number}.gz"), "wb", compresslevel=1) as rotated:
            rotated.write(text.replace(_DAY_MARK, today))
    _write(os.path.join(logs, "node.log"), f"{FIRST_DAY} 00:00:00,000 INFO n:node1 | x\n")
    return node


def long_line_node(node: str, size: int) -> str:
    """Make a node whose log has one line of `size` bytes."""
    path = os.path.join(bare_node(node), "var/log/opensvc/node.log")
    text = one_day(DAY).replace(b"\n", b" ")
    with open(path, "wb") as log:
        left = size - 1
        while left:
            log.write(text[:left])
            left -= min(left, len(text))
        log.write(b"\n")
    return node


def _write(path: str, content: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(content)
