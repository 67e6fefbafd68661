"""The search of a finished bundle: it finds what was missed, and never tells the value."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from redaction_tools import cut, learned, redacted, redactor

from osvc_diag.redaction import Hit, Secrets, SecretSearch, search

SECRETS = learned(
    b"Sup3rS3cret", b"9d1a3d2a0e6b11ef9c0a525400a1b2c3", b"p@ss w%rd+1", b"abc123", b"banana-split"
)


@given(st.sampled_from(SECRETS.literals), st.binary(max_size=60), st.lists(st.integers(0, 500), max_size=6))
def test_every_literal_is_found_at_its_place_over_any_block_boundary(
    literal, before: bytes, places: list[int]
):
    before += b" "
    text = before + literal.text + b" after"
    hits = list(SecretSearch(SECRETS).search(cut(text, places)))
    assert Hit(literal.rule, len(before)) in hits
    assert len(hits) == len(set(hits))


BLOCK = 100_003  # bytes


def test_hits_over_the_windows_of_a_large_stream_are_found_once_each():
    chosen = random.Random(1)
    filler = b"all is well on this node, nothing to see here\n" * 50_000
    # Blocks of no fair size become chunks of half of CHUNK and a little more.
    seams = [-(-search.CHUNK // 2 // BLOCK) * BLOCK * number for number in (1, 2, 3)]
    places = [*chosen.sample(range(len(filler)), 40), *(at - back for at in seams for back in (0, 5, 40))]
    text, expected = b"", []
    last = 0
    for place in sorted(places):
        text += filler[last:place] + b" "
        expected.append(len(text))
        text += b"Sup3rS3cret "
        last = place
    text += filler[last:]
    blocks = [text[at : at + BLOCK] for at in range(0, len(text), BLOCK)]
    hits = list(SecretSearch(SECRETS).search(blocks))
    assert sorted(hit.offset for hit in hits) == expected


def test_it_knows_the_certain_rules_without_any_node():
    text = b"x\nhttps://joe:hunter2x@host/\nAKIAIOSFODNN7EXAMPLE\n"
    assert {hit.rule for hit in SecretSearch(Secrets()).search([text])} == {"url", "aws"}


def test_tokens_are_clean_wherever_they_stand():
    text = b"https://joe:<masked:url:abcdefgh>@host crypt:<masked:crypt:abcdefgh> <masked:conf-key:abcdefgh>"
    assert list(SecretSearch(SECRETS).search([text])) == []


def test_what_only_looks_like_a_token_hides_nothing():
    for text in (b"<masked:Sup3rS3cret:abcdefgh>", b"<masked:x:Sup3rS3cret>", b"<masked:abc123>"):
        assert list(SecretSearch(SECRETS).search([text]))


def test_a_redactor_that_does_nothing_is_found_out():
    text = b"a Sup3rS3cret, b 9d1a3d2a0e6b11ef9c0a525400a1b2c3 and p%40ss+w%25rd%2B1\n"
    assert [hit.offset for hit in SecretSearch(SECRETS).search([text])] == [2, 17, 54]


def test_a_hit_holds_no_value():
    hit = next(iter(SecretSearch(SECRETS).search([b"Sup3rS3cret"])))
    assert "Sup3r" not in repr(hit)
    assert hit == ("conf-key", 0)


def test_nothing_is_found_in_nothing():
    assert list(SecretSearch(SECRETS).search([])) == []
    assert list(SecretSearch(SECRETS).search([b"", b""])) == []


def test_thousands_of_values_are_searched_for_at_once():
    chosen = random.Random(2)
    values = [b"%032x" % chosen.getrandbits(128) for _ in range(300)]
    values += [
        bytes(chosen.choice(b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!") for _ in range(12))
        for _ in range(1000)
    ]
    secrets = learned(*values)
    text = b"\n".join(values)
    assert len({hit.offset for hit in SecretSearch(secrets).search([text])}) == len(values)
    out = redacted(redactor(*values), text)
    assert out.count(b"<masked:conf-key:") == len(values)
    assert list(SecretSearch(secrets).search([out])) == []
