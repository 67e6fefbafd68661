"""Rules for secrets that are known by the syntax around them: URLs, headers, logs."""

from __future__ import annotations

from osvc_diag.redaction import values
from osvc_diag.redaction.rule import Anchor, Rule

_MIN_CREDENTIAL = 4  # bytes
_SCHEMES = rb"(?:basic|bearer|token|digest|negotiate|ntlm|apikey|key|splunk|hawk|aws4-hmac-sha256)"
_URL_ANCHORS = (
    Anchor(rb"://[^\s:/\"'<>]{0,256}:[^\s\"'<>]{0,256}@"),
    Anchor(rb":\\\\{0,8}/\\{1,9}/[^\s:/\"'<>]{0,256}:[^\s\"'<>]{0,256}@"),  # in JSON
)
_PLAIN = rb"[^\s:/@\"'<>,;]"
_OSVC_EMPTY = frozenset((b"", b"xxx", b"''", b'""'))


def _keep_prose(value: bytes) -> bool:
    first = value.split(None, 1)[0] if value.strip() else b""
    return (
        values.is_reference(value)
        or len(first) < _MIN_CREDENTIAL
        or values.is_common_word(first.rstrip(b",.;"))
    )


def _keep_port(value: bytes) -> bool:
    return values.is_reference(value) or value.isdigit()


def _keep_osvc_value(value: bytes) -> bool:
    return value.strip() in _OSVC_EMPTY


