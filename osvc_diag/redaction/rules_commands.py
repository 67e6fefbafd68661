"""Rules for passwords in the command lines of well-known commands: after short options, and from a pipe."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from osvc_diag.redaction import values
from osvc_diag.redaction.key_anchors import ASSIGNED
from osvc_diag.redaction.rule import Anchor, Rule, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_MIXED = re.compile(rb"(?=[^\s]{6,})(?=[^\s]*[A-Za-z])(?=[^\s]*[\d!@#$%^&*+?])[^\s/:~.-][^\s/:]*")


def _keep_port(value: bytes) -> bool:
    return values.is_reference(value) or value.startswith(b"-")


def _keep_unless_mixed(value: bytes) -> bool:
    return values.is_reference(value) or _MIXED.fullmatch(value) is None


# A backslash before a quote belongs to the quote.
_SECRET = (
    rb"(?P<secret>(?<=\\\")(?:[^\"\\\n]|\\(?!\")){1,512}|(?<=\\')(?:[^'\\\n]|\\(?!')){1,512}"
    rb"|(?<=(?<!\\)\")(?:[^\"\\\n]|\\.){1,512}|(?<=(?<!\\)')[^'\n]{1,512}"
    rb"|(?<![\"'])(?!\\{1,7}[\"'])[^\s\"'|;&<>-](?:[^\s\"'|;&<>\\]|\\(?![\"'])){0,511})"
)
# The comma of a list, blanks, or nothing. A quote that is glued to an option ends it, where no value follows.
_COMMA = rb"\\{0,7}[\"'][ \t]{0,8},[ \t]{0,8}\\{0,7}[\"']"
_GAP = rb"(?:[ \t]{1,8}(?:\\{0,7}[\"'])?|\\{0,7}[\"'](?![\s,\]})]|$))?"


def _option(names: bytes) -> bytes:
    """Return a pattern for options, a word of a command or of a list, and for what may stand before a value."""
    return rb"(?:(?<=[\"'])-(?:%s)%s|(?<=[\s\"',])-(?:%s)%s)" % (names, _COMMA, names, _GAP)


_DASH_P = Anchor(rb"-p(?<=[\s\"',]-p)[ \t]{0,8}[^\s-]")
_REACH = 512  # bytes after a command's name in which its options are looked for
_USER = (Anchor(rb"-u(?:ser)?[=, \t\"'\\]{0,16}[\w.@+\\-]{0,64}[:%]"),)
_NEXT = re.compile(rb"[|;\n]")


class _Command(NamedTuple):
    """Commands that share a password option."""

    names: bytes
    option: bytes
    every: bool = False
    """Whether each such option is a password; else what follows the first one may be another command's."""


_COMMANDS = (
    _Command(
        rb"mysql\w{0,16}|mariadb[\w-]{0,16}|sshpass|mongo\w{0,16}|7za?|racadm|isql",
        rb"p(?!\w{0,12}[ ]{0,8}=)",
    ),
    _Command(rb"(?:docker|podman|az)[\s\"',\\]{1,12}login", rb"p"),
    # `-p` is a port, a packet's size or a process here.
    _Command(rb"ipmitool|ipmiutil|sqlcmd|bcp|zip|unzip", rb"P", every=True),
    _Command(rb"fence_\w{1,32}", rb"[pP]", every=True),
    _Command(rb"naviseccli", rb"password"),
    _Command(rb"ldap(?:search|add|modify|modrdn|delete|whoami|compare|exop)", rb"w", every=True),
    _Command(rb"ldappasswd", rb"[wsa]", every=True),
    _Command(rb"redis-cli", rb"a"),
)
_NAMES = re.compile(
    rb"\b(?:" + b"|".join(b"(?P<c%d>%s)" % (at, one.names) for at, one in enumerate(_COMMANDS)) + rb")\b"
)
_OPTIONS = {
    f"c{at}": (re.compile(_option(one.option) + _SECRET), one.every) for at, one in enumerate(_COMMANDS)
}
_HTPASSWD = re.compile(
    rb"\bhtpasswd[ ]{1,8}-\w{0,8}b\w{0,8}[ ]{1,8}\S{1,256}[ ]{1,8}\S{1,128}[ ]{1,8}[\"\']?" + _SECRET
)


