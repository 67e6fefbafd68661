"""Tells from a key's name whether its value is a secret: one policy for every syntax."""

from __future__ import annotations

import functools
import re

# Each stem may stand anywhere in a name; what follows from `_TAILS` and `_HEADS` takes it back.
_SECRET_WORDS = frozenset(
    """
    password passwd passwort passw passwords pass passcode passphrase pwd pw pswd secret secrets token
    credential credentials cred creds cookie cookies jwt apikey authkey passkey authtoken accesstoken
    sessionid sessid jsessionid phpsessid sessionkey psk bearer pgpassword xpassword userpass
    userpassword dbpass dbpassword rootpw rootpass bindpw bindpass storepass keypass chap sshpass
    mysqlpwd rediscliauth webhook sastoken otp totp
    """.split()  # noqa: SIM905 (words, not a list literal)
)
_SECRET_STEMS = ("password", "passwd", "passphrase", "secret", "apikey", "apitoken", "authtoken", "pwd")
# `key` alone is a path or a name (`--key=path/to/conf`); after one of these words it is a secret.
_KEY_OWNERS = frozenset(
    """
    api access private secret account shared encryption encrypt decryption signing sign master auth
    license consumer application app session storage symmetric crypt crypto cipher hmac hash jwt deploy
    server client wep wpa preshared psk service subscription sas bot functions instrumentation admin ssh
    rsa host integration write read ingest join enrollment registration activation product recovery
    unseal root
    """.split()  # noqa: SIM905 (words, not a list literal)
)
# What a name ends with when it speaks about a secret instead of being one.
_TAILS = frozenset(
    """
    timeout timeouts path paths file files filename dir directory folder name names id ids backend type
    types length len size sizes count counts policy policies ttl expiry expires expiration expired
    enabled disabled required age min max history algorithm algorithms algo format field fields prompt
    retries bucket buckets limit limits rotation version store engine mount provider providers ref
    reference interval attempts strength changed set url uri endpoint host port lifetime validity error
    errors status state method mode owner group created updated date time at manager handler service
    usage used valid invalid kind class label rotated refresh lookup source location charset index
    number separator hint question column env environment plugin command cmd mechanism storage template
    request response info fingerprint checker validator generator parser budget domain
    """.split()  # noqa: SIM905 (words, not a list literal)
)
# What a name begins with when its value is a choice.
_HEADS = frozenset(
    """
    manage use uses has is enable disable require requires allow show no force check rotate validate
    verify change reset skip need needs ask prompt max min num count total n with without can should
    used prompt_eval completion input output cached
    """.split()  # noqa: SIM905 (words, not a list literal)
)
# What a secret's name ends with though none of its words says so: kubeconfig's client-key-data, Galera's
# wsrep_sst_auth, the password of redis-cli.
_PHRASES = frozenset((("key", "data"), ("sst", "auth"), ("rediscli", "auth")))
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATORS = re.compile(r"[^A-Za-z0-9]+")


@functools.lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Return whether a key, option, variable, header or attribute of that name holds a secret.

    `db_password`, `--client-secret`, `PGPASSWORD`, `X-Auth-Token`, `apiKey` do; `secret_backend_timeout`,
    `key`, `token_url`, `manage_passphrase`, `max_tokens` do not. A scope (`secret@node1`) is ignored.
    """
    name = name.partition("@")[0]
    words = [word.lower() for word in _SEPARATORS.split(_CAMEL.sub(" ", name)) if word]
    while len(words) > 1 and words[-1].isdigit():
        words.pop()
    if tuple(words[-2:]) in _PHRASES:
        return True
    if not words or words[-1] in _TAILS or (len(words) > 1 and words[0] in _HEADS):
        return False
    return any(_speaks_of_secret(words, index) for index in range(len(words)))


def _speaks_of_secret(words: list[str], index: int) -> bool:
    word = words[index].rstrip("0123456789")
    if word in _SECRET_WORDS:
        return True
    if word == "key":
        owner = words[index - 1] if index else ""
        return owner == "private" or (owner in _KEY_OWNERS and index == len(words) - 1)
    if word.endswith("key") and len(word) > len("key"):
        return word[: -len("key")] in _KEY_OWNERS
    if word.endswith(("passwd", "password", "passphrase", "pwd", "token", "secret", "pass", "apikey")):
        return not word.endswith(("bypass", "compass"))
    return word.startswith(_SECRET_STEMS) and word[-1:] != "s"
