"""Rules for secrets that are known by their own form or by the syntax around them."""

from __future__ import annotations

from osvc_diag.redaction import values
from osvc_diag.redaction.rule import Anchor, Rule


def _keep_header(value: bytes) -> bool:
    return values.is_reference(value) or values.is_common_word(value) or len(value) < 3


def _keep_osvc_value(value: bytes) -> bool:
    return value.strip() in (b"", b"xxx")


RULES = (
    Rule(
        id="url",
        purpose="the password in a URL",
        anchors=(
            Anchor(rb"://[^\s/@\"'<>]{0,512}@"),
            Anchor(rb"://[^\s:/@\"'<>]{0,256}:[^\s@\"'<>]{1,512}@"),
        ),
        pattern=rb"://[^\s:/@\"'<>]{0,256}:(?!\d{1,5}/|\{[\w.]+\}/)(?P<secret>[^\s/\"'<>]{1,1024}|[^\s\"'<>]{1,1024})@",
        certain=True,
        masked=(
            "api = https://user:«Pa55word»@array1.example.com",
            "url = http://joe:«urlpw»@{fqdn}:{env.port}/",
            "redis://:«p4ss»@cache:6379/0",
            "amqp://u:«p@ss»@mq/vhost",
            "git clone https://joe:«pa/ss»@git.example.com/x.git",
            "https_proxy=http://joe:«pw»@proxy:3128",
        ),
        kept=(
            "http://127.0.0.1:1215/x@y",
            "http://host/path?mail=joe@example.com",
            "ssh://git@example.com/repo",
            "http://{env.user}:{env.pw}@host/",
            "10.0.0.1:/export at joe@example.com",
        ),
    ),
    Rule(
        id="authorization",
        purpose="the credentials of an HTTP authorization header",
        anchors=(Anchor(rb"authorization[\"'\\ ]{0,8}[:=,]"), Anchor(rb"bearer[ ]{1,4}[a-z0-9]")),
        pattern=(
            rb"(?i:authorization[\"'\\ ]{0,8}[:=,][\"'\\ ]{0,8}(?:(?:basic|bearer|token|digest|negotiate|ntlm|apikey|key|aws4-hmac-sha256)[ ]{1,4})?"
            rb"|\bbearer[ ]{1,4})(?P<secret>[^\"'\\\r\n]{1,8192}?)(?=[\"'\\\r\n]|\s+(?:-|http)|$)"
        ),
        keep=_keep_header,
        masked=(
            "Authorization: Basic «dXNlcjpwYXNz»",
            "authorization: bearer «0a1b2c3d.x-y_z»",
            'curl -H "Authorization: Bearer «0a1b2c3d»" https://example.com',
            "Proxy-Authorization: Basic «dXNlcjpwYXNz»",
            '{"Authorization": "Token «0a1b2c3d»"}',
            "sent bearer «0a1b2c3d4e»",
        ),
        kept=(
            "Authorization: Bearer $TOKEN",
            "the bearer token expired",
            "authorization: denied",
        ),
    ),
    Rule(
        id="crypt",
        purpose="the agent's encrypted values",
        anchors=(Anchor(rb"crypt:[a-z0-9+/_-]", caseless=True),),
        pattern=rb"crypt:(?P<secret>[A-Za-z0-9+/=_-]{8,})",
        certain=True,
        masked=("pw = crypt:«eyJjbHVzdGVybmFtZSI6ICJqb2luIn0=»", "set data.pw=crypt:«eyJjbHVzdGVybmFtZSI6»"),
        kept=("disk.crypt: no", "crypt:none"),
    ),
    Rule(
        id="cfg-value",
        purpose="what a user put into a cfg or sec object, as the agent logs it",
        anchors=(Anchor(rb"--value"),),
        pattern=rb"--value(?:=|[ ])(?P<secret>.*(?= --key[= ])|.*?(?=\s+\((?:user|daemon|api)\b[^()]{0,64}\)|$))",
        keep=_keep_osvc_value,
        masked=(
            "do add --value=«password = cfgpw» --key=path/to/conf (user origin)",
            "do add --value=«<h1>hello</h1>» --key=index.html (user origin)",
            "do change --key=a --value=«b --c=d» (user origin)",
        ),
        kept=("do add --value=xxx --key=password (user origin)", "do keys (user origin)"),
    ),
    Rule(
        id="jwt",
        purpose="JSON web tokens, the agent's join tokens among them",
        anchors=(Anchor(rb"eyJ[A-Za-z0-9_-]{8,}[.]", caseless=False),),
        pattern=rb"(?P<secret>eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){0,3})",
        certain=True,
        masked=("token is «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl» ok",),
        kept=("eyJ is how base64 of JSON begins", "eyJhbGciOi.txt"),
    ),
)
