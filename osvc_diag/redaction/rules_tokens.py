"""Rules for keys and tokens that are known by their own looks."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from osvc_diag.redaction.rule import Anchor, Rule, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

# No letter or digit before, so that nothing is cut out of a longer word.
_EDGE = rb"(?<![A-Za-z0-9])"
_PEM_BASE64 = re.compile(rb"LS0tLS1CRUdJTi[A-Za-z0-9+/=_-]{16,}")
_PEM_HEAD = 96  # characters that hold the title of a PEM block


def _exact(*patterns: bytes) -> tuple[Anchor, ...]:
    return tuple(Anchor(pattern, caseless=False) for pattern in patterns)


def _token(*alternatives: bytes) -> bytes:
    return _EDGE + rb"(?P<secret>" + rb"|".join(alternatives) + rb")"


def _find_pem_in_base64(line: bytes) -> Iterator[Span]:
    for match in _PEM_BASE64.finditer(line):
        head = match[0][: min(_PEM_HEAD, len(match[0]) // 4 * 4)]
        try:
            title = base64.b64decode(head.replace(b"-", b"+").replace(b"_", b"/"))
        except binascii.Error:
            title = b"PRIVATE"
        if b"PRIVATE" in title:
            yield Span(*match.span())


RULES = (
    Rule(
        id="private-key",
        purpose="private keys in PEM, OpenSSH or PuTTY form, cut off or on one line",
        anchors=_exact(rb"PRIVATE KEY", rb"b3BlbnNzaC1rZXktdjE", rb"Private-[LM]"),
        pattern=(
            rb"(?:BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{0,5}[\s\\nrt\"',]{0,16}(?P<secret>"
            rb"(?:(?!-----)[A-Za-z0-9+/=_\\\s:,.\"'|-]){16,65536}?)(?=[\s\\nrt\"',]{0,16}(?:-----|$|[^A-Za-z0-9+/=_\\\s:,.\"'|-])))"
        ),
        certain=True,
        masked=(
            "-----BEGIN PRIVATE KEY-----\n«MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj»\n«MzEfYyjiWA4R4ypb»\n-----END PRIVATE KEY-----",
            "-----BEGIN OPENSSH PRIVATE KEY-----\n«b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz»\n-----END OPENSSH PRIVATE KEY-----",
            '{"pem": "-----BEGIN RSA PRIVATE KEY-----\\n«MIIEowIBAAKCAQEAu1SU1LfVLPHCozMxH2Mo\\nMzEfYyjiWA4R4ypb»\\n-----END RSA PRIVATE KEY-----\\n"}',
            "«MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj»\n«MzEfYyjiWA4R4ypb»\n-----END PRIVATE KEY-----\nnext",
            "Private-Lines: 2\n«AAAAgQDx1w3vTqk6Qb5l0o6aBJ1uXf2eQe1mW1l1vJ0nqJ3kq0b8Wm6hQ2sX5v9z»\n«AAAAQQD3»\nPrivate-MAC: 1\nnext",
        ),
        kept=(
            "-----BEGIN CERTIFICATE-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n-----END CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo\n-----END PUBLIC KEY-----",
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7VJTUt9Us8cKj joe@host",
            "write /var/lib/opensvc/certs/private_key",
            "no PRIVATE KEY found",
        ),
    ),
    Rule(
        id="private-key-base64",
        purpose="private keys whose PEM text stands in base64, as in Kubernetes secrets",
        anchors=_exact(rb"LS0tLS1CRUdJTi"),
        find=_find_pem_in_base64,
        certain=True,
        masked=(
            "tls.key: «LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlFb3dJQkFBS0NBUUVB»",
            "«LS0tLS1CRUdJTiBPUEVOU1NIIFBSSVZBVEUgS0VZLS0tLS0KYjNCbGJuTnphQzFyWlhrdGRqRUFBQUFBQkc1dmJtVUFB»",
        ),
        kept=("tls.crt: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSURhekNDQWxPZ0F3SUJBZ0lVWnhR",),
    ),
    Rule(
        id="jwt",
        purpose="JSON web tokens, the agent's join tokens among them",
        anchors=_exact(rb"eyJ[A-Za-z0-9_-]{8,1024}[.]"),
        pattern=rb"(?P<secret>eyJ[A-Za-z0-9_-]{8,1024}\.[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,3})",
        certain=True,
        masked=("token is «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl» ok",),
        kept=("eyJ is how base64 of JSON begins", "eyJhbGciOi.txt"),
    ),
    Rule(
        id="aws",
        purpose="Amazon Web Services access keys",
        anchors=_exact(rb"A(?:KIA|SIA|GPA|IDA|ROA|IPA|NPA|NVA|BIA|CCA)[A-Z0-9]{16}"),
        pattern=_EDGE
        + rb"(?P<secret>A(?:KIA|SIA|GPA|IDA|ROA|IPA|NPA|NVA|BIA|CCA)[A-Z0-9]{16})(?![A-Za-z0-9])",
        certain=True,
        masked=("user «AKIAIOSFODNN7EXAMPLE» denied",),
        kept=("AKIA is a prefix", "XAKIAIOSFODNN7EXAMPLEX"),
    ),
    Rule(
        id="google",
        purpose="Google Cloud API keys, OAuth tokens and client secrets",
        anchors=_exact(rb"AIza[0-9A-Za-z_-]{35}", rb"ya29[.][\w.-]{20}", rb"GOCSPX-[\w-]{20}"),
        pattern=_token(rb"AIza[0-9A-Za-z_-]{35}", rb"ya29\.[\w.-]{20,2048}", rb"GOCSPX-[\w-]{20,64}"),
        certain=True,
        masked=(
            "key=«AIzaSyA1234567890abcdefghijklmnopqrstuv» ok",
            "got «ya29.a0AfH6SMBx1234567890abcdef»",
            "got «ya29.c.b0Aaekm1K1234567890abcdef»",
        ),
        kept=("AIza is a prefix", "ya29.5 percent"),
    ),
    Rule(
        id="azure",
        purpose="Azure shared access signatures and client secrets",
        anchors=_exact(rb"sig=[A-Za-z0-9%/+=_-]{20}", rb"Q~[A-Za-z0-9_~.-]{31}"),
        pattern=(
            rb"(?:(?<=[?&;]sig=)|" + _EDGE + rb"(?=[A-Za-z0-9_~.-]{3}\dQ~))"
            rb"(?P<secret>[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}|(?<=sig=)[A-Za-z0-9%/+=_-]{20,256})"
        ),
        masked=(
            "https://a.blob.core.windows.net/c?sv=2022&sig=«Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4%3D»&se=2026",
            "https://a.example.com/c?sv=2022&sig=«Ab_cdefghi-jklmnopqrstuvwxyz»&se=2026",
            "client «abc8Q~abcdefghijklmnopqrstuvwxyz01234567»",
        ),
        kept=("sig=short", "config=Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"),
    ),
    Rule(
        id="ovh",
        purpose="OVHcloud's consumer keys and signatures in headers",
        anchors=(Anchor(rb"x-ovh-[cs]"),),
        pattern=rb"(?i:x-ovh-(?:consumer|signature)[\"'\\ ]*[:=][\"'\\ ]*)(?P<secret>[^\s\"'\\,]{6,128})",
        masked=(
            "X-Ovh-Consumer: «MtSwSrPpNjqfVSmJhLbPyr2i45lSwPU1»",
            "-H 'X-Ovh-Signature: «$1$dc9eedeb3d6d»'",
        ),
        kept=("X-Ovh-Timestamp: 1366560945", "X-Ovh-Consumer:"),
    ),
    Rule(
        id="scaleway",
        purpose="Scaleway access keys",
        anchors=_exact(rb"SCW[A-Z0-9]{17}"),
        pattern=_EDGE + rb"(?P<secret>SCW[A-Z0-9]{17})(?![A-Za-z0-9])",
        certain=True,
        masked=("key «SCWABCDEFGHIJKLMNOPQ» revoked",),
        kept=("SCW is a prefix",),
    ),
    Rule(
        id="git-token",
        purpose="tokens of GitHub, GitLab, Bitbucket and Atlassian",
        anchors=_exact(
            rb"_(?<=gh[pousr]_)[A-Za-z0-9]{30}",
            rb"github_pat_[A-Za-z0-9_]{22}",
            rb"gl[a-z]{2,6}-[A-Za-z0-9_.-]{20}",
            rb"ATATT3[A-Za-z0-9_=-]{50}",
            rb"ATBB[A-Za-z0-9]{24}",
        ),
        pattern=_token(
            rb"gh[pousr]_[A-Za-z0-9]{30,255}",
            rb"github_pat_[A-Za-z0-9_]{22,255}",
            rb"gl(?:pat|dt|rt|rtr|ptt|cbt|ft|soat|oas|ffct|imt|agent)-[A-Za-z0-9_.-]{20,255}",
            rb"ATATT3[A-Za-z0-9_=-]{50,512}",
            rb"ATBB[A-Za-z0-9]{24,64}",
        ),
        certain=True,
        masked=(
            "clone with «ghp_abcdefghijklmnopqrstuvwxyz0123456789»",
            "«github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz»",
            "CI «glpat-abcdefghij0123456789»",
            "CI «glpat-abcdefghij.0123456789»",
            "OAuth «gloas-abcdefghij0123456789»",
        ),
        kept=(
            "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
            "ghp_short",
            "glue-code-that-is-long-enough-for-it",
            "globex-prod-01.storage.lab.example.com",
        ),
    ),
    Rule(
        id="service-token",
        purpose="tokens of package registries, payment, mail, chat and AI services, and of Vault",
        anchors=_exact(
            rb"npm_[A-Za-z0-9]{36}",
            rb"hf_[A-Za-z]{30}",
            rb"_(?<=do[opr]_v1_)[a-f0-9]{60}",
            rb"_(?<=[sr]k_(?:live|test)_)[A-Za-z0-9]{16}",
            rb"whsec_[A-Za-z0-9+/=]{24}",
            rb"dckr_pat_[A-Za-z0-9_-]{20}",
            rb"_(?<=shp[a-z]{2}_)[a-f0-9]{32}",
            rb"glsa_[A-Za-z0-9]{32}",
            rb"AgEI[A-Za-z0-9_-]{50}",
            rb"SG[.][A-Za-z0-9_-]{16,32}[.][A-Za-z0-9_-]{16}",
            rb"sk-(?<![A-Za-z0-9]sk-)[A-Za-z0-9_-]{20}",
            rb"xox[abeoprs]-[A-Za-z0-9-]{10}",
            rb"xapp-[0-9]-[A-Za-z0-9-]{10}",
            rb"hv[sbr][.][A-Za-z0-9_-]{20}",
            rb"AGE-SECRET-KEY-1[A-Z0-9]{40}",
            rb":AA[A-Za-z0-9_-]{33}",
            rb"SK[0-9a-f]{32}",
            rb"NRAK-[A-Z0-9]{27}",
            rb"PMAK-[a-f0-9]{24}",
        ),
        pattern=_token(
            rb"npm_[A-Za-z0-9]{36}",
            rb"hf_[A-Za-z]{30,64}",
            rb"do[opr]_v1_[a-f0-9]{64}",
            rb"[sr]k_(?:live|test)_[A-Za-z0-9]{16,255}",
            rb"whsec_[A-Za-z0-9+/=]{24,128}",
            rb"dckr_pat_[A-Za-z0-9_-]{20,64}",
            rb"shp[a-z]{2}_[a-f0-9]{32}",
            rb"glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}",
            rb"pypi-AgEI[A-Za-z0-9_-]{50,512}",
            rb"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}",
            rb"sk-[A-Za-z0-9_-]{20,255}",
            rb"xox[abeoprs]-[A-Za-z0-9-]{10,255}",
            rb"xapp-\d-[A-Za-z0-9-]{10,255}",
            rb"hv[sbr]\.[A-Za-z0-9_-]{20,255}",
            rb"AGE-SECRET-KEY-1[A-Z0-9]{40,80}",
            rb"\d{6,12}:AA[A-Za-z0-9_-]{33,40}",
            rb"SK[0-9a-f]{32}",
            rb"NRAK-[A-Z0-9]{27}",
            rb"PMAK-[a-f0-9]{24}-[a-f0-9]{34}",
        ),
        certain=True,
        masked=(
            "npm «npm_abcdefghijklmnopqrstuvwxyz0123456789»",
            "slack «xoxb-123456789012-abcdefghijkl»",
            "pay «sk_live_abcdefghij0123456789»",
            "mail «SG.abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG»",
            "ai «sk-proj-abcdefghij0123456789»",
            "vault «hvs.CAESIJabcdefghij0123456789»",
            "bot «123456789:AAabcdefghijklmnopqrstuvwxyz01234567»",
        ),
        kept=(
            "container 4f1b6a7e2c9d disk-0123456789abcdefghij0123",
            "task-0b1f7a52-6d0a-4c5e-9f58-2d9b6c7d8e11",
            "SKIPPED 12 of 13",
            "sk-short",
        ),
    ),
    Rule(
        id="webhook",
        purpose="webhook addresses, whose path is the secret",
        anchors=(Anchor(rb"hooks?[./]"),),
        pattern=(
            rb"(?i:hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/"
            rb"|\.webhook\.office\.com/webhookb2/|/hooks/incoming/|hooks\.zapier\.com/hooks/catch/)"
            rb"(?P<secret>[A-Za-z0-9_@/.-]{8,512})"
        ),
        certain=True,
        masked=(
            "post https://hooks.slack.com/services/«T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX»",
            "https://discord.com/api/webhooks/«123456789012345678/abcdefghij»",
        ),
        kept=("/usr/share/opensvc/hooks/pre_start", "webhook.service started"),
    ),
    Rule(
        id="docker-auth",
        purpose="registry credentials in container tools' auth files",
        anchors=(Anchor(rb'"auth\\{0,8}"[ ]{0,8}:'),),
        pattern=rb"\"auth\\{0,8}\"[ ]{0,8}:[ ]{0,8}\\{0,8}\"(?P<secret>[A-Za-z0-9+/=]{8,4096})",
        masked=(
            '{"auths": {"registry.example.com": {"auth": "«am9lOngxeTI=»"}}}',
            '"{\\"auths\\": {\\"registry.example.com\\": {\\"auth\\": \\"«am9lOngxeTI=»\\"}}}"',
            '\\\\\\"auth\\\\\\":\\\\\\"«am9lOngxeTI=»\\\\\\"',
        ),
        kept=('{"auth": "uxsock"}', '{"auth": ""}'),
    ),
    Rule(
        id="password-hash",
        purpose="password hashes as in /etc/shadow, htpasswd files and LDAP",
        anchors=(
            Anchor(
                rb"\$(?:[1-9]|2[abxy]|y|gy|md5|sha1|apr1|p|h|argon2[a-z]{0,2}|scrypt|pbkdf2[a-z0-9-]{0,16}|bcrypt-sha256)\$"
            ),
            Anchor(
                rb"\{(?:s?sha[0-9]{0,3}|s?md5|crypt|pbkdf2[a-z0-9-]{0,16}|argon2|scram-sha-[0-9]{1,3})\}[a-z0-9+/=.$,-]"
            ),
        ),
        pattern=(
            rb"(?i:(?P<secret>\$(?:[1-9]|2[abxy]|y|gy|md5|sha1|apr1|p|h|argon2[a-z]{0,2}|scrypt|pbkdf2[a-z0-9-]{0,16}"
            rb"|bcrypt-sha256)\$[A-Za-z0-9./$=,+_-]{8,1024}"
            rb"|\{(?:s?sha[0-9]{0,3}|s?md5|crypt|pbkdf2[a-z0-9-]{0,16}|argon2|scram-sha-[0-9]{1,3})\}[A-Za-z0-9+/=.$,-]{12,1024}))"
        ),
        certain=True,
        masked=(
            "root:«$6$rounds=5000$saltsalt$hJ9Q0a1b2c3d4e5f6g7h8»:19000:0:99999:7:::",
            "joe:«$2y$10$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234»",
            "hash «{CRYPT}.uXy2abcdefgh» of joe",
            "hash «{SSHA}0a1b2c3d4e5f6g7h8i9j0a1b2c3d4e5f» of joe",
        ),
        kept=(
            "cost $5 or $6 today",
            "awk '{print $1}' f",
            "{sha} of it",
            "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        ),
    ),
)
