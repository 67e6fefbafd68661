"""What is learned from the configuration of a whole node, and what is told where something could not be."""

from __future__ import annotations

import base64
import json
import os
import zlib
from typing import TYPE_CHECKING, Callable

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from redaction_tools import TOKENS, redacted

from osvc_diag.form import Form
from osvc_diag.redaction import Redactor, Secrets, SecretSearch, crypt, learn

if TYPE_CHECKING:
    from collections.abc import Iterable

CLUSTER_SECRET = "9d1a3d2a0e6b11ef9c0a525400a1b2c3"
CLUSTER = (
    "etc/cluster.conf",
    f"[cluster]\nname = lab\nnodes = node1 node2\nsecret = {CLUSTER_SECRET}\n".encode(),
)


def encrypted(plain: object, secret: str = CLUSTER_SECRET) -> str:
    """Return what the agent writes for a value of a sec object."""
    packed = zlib.compress(json.dumps(plain).encode())
    padding = 16 - len(packed) % 16
    iv = b"0123456789abcdef"
    encryptor = Cipher(algorithms.AES(secret.encode()[:32]), modes.CBC(iv)).encryptor()
    data = encryptor.update(packed + bytes([padding]) * padding) + encryptor.finalize()
    envelope = {
        "clustername": "lab",
        "nodename": "node1",
        "iv": base64.urlsafe_b64encode(iv).decode(),
        "data": base64.urlsafe_b64encode(data).decode(),
    }
    return "crypt:" + base64.urlsafe_b64encode(json.dumps(envelope).encode() + b"\0").decode()


def masks(secrets: Secrets, value: str) -> bool:
    """Return whether a log line loses a value that stands in it for no visible reason."""
    return value.encode() not in redacted(
        Redactor(secrets, TOKENS), f"the app said {value} today\n".encode(), Form.LOG
    )


def of(*texts: str, names: Iterable[str] = ()) -> Secrets:
    return learn([CLUSTER, *((f"etc/svc{at}.conf", text.encode()) for at, text in enumerate(texts))], names)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[env]\ndb_password = SvcEnvPw1\n", "SvcEnvPw1"),
        ("[env]\nanything = S3cretEnv!\n", "S3cretEnv!"),
        ("[hb#2]\nsecret@node1 = scoped-Secret\n", "scoped-Secret"),
        ("[hb#2]\nsecret = correct horse battery\n", "correct horse battery"),
        ("[array#p]\napi = https://user:Pa55word@array1.example.com\n", "Pa55word"),
        ("[node]\nuuid = 0b1f7a52-6d0a-4c5e-9f58-2d9b6c7d8e11\n", "0b1f7a52-6d0a-4c5e-9f58-2d9b6c7d8e11"),
        ("[app#1]\nenvironment = API_TOKEN=tok-123 PGPASSWORD=pgsecret\n", "pgsecret"),
        ("[app#1]\npre_start = /bin/echo -e 'a\\npre line2 token=abc123'\n", "abc123"),
        ("[fs#1]\nmnt_opt = user=joe,password=mntpw9,vers=3\n", "mntpw9"),
        ("[data]\npath/to/conf = literal:password = cfgpw\n", "cfgpw"),
        ("[data]\nblob = " + base64.b64encode(b"api_key: Blob-Key-1\nport: 80\n").decode(), "Blob-Key-1"),
        ("[DEFAULT]\npassword = bobpw\n", "bobpw"),
        ("# old: password = commented-Pw1\n[env]\n", "commented-Pw1"),
        ("[env]\npem = one-Line1\n\ttwo-Line2\n", "two-Line2"),
        (f"[data]\npw = {encrypted('Sup3rS3cret')}\n", "Sup3rS3cret"),
        ("[data]\nconf = " + encrypted("user=joe\npassword=Inside-Sec1\n") + "\n", "Inside-Sec1"),
    ],
)
def test_a_value_of_any_configuration_is_masked_everywhere(text: str, value: str):
    secrets = of(text)
    assert masks(secrets, value)
    assert list(SecretSearch(secrets).search([f"x {value} y".encode()]))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[env]\nport = 8080\n", "8080"),
        ("[env]\nhost = db1.example.com\n", "db1.example.com"),
        ("[env]\npath = /srv/web/data\n", "/srv/web/data"),
        ("[env]\nmode = production\n", "production"),
        ("[DEFAULT]\nid = 543f5448-0e4f-4b79-ac57-a06d72f3ef13\n", "543f5448-0e4f-4b79-ac57-a06d72f3ef13"),
        ("[array#p]\nusername = pureuser\nclient_id = bd2c75d0-f0d5\n", "pureuser"),
        ("[array#p]\nusername = pureuser\nclient_id = bd2c75d0-f0d5\n", "bd2c75d0-f0d5"),
        ("[switch#b1]\npassword = system/sec/b1\n", "system/sec/b1"),
        ("[hb#1]\nusername = relayuser\n", "relayuser"),
        ("[hb#1]\npassword = webshop\n", "webshop"),
        ("[hb#1]\npassword = node2\n", "node2"),
        ("[data]\nindex.html = literal:<h1>\n", "admin"),
    ],
)
def test_what_is_no_secret_or_too_common_is_kept_everywhere(text: str, value: str):
    assert not masks(of(text, names=["prod/svc/webshop", "webshop", "node2"]), value)