RULES = (
    Rule(
        id="url",
        purpose="the password in a URL",
        anchors=_URL_ANCHORS,
        pattern=(
            rb":(?://|\\{1,9}/\\{1,9}/)[^\s:/@\"'<>]{0,256}(?P<at>@[^\s:/\"'<>]{0,256})?:(?!\d{1,5}\\{0,9}/|\{[\w.]+\}/)"
            rb"(?P<secret>[^\s/\"'<>]{1,256}|(?(at)(?!)|[^\s\"'<>]{1,256}))@"
        ),
        certain=True,
        masked=(
            "api = https://user:«Pa55word»@array1.example.com",
            "url = http://joe:«urlpw»@{fqdn}:{env.port}/",
            "redis://:«p4ss»@cache:6379/0",
            "amqp://u:«p@ss»@mq/vhost",
            "git clone https://joe:«pa/ss»@git.example.com/x.git",
            "https_proxy=http://joe:«pw»@proxy:3128",
            "postgresql://app:«8080»@db/app",
            "http://u:«@abc9x»@host/p",
            "http://joe@example.com:«x1y2z3»@proxy:3128/",
            '{"url": "https:\\/\\/joe:«x1y2z3»@h\\/x"}',
            '"{\\"url\\": \\"https:\\\\\\/\\\\\\/joe:«x1y2z3»@h\\\\\\/x\\"}"',
        ),
        kept=(
            "http://127.0.0.1:1215/x@y",
            "http://host/path?mail=joe@example.com",
            "ssh://git@example.com/repo",
            "ssh://git@example.com:org/repo@v1",
            "https://joe@example.com:8443/x@y",
            '"http:\\/\\/127.0.0.1:1215\\/x@y"',
            "http://{env.user}:{env.pw}@host/",
            "10.0.0.1:/export at joe@example.com",
        ),
    ),
    Rule(
        id="url-token",
        purpose="a token in the place of a URL's user",
        anchors=_URL_ANCHORS,
        pattern=(
            rb":(?://|\\{1,9}/\\{1,9}/)(?P<secret>[^\s:/@\"'<>]{1,256}(?=:x-oauth-basic@)|[A-Za-z0-9_-]{16,256}(?=:@))"
        ),
        certain=True,
        masked=(
            "git clone https://«0a1b2c»:«x-oauth-basic»@git.example.com/x.git",
            "curl https://«0a1b2c3d4e5f6a7b8c»:@api.example.com/v1",
            '{"url": "https:\\/\\/«0a1b2c»:«x-oauth-basic»@h\\/x"}',
        ),
        kept=("http://joe:@host/", "https://host/x-oauth-basic@x"),
    ),
    Rule(
        id="userinfo",
        purpose="user:password@host without a scheme",
        anchors=(
            Anchor(
                rb"@(?:"
                + rb"|".join(rb"(?<=:%s{%d}@)" % (_PLAIN, size) for size in range(2, 49))
                + rb")[a-z0-9_({]"
            ),
        ),
        pattern=rb"(?:(?i:\bhttps?)://[\w.-]{1,64}/(?=[\w.-]{1,64}:[^\s@]{2,48}@[\w.-]{1,253}(?::\d{1,5})?(?:[/\s\"'<>]|$))"
        rb"|(?<![\w/.:@#-])|(?<=[\s\"'=,(]//)|(?<=^//))(?!(?:mailto|sips?|acct|xmpp|git):)[\w.-]{1,64}:(?P<secret>"
        + _PLAIN
        + rb"{2,48})@(?=[\w({])",
        keep=_keep_port,
        masked=(
            "dsn = app:«x1y2z3»@tcp(db1:3306)/app",
            "curl joe:«x1y2z3»@host.example.com/path",
            "u:«x1y2z3»@_host",
            "https_proxy=http://acme/joe:«pw»@proxy:3128",
            "//joe:«x1y2z3»@h/share",
            "mount //joe:«x1y2z3»@h/share /mnt",
        ),
        kept=(
            "mailto:joe@example.com",
            "http://registry/image:v1@sha256:0a1b2c3d",
            "http://host/a:8080@x",
            "node1:8080@eth0",
            "sc:n | mail to joe@example.com",
            "2026-11-22 20:03:30,461 INFO n:node1 c:main | a@b",
            "git@github.com:org/repo.git",
        ),
    ),
    Rule(
        id="authorization",
        purpose="the credentials of an HTTP authorization header",
        anchors=(Anchor(rb"authorization[\"'\\ \t]{0,8}[:=,]"), Anchor(rb"bearer[ \t]")),
        pattern=(
            rb"(?i:authorization[\"'\\ \t]{0,8}[:=,][\"'\\ \t]{0,8}(?:"
            + _SCHEMES
            + rb"[ \t]{1,64})?|\bbearer[ \t]{1,64})"
            rb"(?P<secret>(?:(?!\s(?:-|http|\())[^\"'\\\r\n])+)"
        ),
        keep=_keep_prose,
        masked=(
            "Authorization: Basic «dXNlcjpwYXNz»",
            "authorization: bearer «0a1b2c3d.x-y_z»",
            'curl -H "Authorization: Bearer «0a1b2c3d»" https://example.com',
            "Proxy-Authorization: Basic «dXNlcjpwYXNz»",
            '{"Authorization": "Token «0a1b2c3d»"}',
            '{\\"authorization\\":\\"Bearer «0a1b2c3d»\\"}',
            "sent bearer «0a1b2c3d4e»",
            "sent bearer       «0a1b2c3d4e»",
            "Authorization: Bearer\t«0a1b2c3d4e»",
            "Authorization:\tBasic «dXNlcjpwYXNz»",
            "Authorization\t: Basic «dXNlcjpwYXNz»",
        ),
        kept=(
            "Authorization: Bearer $TOKEN",
            "the bearer token expired",
            "authorization: denied",
        ),
    ),
    Rule(
        id="cookie",
        purpose="HTTP cookies",
        anchors=(Anchor(rb"cookie[\"'\\ \t]{0,8}:"),),
        pattern=rb"(?i:\b(?:set-)?cookie[\"'\\ \t]{0,8}:[\"'\\ \t]{0,8})(?P<secret>[\w!#$%&*+.^|~-]{1,256}=[^\"'\\\r\n]+)",
        masked=(
            "Cookie: «JSESSIONID=0a1b2c3d; theme=dark»",
            "< Set-Cookie: «sid=0a1b2c3d; Path=/; HttpOnly»",
            "Cookie ': «sid=0a1b2c3d»",
            "Cookie\t:\t«sid=0a1b2c3d»",
            "curl -H 'Cookie: «sid=0a1b2c3d»' https://example.com",
        ),
        kept=("cookie policy: strict", "set-cookie: "),
    ),
    Rule(
        id="crypt",
        purpose="the agent's encrypted values",
        anchors=(Anchor(rb"crypt:[a-z0-9+/=_-]"),),
        pattern=rb"crypt:(?P<secret>[A-Za-z0-9+/=_-]{8,})",
        certain=True,
        masked=(
            "pw = crypt:«eyJjbHVzdGVybmFtZSI6ICJqb2luIn0=»",
            "set data.pw=crypt:«eyJjbHVzdGVybmFtZSI6»",
            "crypt:«=eyJjbHVz»",
        ),
        kept=("disk.crypt: no", "crypt:none"),
    ),
    Rule(
        id="cfg-value",
        purpose="what a user put into a cfg object, as the agent logs it",
        anchors=(Anchor(rb"--value[= ]"),),
        pattern=(
            rb"--value[= ](?P<secret>[^\n]*(?= --key[= ])|"
            rb"(?:(?! \((?:user|daemon|api)[ /])[^\n])*)"
        ),
        keep=_keep_osvc_value,
        masked=(
            "do add --value=«password = cfgpw» --key=path/to/conf (user origin)",
            "do add --value=«<h1>hello</h1>» --key=index.html (user origin)",
            "do change --key=a --value=«b --c=d» (user origin)",
        ),
        kept=("do add --value=xxx --key=password (user origin)", "do keys (user origin)"),
    ),
)
