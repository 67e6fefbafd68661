"""Makes a node with many small objects, for the benchmarks: three small files each, 5 KB in all."""

from __future__ import annotations

import json
import os
import random
import sys
from datetime import datetime, timedelta

LOG_LINES = 40  # of an object's log
NAMESPACES = 20
_BEGIN = datetime(2026, 11, 22, 8)  # noqa: DTZ001 - logs have no zone
_TEXTS = (
    "resources after tags[] filter: app#1,fs#1,ip#1",
    "do start app#1",
    "exec '/srv/{name}/bin/launch --config /srv/{name}/etc/app.yml start' by user app",
    "start ok",
    "fs#1: /dev/vg_{name}/data is already mounted on /srv/{name}/data",
    "ip#1: 10.{a}.{b}.17/24 is already up on eth0",
    "instance status updated",
)


def make_objects(node: str, count: int) -> None:
    """Make a node under a root: each object with a conf, a log and a status file, each conf its own secret.

    Args:
        node: the folder of the node; is made.
        count: how many objects.
    """
    dice = random.Random(count)
    for number in range(count):
        name = f"load{number}"
        namespace = number % NAMESPACES
        below = f"svc/{name}" if not namespace else f"namespaces/ns{namespace}/svc/{name}"
        etc = f"{name}.conf" if not namespace else f"{below}.conf"
        log = f"{name}.log" if not namespace else f"{below}.log"
        _write(f"{node}/etc/opensvc/{etc}", _conf(number, dice))
        _write(f"{node}/var/log/opensvc/{log}", _log(name, namespace, dice))
        _write(f"{node}/var/lib/opensvc/{below}/status.json", _status(name, dice))
    _write(f"{node}/etc/opensvc/cluster.conf", _CLUSTER)
    _write(f"{node}/etc/hostname", "node1\n")
    _write(f"{node}/var/log/opensvc/node.log", _log("cluster", 0, dice))


_CLUSTER = """\
[cluster]
id = 3b9a1f6e-6f0e-4c46-9f2b-6c2e1d0a7d11
name = bench
secret = 8f0c8b1c5b9611eb9d2a0242ac130003
nodes = node1 node2
"""


def _conf(number: int, dice: random.Random) -> str:
    password = "".join(dice.choices("abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789_!%", k=16))
    return (
        f"[DEFAULT]\nid = {dice.getrandbits(128):032x}\nnodes = node1 node2\norchestrate = ha\n\n"
        f"[fs#1]\ntype = ext4\ndev = /dev/vg_load{number}/data\nmnt = /srv/load{number}/data\n\n"
        f"[app#1]\nscript = /srv/load{number}/bin/launch\nstart = 10\nuser = app\n\n"
        f"[env]\ndb_host = db{number % 7}\ndb_password = {password}\n"
    )


def _log(name: str, namespace: int, dice: random.Random) -> str:
    time = _BEGIN
    lines = []
    for _ in range(LOG_LINES):
        time += timedelta(milliseconds=dice.randint(1, 90_000))
        text = dice.choice(_TEXTS).format(name=name, a=dice.randint(0, 255), b=dice.randint(0, 255))
        level = "ERROR" if dice.random() < 0.01 else "INFO"
        stamp = f"{time:%Y-%m-%d %H:%M:%S},{time.microsecond // 1000:03d}"
        lines.append(f"{stamp} {level} n:node1 o:ns{namespace}/svc/{name} r:app#1 sc:n | {text}\n")
    return "".join(lines)


def _status(name: str, dice: random.Random) -> str:
    resource = {"status": "up", "label": f"fs /srv/{name}", "log": [], "optional": False, "monitor": False}
    return json.dumps(
        {
            "avail": dice.choice(("up", "up", "up", "down", "warn")),
            "csum": f"{dice.getrandbits(128):032x}",
            "updated": f"2026-11-22T1{dice.randint(0, 9)}:00:00.{dice.randint(0, 999999):06d}Z",
            "resources": dict.fromkeys(("app#1", "fs#1", "ip#1"), resource),
        }
    )


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    make_objects(sys.argv[1], int(sys.argv[2]))
