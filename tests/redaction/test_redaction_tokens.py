"""Tokens: equal where values are equal, and silent about them."""

from __future__ import annotations

import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.redaction import TOKEN, Redactor, Secrets, Tokens, learn
from osvc_diag.redaction import tokens as tokens_module

CLUSTER = b"[cluster]\nsecret = 9d1a3d2a0e6b11ef9c0a525400a1b2c3\n"


def of_cluster(secret: bytes) -> Tokens:
    secrets = Secrets()
    secrets.cluster_secret = secret
    return Tokens.for_cluster(secrets)


def test_nodes_of_a_cluster_give_a_value_the_same_token():
    one = Tokens.for_cluster(learn([("etc/cluster.conf", CLUSTER)], []))
    two = Tokens.for_cluster(
        learn([("x.conf", b"[env]\na = b1c2d3\n"), ("y/cluster.conf", CLUSTER)], ["node2"])
    )
    assert one.token("url", b"Sup3rS3cret") == two.token("url", b"Sup3rS3cret")
    assert one.stable


def test_the_token_of_a_known_cluster_never_changes():
    """A bundle of next year must be comparable with one of today."""
    assert of_cluster(b"0123456789abcdef").token("url", b"Sup3rS3cret") == b"<masked:url:imlvzs3n>"


def test_another_cluster_gives_another_token():
    assert of_cluster(b"one").token("url", b"v") != of_cluster(b"two").token("url", b"v")


def test_without_a_cluster_secret_each_run_has_its_own():
    assert Tokens.for_cluster(Secrets()).token("url", b"v") != Tokens.for_cluster(Secrets()).token(
        "url", b"v"
    )
    assert not Tokens.for_cluster(Secrets()).stable


@given(st.binary(max_size=500))
def test_a_token_has_one_shape_and_one_length_whatever_the_value(value: bytes):
    token = Tokens(lambda: b"k", stable=True).token("conf-key", value)
    assert TOKEN.fullmatch(token)
    assert len(token) == len(b"<masked:conf-key:12345678>")


def test_the_id_depends_on_the_value_alone():
    tokens = Tokens(lambda: b"k", stable=True)
    ids = {re.sub(rb".*:", b"", tokens.token(rule, b"v")) for rule in ("url", "conf-key", "x")}
    assert len(ids) == 1


def test_node_conf_decides_about_the_cluster_secret_as_for_the_agent():
    secrets = learn(
        [("etc/cluster.conf", CLUSTER), ("etc/node.conf", b"[cluster]\nsecret = other0secret1\n")], []
    )
    assert secrets.cluster_secret == b"other0secret1"


def test_a_name_and_its_value_in_a_log_have_one_token_in_all_files():
    secrets = learn([("cluster.conf", CLUSTER), ("svc1.conf", b"[env]\ndb_password = SvcEnvPw1\n")], [])
    by = Redactor(secrets, Tokens.for_cluster(secrets))
    texts = [
        "echo SvcEnvPw1",
        "DB_PASSWORD=SvcEnvPw1",
        '{"password": "SvcEnvPw1"}',
        "http://joe:SvcEnvPw1@host/",
    ]
    assert len({re.sub(r".*(<masked:.*>).*", r"\1", by.mask_text(text)) for text in texts}) == 1


def test_the_key_of_a_cluster_is_derived_once_and_before_it_is_asked_for(monkeypatch):
    derived = []

    def derive(secret: bytes) -> bytes:
        derived.append(threading.current_thread())
        return secret

    monkeypatch.setattr(tokens_module, "_derived", derive)
    tokens = of_cluster(b"secret")
    for thread in threading.enumerate():
        if thread.name == "osvc_diag token key":
            thread.join()
    assert tokens.token("url", b"v") == tokens.token("url", b"v")
    assert len(derived) == 1
    assert derived[0] is not threading.current_thread()


def test_a_key_that_cannot_be_derived_is_told_to_who_asks_for_it(monkeypatch):
    def derive(_secret: bytes) -> bytes:
        raise ValueError("memory limit exceeded")

    monkeypatch.setattr(tokens_module, "_derived", derive)
    with pytest.raises(ValueError, match="memory limit"):
        of_cluster(b"secret").token("url", b"v")
