# SPDX-License-Identifier: Apache-2.0
"""Metadata and key set: what is asked, in which order, and how long an answer may be kept."""

import json
from typing import Any

import pytest

from counterfoil_client._effects import Response
from counterfoil_client._issuer import Issuer
from counterfoil_client.errors import UnexpectedResponse
from counterfoil_client.resource import read_key_set
from counterfoil_client.resource._keyset import Papers, fetch_papers
from unit.sdk.resource.makers import (
    DEVICE,
    ISSUER,
    JWKS_PATH,
    METADATA_PATH,
    OTHER_ISSUER_KEY,
    RSA_KEY,
    issuer_jwk,
    jwks,
)
from unit.sdk.stage import Clock, Play, Sent, reply

METADATA = {"issuer": ISSUER, "jwks_uri": ISSUER + JWKS_PATH}


def fetched(*, metadata: Any = None, cache_control: str | None = None) -> Papers:
    named = {} if cache_control is None else {"cache_control": cache_control}
    play = Play(Clock(), [reply(200, {**METADATA, **(metadata or {})}), reply(200, jwks(), **named)])
    papers = play.run(fetch_papers(Issuer.parse(ISSUER), ("ES256",)))
    assert play.effects == [Sent(METADATA_PATH, None, 5.0), Sent(JWKS_PATH, None, 5.0)]
    return papers


def test_metadata_is_asked_for_and_then_the_keys() -> None:
    papers = fetched()
    assert set(papers.keys) == {"k1"}
    assert papers.introspection_endpoint is None


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [
        (None, 300),
        ("", 300),
        ("public, max-age=600", 600),
        ("max-age=600, public", 600),
        ("public,max-age=600", 600),
        ('MAX-AGE="600"', 600),
        ("max-age=5", 60),
        ("max-age=0", 60),
        ("no-store", 60),
        ("no-cache, max-age=600", 60),
        ("max-age=999999", 3600),
        ("max-age=-5", 300),
        ("max-age=x", 300),
        ("s-maxage=600", 300),
        ("x-max-age=600", 300),
        ("max-age=" + "9" * 500, 300),
    ],
)
def test_an_answer_is_kept_as_long_as_it_says_within_bounds(cache_control: str | None, seconds: int) -> None:
    assert fetched(cache_control=cache_control).max_age == seconds


def test_the_introspection_endpoint_is_taken_from_the_metadata() -> None:
    endpoint = f"{ISSUER}/oauth/introspect"
    assert fetched(metadata={"introspection_endpoint": endpoint}).introspection_endpoint == endpoint


def test_keys_for_other_uses_are_passed_over() -> None:
    others = [
        issuer_jwk(DEVICE, "encrypts") | {"use": "enc"},
        issuer_jwk(DEVICE, "signs-only", key_ops=["sign"]),
        issuer_jwk(DEVICE, "strange-operations", key_ops="verify"),
        issuer_jwk(DEVICE, "another-algorithm", alg="ES384"),
        issuer_jwk(RSA_KEY, "another-family"),
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "okp"},
        {"kty": "EC", "crv": "P-384", "x": "AAAA", "y": "AAAA", "kid": "p384"},
        {name: value for name, value in issuer_jwk(DEVICE).items() if name != "kid"},
        {"kid": 5, "kty": "EC"},
        {},
    ]
    assert set(read_key_set(jwks(*others, issuer_jwk(key_ops=["verify"], alg="ES256")))) == {"k1"}


def test_both_families_are_read_where_both_are_configured() -> None:
    keys = read_key_set(jwks(issuer_jwk(), issuer_jwk(RSA_KEY, "r1")), ("ES256", "RS256"))
    assert {kid: key.algorithm for kid, key in keys.items()} == {"k1": "ES256", "r1": "RS256"}


@pytest.mark.parametrize(
    "document",
    [
        jwks(issuer_jwk(), issuer_jwk(OTHER_ISSUER_KEY)),
        jwks(issuer_jwk(), issuer_jwk()),
        jwks(issuer_jwk(d="AAAA")),
        jwks(issuer_jwk(), issuer_jwk(DEVICE, "k2", d="AAAA")),
        jwks(issuer_jwk(), {"kty": "oct", "k": "c2VjcmV0", "kid": "s"}),
        jwks(*(issuer_jwk(kid=f"k{number}") for number in range(33))),
        jwks(issuer_jwk(x="AAAA")),
        jwks(issuer_jwk() | {"x": issuer_jwk(DEVICE)["x"]}),
        jwks(issuer_jwk(RSA_KEY, "r1")),
        b'{"keys":[]}',
        b'{"keys":{}}',
        b'{"keys":[5]}',
        b'{"keys":null}',
        b"{}",
        b"[]",
        b"",
        b"<html>",
        b'{"keys":[],' + jwks()[1:],
        jwks()[:-1] + b',"x":"' + b"x" * 70_000 + b'"}',
        b'{"keys":' * 5000,
    ],
)
def test_a_key_set_that_no_honest_issuer_shows_is_refused_whole(document: bytes) -> None:
    with pytest.raises(UnexpectedResponse) as caught:
        read_key_set(document)
    assert "c2VjcmV0" not in str(caught.value)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"issuer": f"{ISSUER}/"},
        {"issuer": "https://ID.example"},
        {"issuer": None},
        {"jwks_uri": "https://evil.example/jwks.json"},
        {"jwks_uri": "https://id.example.evil.example/jwks.json"},
        {"jwks_uri": "https://id.example@evil.example/jwks.json"},
        {"jwks_uri": "http://id.example/jwks.json"},
        {"jwks_uri": "https://id.example:444/jwks.json"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "/jwks.json"},
        {"jwks_uri": None},
        {"jwks_uri": 5},
    ],
)
def test_metadata_of_another_issuer_or_with_keys_elsewhere_is_refused_before_the_keys_are_asked(
    metadata: dict[str, Any],
) -> None:
    play = Play(Clock(), [reply(200, {**METADATA, **metadata})])
    with pytest.raises(UnexpectedResponse):
        play.run(fetch_papers(Issuer.parse(ISSUER), ("ES256",)))
    assert len(play.effects) == 1


def test_an_introspection_endpoint_elsewhere_is_refused() -> None:
    with pytest.raises(UnexpectedResponse):
        fetched(metadata={"introspection_endpoint": "https://evil.example/introspect"})


GOOD = json.dumps(METADATA).encode()


@pytest.mark.parametrize(
    "response",
    [
        Response(301, {"location": "https://evil.example/"}, b""),
        Response(302, {"location": f"{ISSUER}/elsewhere"}, GOOD),
        Response(307, {"location": "https://evil.example/"}, GOOD),
        Response(204, {}, b""),
        Response(206, {}, GOOD),
        Response(304, {}, b""),
        Response(404, {}, b""),
        Response(429, {}, b""),
        Response(500, {}, GOOD),
        Response(200, {"content-encoding": "gzip"}, GOOD),
        Response(200, {}, GOOD[:-1] + b',"x":"' + b"x" * 70_000 + b'"}'),
        Response(200, {}, GOOD[:-1] + b',"issuer":"https://id.example"}'),
        Response(200, {}, b"[" * 60_000),
        Response(200, {}, b""),
    ],
)
@pytest.mark.parametrize("second", [False, True])
def test_only_a_plain_200_is_read(response: Response, *, second: bool) -> None:
    script = [reply(200, METADATA), response] if second else [response]
    with pytest.raises(UnexpectedResponse):
        Play(Clock(), script).run(fetch_papers(Issuer.parse(ISSUER), ("ES256",)))