def test_what_was_learned_last_is_masked_in_what_is_read_first():
    secrets = learn(
        [
            CLUSTER,
            ("a.conf", b"[app#1]\nstart = run Late-Secret1\n"),
            ("z.conf", b"[env]\nkey = Late-Secret1\n"),
        ],
        [],
    )
    assert b"Late-Secret1" not in redacted(
        Redactor(secrets, TOKENS), b"[app#1]\nstart = run Late-Secret1\n", Form.CONF
    )


def test_a_cluster_secret_in_node_conf_opens_the_encrypted_values():
    confs = [
        ("node.conf", f"[cluster]\nsecret = {CLUSTER_SECRET}\n".encode()),
        ("s.conf", f"[data]\npw = {encrypted('Sup3rS3cret')}\n".encode()),
    ]
    assert masks(learn(confs, []), "Sup3rS3cret")


def test_an_encrypted_private_key_is_learned_and_its_certificate_is_not():
    lines = [base64.b64encode(os.urandom(48)).decode() for _ in range(6)]
    key = "\n".join(["-----BEGIN PRIVATE KEY-----", *lines[:3], "-----END PRIVATE KEY-----"])
    certificate = "\n".join(["-----BEGIN CERTIFICATE-----", *lines[3:], "-----END CERTIFICATE-----"])
    secrets = of(f"[data]\nfullpem = {encrypted(certificate + chr(10) + key)}\n")
    assert all(masks(secrets, line) for line in lines[:3])
    assert not any(masks(secrets, line) for line in lines[3:])


class TestLimits:
    """What could not be learned is said, in sentences without values."""

    SEC = f"[data]\na = {encrypted('Sup3rS3cret')}\nb = crypt:bm9uc2Vuc2U=\n"

    def test_nothing_to_say(self):
        assert of("[env]\na = b\n").limits == []

    def test_without_the_optional_library(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(crypt, "is_available", lambda: False)
        secrets = of(self.SEC)
        assert not masks(secrets, "Sup3rS3cret")
        assert len(secrets.limits) == 1
        assert secrets.limits[0].startswith("2 encrypted values could not be learned")
        assert "cryptography" in secrets.limits[0]

    def test_what_the_secret_does_not_open(self):
        assert of(self.SEC).limits == [
            "1 of 2 encrypted values could not be learned: this cluster's secret does not open them."
        ]

    def test_without_a_cluster_secret(self):
        assert "no cluster secret" in learn([("s.conf", self.SEC.encode())], []).limits[0]

    @pytest.mark.parametrize(
        "blob",
        [
            "crypt:",
            "crypt:x",
            "crypt:" + "A" * 50,
            "crypt:é",
            encrypted(["a", 1]),
            encrypted("x" * 3_000_000),
            "crypt:" + base64.b64encode(b"[" * 100_000).decode(),
        ],
    )
    def test_no_blob_stops_the_learning(self, blob: str):
        assert masks(of(f"[data]\na = {blob}\nb = {encrypted('Sup3rS3cret')}\n"), "Sup3rS3cret")


def test_blobs_are_masked_whole_whether_or_not_they_can_be_opened(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(crypt, "is_available", lambda: False)
    blob = encrypted("Sup3rS3cret")
    out = redacted(
        Redactor(of(f"[data]\npw = {blob}\n"), TOKENS), f"[data]\npw = {blob}\n".encode(), Form.CONF
    )
    assert out.startswith(b"[data]\npw = crypt:<masked:")
    assert out.endswith(b">\n")


def test_secrets_of_two_learnings_merge_without_losing_any():
    merged = of("[env]\na = First-Secret1\n").merge(learn([("x.conf", b"[env]\na = Second-Secret2\n")], []))
    assert masks(merged, "First-Secret1")
    assert masks(merged, "Second-Secret2")
    assert merged.cluster_secret == CLUSTER_SECRET.encode()


@pytest.mark.parametrize("node", ["node1", "node2"])
@pytest.mark.parametrize("layout", ["fhs", "dev"])
def test_every_planted_secret_of_a_real_node_is_learned_or_masked_where_it_stands(
    sample_tree: Callable[..., str], node: str, layout: str
):
    root = sample_tree(node, layout)
    confs = []
    for folder, _, names in os.walk(root):
        for name in names:
            if name.endswith(".conf"):
                with open(os.path.join(folder, name), "rb") as file:
                    confs.append((name, file.read()))
    secrets = learn(confs, ["prod", "web", "svc1"])
    with open(os.path.join(os.path.dirname(__file__), "..", "data", "secrets.tsv"), encoding="utf-8") as file:
        planted = [line.split("\t")[0] for line in file.read().splitlines()[1:]]
    assert planted
    assert [value for value in planted if not masks(secrets, value)] == []
    assert secrets.limits == []
