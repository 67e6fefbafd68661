"""Rules for the short password options of well-known commands."""

from __future__ import annotations

import re

from osvc_diag.redaction import values
from osvc_diag.redaction.rule import Anchor, Rule
from osvc_diag.redaction.rules_keys import ASSIGNED

# Commands whose `-p` is a port, a parent folder or a process.
_OTHER_P = re.compile(
    rb"\b(?:mkdir|cp|ssh|scp|sftp|rsync|install|tar|docker|podman|nc|ncat|nmap|ps|pgrep|lsof|kill|psql|pg_dump|"
    rb"pg_ctl|touch|sort|patch|cpio|unzip|zip|sysctl|netstat|ss|perf|strace|gdb|tcpdump|systemctl|lscpu|swapon|mount|"
    rb"iptables|grep|less|make|python\d?|perl|read|trap|export|declare|echo|printf|fdisk|parted|blkid|kpartx|"
    rb"multipath|iperf3?|redis-cli|memcached|nginx|haproxy|node|npm|su|sudo|time|timeout|watch|chmod|dig|useradd)\b"
)
_MIXED = re.compile(rb"(?=[^\s]{6,})(?=[^\s]*[A-Za-z])(?=[^\s]*[\d!@#$%^&*+?])[^\s/:~.-][^\s/:]*")


def _keep_port(value: bytes) -> bool:
    return values.is_reference(value) or value.startswith(b"-")


def _keep_unless_mixed(value: bytes) -> bool:
    return values.is_reference(value) or _MIXED.fullmatch(value) is None


_SECRET = rb"[\"']?(?P<secret>(?<=\")[^\"\n]{1,512}|(?<=')[^'\n]{1,512}|(?<![\"'])[^\s\"'|;&<>-][^\s\"'|;&<>]{0,511})"

RULES = (
    Rule(
        id="command",
        purpose="the short password option of a command that has one",
        anchors=(
            Anchor(rb"-p(?<=\s-p)[ ]?[^\s-]"),
            Anchor(rb"redis-cli"),
            Anchor(rb"ldap"),
            Anchor(rb"htpasswd[ ]"),
        ),
        pattern=(
            rb"\b(?:(?:mysql\w{0,16}|mariadb[\w-]{0,16}|sshpass|mongo\w{0,16}|7za?|racadm|isql)\b[^|;\n]{0,512}?[ ]-p(?!\w{0,12}[ ]*=)[ ]?"
            rb"|(?:docker|podman|az) login\b[^|;\n]{0,512}?[ ]-p[ ]?"
            rb"|(?:ipmitool|ipmiutil|sqlcmd|bcp|zip|unzip|fence_\w{1,32})\b[^|;\n]{0,512}?[ ]-[pP][ ]?"
            rb"|naviseccli\b[^|;\n]{0,512}?[ ]-password[ ]"
            rb"|ldap(?:search|add|modify|delete|passwd|whoami)\b[^|;\n]{0,512}?[ ]-[wsa][ ]?"
            rb"|redis-cli\b[^|;\n]{0,512}?[ ]-a[ ]?"
            rb"|htpasswd[ ]+-\w*b\w*[ ]+\S{1,256}[ ]+\S{1,128}[ ]+)" + _SECRET
        ),
        keep=_keep_port,
        masked=(
            "mysql -u joe -p«x1y2» app",
            "mysqldump -ujoe -p'«x1 y2»' app",
            "sshpass -p «x1y2» ssh host",
            "ipmitool -H bmc1 -U admin -P «x1y2» power status",
            "redis-cli -h cache -a «x1y2» ping",
            "ldapsearch -x -D cn=admin -w «x1y2» -b dc=example",
            "docker login -u joe -p «x1y2» registry.example.com",
            "htpasswd -b /etc/app/users joe «x1y2»",
        ),
        kept=(
            "mysql -u joe -p -h db1",
            "mysql --port=3306 app",
            "docker run -p 8080:80 image",
            "sshpass -f /etc/app/pw ssh host",
            "mysqld is running",
        ),
    ),
    Rule(
        id="short-option",
        purpose="a word with digits or signs after the option -p of any other command",
        anchors=(Anchor(rb"-p(?<=\s-p)[ ]?[^\s-]"),),
        pattern=rb"(?<=\s)-p[ ]?" + _SECRET,
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
        id="user-password",
        purpose="user:password or user%password after a user option",
        anchors=(Anchor(rb"-u(?:ser)?[= ]?[\"']?[\w.@\\-]{1,64}[:%]"),),
        pattern=rb"(?<=\s)(?i:-u|--user|--proxy-user)[= ]?[\"']?(?!\d{1,10}:\d)[\w.@\\-]{1,64}[:%](?P<secret>[^\s\"']{1,512})",
        keep=_keep_port,
        masked=(
            "curl -u joe:«x1y2» https://example.com",
            "curl --user 'joe:«x1y2»' https://example.com",
            "smbclient -U joe%«x1y2» //nas/share",
        ),
        kept=("curl -u joe https://example.com", "docker run -u 1000:1000 image"),
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
        id="set-password",
        purpose="words after `set password` and the like, and in network device configurations",
        anchors=(
            Anchor(rb"passw(?:or)?d[ ]"),
            Anchor(rb"secret[ ]{1,4}[0-9][ ]"),
            Anchor(rb"setenv[ ]"),
            Anchor(rb"chpasswd"),
        ),
        pattern=(
            rb"(?=[elpsuELPSU])(?i:\b(?:setenv|set|enable|username[ ]+\S{1,64})[ ]+[\w.-]{0,32}(?:password|passwd|secret|token)[ ]+(?:[0-9][ ]+)?"
            rb"|\b(?:password|secret)[ ]+[057][ ]+|\blogin[ ]+\S{1,256}[ ]+password[ ]+|\becho[ ]+(?=[^|\n]{1,256}[|][ ]*(?:passwd|sudo -s|chpasswd)))"
            rb"[\"']?(?P<secret>[^\s\"'|=]{1,512})"
        ),
        keep=lambda value: (
            values.is_reference(value) or value.lower() in (b"to", b"for", b"is", b"for:", b"in", b"on")
        ),
        masked=(
            "setenv DB_PASSWORD «x1y2»",
            "enable secret 5 «$1$mERr$hx5rVt7rPNoS4wqbXKX7m0»",
            "username joe password 7 «094F471A1A0A»",
            "echo «joe:x1y2» | chpasswd",
            "machine host.example.com login joe password «x1y2»",
        ),
        kept=("set password for joe", "set token_timeout 30", "the secret 5 is out"),
    ),
)
