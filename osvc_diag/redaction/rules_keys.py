"""Rules for secrets that stand beside a telling name: keys, options, headers, elements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from osvc_diag.redaction import values
from osvc_diag.redaction.assignments import find_assignments, find_options
from osvc_diag.redaction.key_anchors import ASSIGNED, ELEMENT, OPTIONS
from osvc_diag.redaction.names import is_secret_name
from osvc_diag.redaction.pairs import find_pairs
from osvc_diag.redaction.rule import Anchor, Rule, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_XML_ELEMENT = re.compile(rb"<(?P<name>[\w:.-]{2,64})(?:\s[^<>]{0,512})?>(?P<secret>[^<>]+)</")
_XML_CDATA = re.compile(
    rb"<(?P<name>[\w:.-]{2,64})(?:\s[^<>]{0,512})?>\s{0,64}<!\[CDATA\[(?P<secret>(?:(?!\]\]>)[^\n])+)"
)
_XML_PAIR = re.compile(
    rb"(?:name|key|id)\s{0,4}=\s{0,4}\\?[\"'](?P<name>[^\"'<>=]{2,128})[\"'\\]{1,2}\s{1,16}value\s{0,4}=\s{0,4}\\?(?P<q>[\"'])(?P<secret>[^\"'\\]*)"
)


def _named(pattern: re.Pattern[bytes], line: bytes) -> Iterator[Span]:
    for match in pattern.finditer(line):
        name = re.split(rb"[:.]", match["name"])[-1].decode("ascii", "replace")
        if is_secret_name(name) and not values.is_reference(match["secret"]):
            yield Span(*match.span("secret"))


def _find_elements(line: bytes) -> Iterator[Span]:
    yield from _named(_XML_ELEMENT, line)
    yield from _named(_XML_CDATA, line)
    yield from _named(_XML_PAIR, line)


RULES = (
    Rule(
        id="assignment",
        purpose="the value of a key, variable or field whose name says that it is a secret",
        anchors=tuple(ASSIGNED.values()),
        find=find_assignments,
        masked=(
            "PGPASSWORD=«$(echo x1y2z3)» psql",
            "PGPASSWORD=«${PW:-x1 y2z3}» psql",
            "password=«hunter2x»",
            "secret = «two words»",
            "\tsecret\t=\t«x»",
            "secret@node1 = «abc»",
            'db_password: "«pa ss\\"x»"',
            '{"user": "joe", "password": "«p@ss»", "port": 1}',
            '{"api_key":"«k1»","pin":1}',
            '"password": «12345», "x": 1',
            "2026-11-22 20:03:30,461 INFO n:node1 o:svc1 r:app#1 sc:n | | pre line2 token=«abc123»",
            "pre_start: /bin/echo -e 'pre line1\\npre line2 token=«abc123»'",
            "environment = API_TOKEN=«tok-123» PGPASSWORD=«pgsecret»",
            "docker run -e DB_PASSWORD=«s3cr3t» -p 8080:80 image",
            "mount -t cifs -o username=joe,password=«a1b2»,vers=3.0 //nas/share /mnt",
            "Server=db1;Database=app;User Id=sa;Password=«S3cr;t»;Encrypt=true",
            "jdbc:mysql://db1:3306/app?user=joe&password=«x1y2»&useSSL=true",
            "host=db1 user=joe password=«x1y2» dbname=app",
            "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=«bGV0bWVpbg==»;EndpointSuffix=core.windows.net",
            'msg={\\"password\\": \\"«x1y2»\\", \\"id\\": 1}',
            "config['password'] = '«x1y2»'",
            "AWS_SECRET_ACCESS_KEY=«wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»",
            "node.session.auth.password = «chapsecret12»",
            "    client-secret: «abc def»",
            "X-Auth-Token: «0a1b2c3d»",
            "do set --kw=hb#2.secret=«12312»",
            "PASSWORD=«'it'\\''s'»",
            "OVH_CONSUMER_KEY=«0a1b2c»",
            "SCW_SECRET_KEY=«11111111-2222-3333-4444-555555555555»",
            "register with token: «k3y9zz», then retry",
            '{"passwords": ["«one1»", "«two2»"], "port": 1}',
            '{"credentials": {"user": "«joe»", "pin": «1234»}, "port": 1}',
            "password:\n  - «one1»\nport: 1",
            "password: |\n  «one1 two2»\nport: 1",
            '"passwords": [\n  "«one1»",\n  "«two2»"\n],\n"port": 1',
            "secret = «one1»\n\t«two2»\nport = 1",
            "# password               = «x1y2z3»",
            "password          = «x1y2z3»",
            '{"password"          :"«x1y2z3»"}',
            '{"password":                "«x1y2z3»"}',
            "environment = OTP=«x1y2z3»",
            "mnt_opt = rw,otp=«x1y2z3»",
            '"chap":{"user":"«joe»","pin":"«x1y2z3»"}',
            '{"bearer":"«x1y2z3»"}',
            "PASSWORD" + "_FOR_LONG" * 12 + "=«x1y2z3»",
            "export REDISCLI_AUTH=«x1y2z3»",
            "start = ${PW:-«x1y2»} on",
            "start = ${PW:+«x1y2»} ${DB_PASSWORD:?«x1y2»} on",
            "wsrep_sst_auth=«joe:x1y2z3»",
        ),
        kept=(
            "secret_backend_timeout = 30",
            "password = system/sec/b1",
            "secret = ./sec/b1",
            "db_password = {env.pw}",
            "PGPASSWORD=$PGPASSWORD psql",
            "start = ${PW:-$OTHER}",
            "run ${DB_PASSWORD:?is not set} ${DB_PASSWORD:+$OTHER}",
            "url: http://{fqdn}/${PASSWORD:?}/${TOKEN:-${OTHER}}",
            "export PGPASSWORD=$(cat /run/pw) LANG=C",
            "key = /root/.ssh/id_rsa_brocade",
            "key_id = df80ae3a-f0d5-11ee-94c9-b7c8d2f57c4f",
            "secret key 'password' added (186)",
            "secret keys 'private_key,certificate,certificate_signing_request' added",
            "ignored option DEFAULT.password",
            "do add --value=xxx --key=path/to/conf (user origin)",
            "token bucket: 5 left",
            "max_tokens=4096",
            "password_file=/etc/app/pw",
            "token_url: https://sso.example.com/oauth/token",
            "bad password: authentication failed",
            "manage_passphrase = true",
            '{"password": null, "token": ""}',
            "if token == expected:",
            "password=",
            "password: ********",
            "sync.secret: none",
            "bypass = eth0",
            "Token::parse failed",
            "secrets: 3",
            "chapter: 3",
            "sst_author = joe",
            "node.session.auth.authmethod = CHAP",
        ),
    ),
    Rule(
        id="member",
        purpose="the value beside a member that names it, as in Kubernetes' env lists",
        anchors=tuple(ASSIGNED.values()),
        find=find_pairs,
        masked=(
            '{"name": "DB_PASSWORD", "value": "«x1y2»"}',
            '{"value": "«x1y2»", "name": "DB_PASSWORD"}',
            '[{"name":"A","value":"b"},{"name":"API_TOKEN","value":"«x1y2»"},{"name":"C","value":"d"}]',
            '[{"value":"b","name":"A"},{"value":"«x1y2»","name":"API_TOKEN"},{"value":"d","name":"C"}]',
            '{"keyword": "env.db_password", "evaluated": true, "value": "«x \\"1»"}',
            '{"meta":{"keyword":"db_password@node1","node":"n1"},"data":{"value":"«x1»"}}',
            '{"data":{"value":"«x1»"},"kind":"K","meta":{"keyword":"db_password"}}',
            "[{'name': 'DB_PASSWORD', 'value': '«x1»'}]",
            "{'name': 'credentials', 'value': [{'name': 'DB_PASSWORD', 'value': '«x1»'}]}",
            '{"value": ["«x1»", "«x2»"], "name": "PASSWORDS"}',
            'env={\\"name\\": \\"DB_PASSWORD\\", \\"value\\": \\"«x1»\\"}',
            '{"Key": "DbPassword", "Value": "«x1»"}',
            '{"name": "DB_PASSWORDS", "value": ["«x1»", "«x2»"]}',
            '{"name": "app.token.copy", "value": "«x1»"}',
            '{"name": "token.y", "value": "«x1»"}',
            '{"name": "cookie.py-", "value": "«x1»"}',
            '  "name": "DB_PASSWORD",\n  "value": "«x1y2»"\n},\n"value": "b"',
            '  "key": "db_password",\n  "origin": "a",\n  "value": [\n    "«x1y2»"\n  ],\n"value": "b"',
            '"meta": {\n "keyword": "db_password",\n "node": "n1"\n},\n"data": {\n "value": "«x1»"\n}',
        ),
        kept=(
            '{"name": "DB_USER", "value": "joe"}',
            '{"name": "DB_PASSWORD"}, {"value": "b"}',
            '{"value": "b"}, {"name": "DB_PASSWORD"}',
            '{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "pw"}}}',
            '{"name": "DB_PASSWORD", "value": "$(PW)"}',
            '{"value": {"name": "DB_PASSWORD", "origin": "a"}}',
            '{"value": {"origin": "a", "name": "DB_PASSWORD"}}',
            '{"name": "token_requests", "value": 12}',
            '{"name": "password_file", "value": "/etc/app/pw"}',
            '[{\n "name": "DB_PASSWORD"\n},\n{\n "name": "B",\n "value": "b"\n}]',
            '{\n "name": "DB_PASSWORD",\n "type": "x"\n},\n{\n "value": "b"\n}',
        ),
    ),
    Rule(
        id="option",
        purpose="the word after a command's password, token or secret option",
        anchors=OPTIONS,
        find=find_options,
        masked=(
            "mysql --user joe --password «x1y2» db",
            "app --token '«a b»' --verbose",
            "vault login --token «hunter2»",
            "keytool -storepass «changeit1» -alias web",
            '["app", "--password", "«x1y2»", "-v"]',
            "om daemon join --secret «0a1b2c» --node node1",
            "om cluster join --token «0a1b2c» --node node1",
            "consul -token «x1y2z3»",
            "app\t-secret «x1y2z3» -v",
            "app -api-key '«x1y2z3»' -v",
            "plink -ssh -pw «x1y2z3» joe@host",
            "['app', '-password', '«x1y2z3»']",
            '["app","-pw","«x1y2z3»"]',
            "app --sessionid «x1y2z3» --webhook «x1y2z3» -totp «x1y2z3»",
            "aws -access_key «x1y2z3» -client_secret '«x1y2»' -v",
            "app --" + 42 * "a" + "-password «x1y2z3»",
        ),
        kept=(
            "app --password-file /etc/app/pw",
            "app --no-password --user joe",
            "see --password to set one",
            "ssh --key-type rsa host",
            "app --password {env.pw}",
            "a non-key column of a-b-token kind",
            "openssl req -newkey rsa:4096 -key ca.key -keyout out",
            "ftp -passive host",
            "a -public_key k.pub",
        ),
    ),
    Rule(
        id="phrase",
        purpose="the password that a French sentence ends with",
        anchors=(Anchor(rb"mot de passe"),),
        pattern=(
            rb"(?i:\bmot de passe)(?:[ ]{1,4}[^\s:=\"']{1,24}){0,4}[ \xa0]{0,4}[:=][ \xa0]{0,4}[\"']?"
            rb"(?P<secret>[^\s\"']+)"
        ),
        masked=(
            "mot de passe: «hunter2x»",
            "Mot de passe refus\u00e9 : «hunter2x» (3 essais)",
            "le mot de passe de la base = '«hunter2x»'",
        ),
        kept=(
            "mot de passe incorrect pour joe",
            "mot de passe: $PASSWORD",
        ),
    ),
    Rule(
        id="element",
        purpose="XML elements and name/value attributes whose name says that they hold a secret",
        anchors=(ELEMENT, Anchor(rb"value\s{0,4}=\s{0,4}[\"'\\]")),
        find=_find_elements,
        masked=(
            "<password>«x1y2»</password>",
            '<db:password enc="no">«x1y2»</db:password>',
            '<property name="db.password" value="«x1y2»"/>',
            '<add key="ApiKey" value="«x1y2»" />',
            "<sessionid>«x1y2z3»</sessionid>",
            "<webhook>«x1y2z3»</webhook><chap>«x1y2z3»</chap>",
            "<password>«x1y2z3»</ password>",
            "<password>«x1y2z3»</",
            "<" + 45 * "a" + "Password>«x1y2z3»</" + 45 * "a" + "Password>",
            "<password><![CDATA[«x1<y2>z3»]]></password>",
            '<db:password enc="no"> <![CDATA[«x1»',
            "<password>\n  «x1y2»\n</password>\n<port>1</port>",
            "<password><![CDATA[\n«x1<y2»\n]]></password>\nport",
            '<add key="ApiKey" value\t=\t"«x1y2z3»" />',
        ),
        kept=(
            "<passwordPolicy>strict</passwordPolicy>",
            '<property name="db.user" value="joe"/>',
            "<token_timeout>30</token_timeout>",
            "<note><![CDATA[password]]></note>",
            "<passwords>\n  <user>joe</user>\n</passwords>\n<port>1</port>",
            "<token>\n</token>\nnext",
            "app <token>\nnext",
        ),
    ),
)