def _find_commands(line: bytes) -> Iterator[Span]:
    found = {match.start("secret"): match.end("secret") for match in _HTPASSWD.finditer(line)}
    looked: dict[str, int] = {}  # how far, for options of which every one counts
    for command in _NAMES.finditer(line):
        kind = command.lastgroup or ""
        option, every = _OPTIONS[kind]
        at, last = max(command.end(), looked.get(kind, 0)), command.end() + _REACH
        end = _NEXT.search(line, command.end(), last)
        last = end.start() if end else last
        while line.find(b"-", at, last) >= 0 and (match := option.search(line, at, last + 2 * _REACH)):
            if match.start("secret") > last:
                break
            at = match.end()
            if not _keep_port(match["secret"]):
                found.setdefault(match.start("secret"), match.end("secret"))
                if not every:
                    break
        if every:
            looked[kind] = at
    for start, stop in sorted(found.items()):
        yield Span(start, stop)


RULES = (
    Rule(
        id="command",
        purpose="the short password option of a command that has one",
        anchors=(
            _DASH_P,
            Anchor(rb"redis-cli"),
            Anchor(rb"ldap"),
            Anchor(rb"htpasswd[ ]"),
        ),
        find=_find_commands,
        masked=(
            "mysql -u joe -p«x1y2» app",
            "mysqldump -ujoe -p'«x1 y2»' app",
            "sshpass -p «x1y2» ssh host",
            "ipmitool -H bmc1 -U admin -P «x1y2» power status",
            "redis-cli -h cache -a «x1y2» ping",
            "ldapsearch -x -D cn=admin -w «x1y2» -b dc=example",
            "docker login -u joe -p «x1y2» registry.example.com",
            "htpasswd -b /etc/app/users joe «x1y2»",
            "ldapsearch -x -s sub -a always -D cn=a -w «x1y2z3»",
            "ldapwhoami -x -w '«x1 y2»' && ldapadd -w «x1y3» -f a.ldif",
            "ldappasswd -a «o1» -s «n1» -w «x1y2z3» cn=a",
            "ipmitool -I lanplus -p 623 -U a -P «x1y2z3» power status",
            "ipmiutil health -p 623 -P «x1y2z3»",
            "sqlcmd -S db1 -p -U sa -P «x1y2z3»",
            "fence_apc -p «x1y2z3» -n 3 -P «x1y4»",
            "sshpass -p  «x1y2z3» ssh -p 2222 host",
            "sshpass -p\t«x1y2z3» ssh host",
            '["mysql", "-u", "joe", "-p«x1y2z3»", "-h", "db1"]',
            "['sshpass','-p','«x1y2z3»','ssh','-p','2222']",
            '{"cmd": "sshpass -p \\"«x1 y2»\\" ssh host"}',
            '{\\"cmd\\": [\\"sshpass\\", \\"-p\\", \\"«x1y2z3»\\", \\"ssh\\"]}',
        ),
        kept=(
            "mysql -u joe -p -h db1",
            "mysql --port=3306 app",
            "docker run -p 8080:80 image",
            "sshpass -f /etc/app/pw ssh host",
            "mysqld is running",
            "ipmitool -I lanplus -p 623 -H bmc1 power status",
            "ldapsearch -x -s sub -a always -b dc=example cn=joe",
            "sqlcmd -p 1 -S db1 -Q 'select 1'",
            '["mysql", "-p", "-h", "db1"]',
            '{"cmd": "mysql -u joe -p", "rc": 0}',
        ),
    ),
    Rule(
        id="short-option",
        purpose="a word with digits or signs after the option -p of any other command",
        anchors=(_DASH_P,),
        pattern=_option(b"p") + _SECRET,
        keep=_keep_unless_mixed,
        masked=("app -u joe -p «hunter2x» start",),
        kept=(
            "ssh -p 2222 host",
            "mkdir -p /srv/data/x1",
            "docker run -p 8080:80 image",
            "nc -p 10001 -l",
            "cp -p file.txt /tmp",
            "kill -p 1234567",
            "lsof -p 123456",
        ),
    ),
    Rule(
        id="curl",
        purpose="a password without a user in curl's command line",
        anchors=_USER,
        pattern=(
            rb"\bcurl\b[^|;&\n]{0,512}?[\s\"',](?:-u|--(?:proxy-)?user)[=, \t\"'\\]{0,16}:"
            rb"(?P<secret>(?<=':)[^'\n]{1,512}|(?<=\":)(?:[^\"\n\\]|\\(?!\")){1,512}|[^\s\"'\\]{1,512})"
        ),
        keep=_keep_port,
        masked=(
            "curl -u :«x1y2» https://example.com",
            "curl --user=':«x1 y2»' https://example.com",
            "curl -s https://example.com --proxy-user :«x1y2»",
            "['curl', '-u', ':«x1y2»', 'https://example.com']",
            '{"cmd": "curl -u \\":«x1y2»\\" https://example.com"}',
        ),
        kept=(
            "curl -u : --negotiate https://example.com",
            "curl -u :$PASSWORD https://example.com",
            "git add -u :src",
            "docker run -u :1000 image",
        ),
    ),
    Rule(
        id="user-password",
        purpose="user:password or user%password after a user option",
        anchors=_USER,
        pattern=(
            rb"(?:(?<=[\"'])(?i:-u|--user|--proxy-user)%s|(?<=[\s\"',])(?i:-u|--user|--proxy-user)(?:=|[ \t]{1,8})?"
            rb"(?:\\{0,7}(?P<q>[\"']))?)(?!\d{1,10}:\d|\+%%)[\w.@+\\-]{1,64}[:%%]"
            rb"(?P<secret>(?(q)(?:[^\"'\n\\]|\\(?![\"'])){1,512}|(?:[^\s\"'\\]|\\(?![\"'])){1,512}))"
        )
        % _COMMA,
        keep=_keep_port,
        masked=(
            "curl -u joe:«x1y2» https://example.com",
            "curl --user 'joe:«x1y2»' https://example.com",
            "smbclient -U joe%«x1y2» //nas/share",
            "smbclient -U 'ACME\\joe%«x1 y2»' //nas/share",
            "curl -u  joe:«x1y2z3» https://example.com",
            "curl --user\tjoe:«x1y2z3» https://example.com",
            "['curl','-u','joe:«x1y2z3»']",
            '{"cmd": "curl -u \\"joe:«x1y2z3»\\" https://example.com"}',
        ),
        kept=(
            '["docker", "run", "-u", "1000:1000"]',
            "curl -u joe https://example.com",
            "docker run -u 1000:1000 image",
            "docker run -u :1000 image",
            "date -u +%Y-%m-%dT%H:%M",
            "smbclient -U % //nas/share",
            "cmd -u : x",
        ),
    ),
    Rule(
        id="openssl-pass",
        purpose="passwords in OpenSSL's pass: form",
        anchors=(ASSIGNED[b"pass"],),
        pattern=rb"(?<![\w-])pass:(?P<secret>[^\s\"']{1,512})",
        masked=("openssl rsa -passin pass:«x1y2» -in key.pem",),
        kept=("1 pass: all done", "openssl rsa -passin file:/etc/app/pw"),
    ),
    Rule(
        id="echo",
        purpose="what is written to a command that asks for a password",
        anchors=(Anchor(rb"passwd"), Anchor(rb"sudo[ \t]{1,8}-")),
        pattern=(
            rb"(?=[ep])(?:\becho[ \t]{1,8}(?:-[neE]{1,3}[ \t]{1,8})?|\bprintf[ \t]{1,8}(?:[\"']?%s(?:\\{1,4}n)?[\"']?[ \t]{1,8})?)"
            rb"\\{0,7}[\"']?(?P<secret>[^\s|\"'\\][^|\n]{0,255}?)\\{0,7}[\"']?[ \t]{0,8}[|][ \t]{0,8}"
            rb"(?:(?:sudo[ \t]{1,8})?(?:/[\w/.-]{1,64}/)?(?:ch)?passwd\b"
            rb"|sudo[ \t]{1,8}(?:-[\w-]{1,32}[ \t]{1,8}(?:[a-z]\w{0,32}[ \t]{1,8})?){0,3}-\w{0,8}S)"
        ),
        masked=(
            "echo «joe:x1y2» | chpasswd",
            "echo «x1y2z3» | passwd",
            "echo -e '«x1y2z3\\nx1y2z3»' |passwd\tjoe",
            "echo «x1y2z3» | sudo -S ls",
            'echo "«x1 y2z3»" | sudo -u root -kS ls',
            "printf '%s\\n' «x1y2z3» | /usr/sbin/chpasswd",
        ),
        kept=(
            "echo yes | sudo -u joe sort -n",
            "echo $PASSWORD | sudo -S ls",
            "cat /etc/passwd | wc -l",
            "echo done | tee /tmp/passwd",
        ),
    ),
)
