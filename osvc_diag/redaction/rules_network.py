"""Rules for `--mask-network`: addresses and host names, subnets kept apart and equal names equal."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from osvc_diag.redaction.literals import escaped
from osvc_diag.redaction.rule import Anchor, Rule, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_IPV4 = re.compile(rb"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_IPV6 = re.compile(rb"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\.\d{1,3}){0,3}(?![\w:])")
_MAC = rb"(?<![\w:-])(?P<secret>[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5})(?![\w:-])"
_TOP = (
    rb"com|net|org|edu|gov|mil|int|io|dev|app|cloud|tech|info|biz|lan|local|localdomain|corp|intra|internal|home|private|"
    rb"test|example|invalid|fr|de|uk|eu|us|be|ch|nl|it|es|pt|lu|at|pl|se|no|fi|dk|ie|cz|ca|jp|cn|in|br|au|nz|za|ru"
)
_HOST = (
    rb"(?i)(?<![\w.-])(?P<secret>(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}(?:"
    + _TOP
    + rb"))(?![\w-]|\.\w)"
)
_V4 = 4
_SUBNET_V4, _SUBNET_V6 = 24, 64  # bits


def network_rules(hosts: Iterable[bytes]) -> tuple[Rule, ...]:
    """Return the rules that mask addresses, host names, and the given names of nodes."""
    known = sorted({host for host in hosts if host}, key=len, reverse=True)
    rules = (_ADDRESSES4, _ADDRESSES6, _MACS, _HOSTS)
    if not known:
        return rules
    names = b"|".join(map(escaped, known))
    nodes = Rule(
        id="node",
        purpose="names of the cluster's nodes (only with --mask-network)",
        anchors=tuple(Anchor(escaped(name), caseless=False) for name in known),
        pattern=rb"(?<![\w.-])(?P<secret>" + names + rb")(?![\w-])",
        masked=(),
        kept=(),
        keep=_never,
    )
    return (*rules, nodes)


def _subnet(value: bytes) -> bytes:
    address = ipaddress.ip_address(value.decode("ascii"))
    host_bits = address.max_prefixlen - (_SUBNET_V4 if address.version == _V4 else _SUBNET_V6)
    return b"%d/%d" % (int(address) >> host_bits, host_bits)


def _maker(value: bytes) -> bytes:
    return value.lower().replace(b"-", b":")[:8]


def _domain(value: bytes) -> bytes:
    return value.lower().partition(b".")[2]


def _find4(line: bytes) -> Iterator[Span]:
    for match in _IPV4.finditer(line):
        try:
            address = ipaddress.IPv4Address(match[0].decode("ascii"))
        except ValueError:
            continue
        if not (address.is_loopback or address.is_unspecified or match[0].startswith(b"255.")):
            yield Span(*match.span())


def _find6(line: bytes) -> Iterator[Span]:
    for match in _IPV6.finditer(line):
        try:
            address = ipaddress.IPv6Address(match[0].decode("ascii"))
        except ValueError:
            continue
        if not (address.is_loopback or address.is_unspecified):
            yield Span(*match.span())


def _never(_value: bytes) -> bool:
    return False


_ADDRESSES4 = Rule(
    id="ipv4",
    purpose="IPv4 addresses, but for loopback and netmasks (only with --mask-network)",
    anchors=(Anchor(rb"[0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}[.][0-9]"),),
    find=_find4,
    group=_subnet,
    masked=("connect to «10.1.2.3»:1215 from «10.1.2.4»/24",),
    kept=("listen on 127.0.0.1 and 0.0.0.0", "netmask 255.255.255.0", "version 1.2.3.4.5", "999.1.1.1"),
)
_ADDRESSES6 = Rule(
    id="ipv6",
    purpose="IPv6 addresses, but for loopback (only with --mask-network)",
    anchors=(Anchor(rb":[0-9a-f]{0,4}:"),),
    find=_find6,
    group=_subnet,
    masked=("connect to «fe80::1»%eth0 and [«2001:db8::12:3»]:443",),
    kept=("at 20:03:30 today", "::1 is home", "a::b::c"),
)
_MACS = Rule(
    id="mac",
    purpose="MAC addresses (only with --mask-network)",
    anchors=(Anchor(rb"[0-9a-f]{2}[:-][0-9a-f]{2}[:-][0-9a-f]{2}[:-][0-9a-f]{2}[:-]"),),
    pattern=_MAC,
    group=_maker,
    keep=lambda value: not value.strip(b"0:-"),
    masked=("link «52:54:00:a1:b2:c3» up", "link «52-54-00-A1-B2-C3» up"),
    kept=("00:00:00:00:00:00", "at 20:03:30:11:12:13:14"),
)
_HOSTS = Rule(
    id="host",
    purpose="fully qualified host names (only with --mask-network)",
    anchors=(Anchor(rb"[.](?:" + _TOP + rb")"),),
    pattern=_HOST,
    group=_domain,
    keep=_never,
    masked=("connect to «db1.example.com»:5432", "https://«Array1.Example.Com»/api"),
    kept=("node.conf and svc1.log", "opensvc.daemon.main", "the end. In the middle"),
)
