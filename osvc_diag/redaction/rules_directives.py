"""Rules for configurations that name a password and its value as words, without a sign between them."""

from __future__ import annotations

from osvc_diag.redaction import values
from osvc_diag.redaction.rule import Anchor, Rule

# Words after a password's name in a sentence about it.
_PROSE = frozenset(
    b"to for is in on of from with by at and or as was were has had not key keys name names option options file "
    b"must may can cannot should will authentication value values timeout does".split()
)


def _keep_word_of_sentence(value: bytes) -> bool:
    return values.is_reference(value) or value.lower().rstrip(b":,.") in _PROSE


# Those of Redis, keepalived, kickstart files and LDAP clients.
_DIRECTIVES = (rb"requirepass", rb"masterauth", rb"auth_pass", rb"rootpw", rb"bindpw")

RULES = (
    Rule(
        id="set-password",
        purpose="words after `set password` and the like, and in network device configurations",
        anchors=(
            Anchor(rb"passw(?:or)?d[ \t]"),
            Anchor(rb"secret[ \t]"),
            Anchor(rb"token[ \t]"),
        ),
        pattern=(
            rb"(?=[elpsuELPSU])(?i:\b(?:setenv|set|enable|username[ \t]{1,16}\S{1,64})[ \t]{1,16}[\w.-]{0,64}"
            rb"(?:password|passwd|secret|token)[ \t]{1,16}(?:[0-9][ \t]{1,16})?"
            rb"|\b(?:password|secret)[ \t]{1,16}[057][ \t]{1,16}"
            rb"|\blogin[ \t]{1,16}\S{1,256}[ \t]{1,16}password[ \t]{1,16})"
            rb"[\"']?(?P<secret>[^\s\"'|=]{1,512})"
        ),
        keep=_keep_word_of_sentence,
        masked=(
            "setenv DB_PASSWORD «x1y2»",
            "enable secret 5 «$1$mERr$hx5rVt7rPNoS4wqbXKX7m0»",
            "username joe password 7 «094F471A1A0A»",
            "set api_token «x1y2z3»",
            "enable secret «x1y2z3»",
            "enable secret      5 «x1y2z3»",
            "username joe token 7 «x1y2z3»",
            "machine host.example.com login joe password «x1y2»",
        ),
        kept=(
            "set password for joe",
            "set token_timeout 30",
            "the secret 5 is out",
            "failed to set secret key",
            "could not enable token authentication",
            "username joe logs in",
        ),
    ),
    Rule(
        id="directive",
        purpose="the word after a password's name in a configuration without signs of equality",
        anchors=tuple(Anchor(name + rb"[ \t]{1,64}[^\s:=]") for name in _DIRECTIVES),
        pattern=(
            rb"(?i:\b(?:"
            + b"|".join(_DIRECTIVES)
            + rb"))[ \t]{1,64}(?:--iscrypted[ \t]{1,8}|--plaintext[ \t]{1,8})?(?:[\"'](?P<quoted>)|(?![\"'=:]))"
            rb"(?P<secret>(?(quoted)[^\"'\n]{1,512}|[^\s\"'|;]{1,512}))"
        ),
        keep=_keep_word_of_sentence,
        masked=(
            "requirepass «x1y2z3»",
            "redis-cli config set requirepass «x1y2z3»",
            "masterauth '«x1 y2z3»'",
            "        auth_pass «x1y2z3»",
            "rootpw --iscrypted «x1y2z3»",
            "bindpw\t«x1y2z3»",
        ),
        kept=("requirepass is not set", "# bindpw option", "rootpw {env.pw}", "auth_pass must be set"),
    ),
)
