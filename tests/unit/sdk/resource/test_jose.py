# SPDX-License-Identifier: Apache-2.0
"""Signatures are read in one way only, and nothing makes the reader fall over."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_client.resource import _jose
from unit.sdk.resource.makers import DEVICE, ISSUER_KEY, RSA_KEY, assemble, b64, es256, public_jwk, thumbprint


@given(st.binary(max_size=100))
def test_every_byte_has_one_spelling(data: bytes) -> None:
    text = _jose.b64(data)
    assert text == b64(data)
    assert _jose.unb64(text) == data


@pytest.mark.parametrize("text", ["A", "QQ==", "QR", "Q Q", "Q\nQ", "Q+Q/", "QQ.", "ÄÄ", "AAAAA"])
def test_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(_jose.Malformed):
        _jose.unb64(text)


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fall_over(text: str) -> None:
    with contextlib.suppress(_jose.Malformed):
        _jose.parse(text)


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=60))
def test_no_parts_make_the_reader_fall_over(header: bytes, claims: bytes, signature: bytes) -> None:
    with contextlib.suppress(_jose.Malformed):
        _jose.parse(".".join(map(b64, (header, claims, signature))))


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"null",
        b'"x"',
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":1}}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":1}x',
        b"\xff\xfe",
        b'{"a":"\xff"}',
        b"\xef\xbb\xbf{}",
        b'{"a":' * 100_000,
        b"[" * 100_000,
        b'{"a":' + b"9" * 10_000 + b"}",
    ],
)
def test_what_is_no_plain_object_is_refused(document: bytes) -> None:
    with pytest.raises(_jose.Malformed) as caught:
        _jose.read_object(document)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("extension", [{"crit": ["exp"]}, {"crit": []}, {"b64": False}])
def test_header_extensions_are_refused(extension: dict[str, object]) -> None:
    with pytest.raises(_jose.Malformed, match="extension"):
        _jose.parse(assemble({"alg": "ES256", **extension}, {}))


@pytest.mark.parametrize("text", ["", ".", "..", "a.b", "e30.e30.e30.e30", "e30.e30.", "e30..e30"])
def test_another_number_of_parts_or_an_empty_one_is_refused_or_empty(text: str) -> None:
    try:
        jws = _jose.parse(text)
    except _jose.Malformed:
        return
    assert text == "e30.e30."
    assert jws.signature == b""


def test_the_thumbprint_is_that_of_rfc_7638() -> None:
    assert _jose.ec_key(public_jwk(DEVICE)).thumbprint == thumbprint(DEVICE)


def test_no_signature_of_another_length_verifies() -> None:
    key = _jose.ec_key(public_jwk(ISSUER_KEY))
    for size in (0, 1, 63, 65, 72, 1000):
        assert not key.verifies(b"x", bytes(size))
    assert not key.verifies(b"x", bytes(64))
    assert not key.verifies(b"x", b"\xff" * 64)
    assert not _jose.rsa_key(public_jwk(RSA_KEY)).verifies(b"x", b"")


def test_a_signature_has_no_second_spelling() -> None:
    key, good = _jose.ec_key(public_jwk(ISSUER_KEY)), es256(b"x")
    assert key.verifies(b"x", good)
    for other in (good[:32] + b"\0" + good[32:], b"\0" + good, good + b"\0", good[:-1]):
        assert not key.verifies(b"x", other)


def test_a_key_has_no_second_name() -> None:
    """Cut elsewhere, the same 64 bytes would be the same point with another thumbprint."""
    jwk = public_jwk(DEVICE)
    point = _jose.unb64(jwk["x"]) + _jose.unb64(jwk["y"])
    for cut in (31, 33, 0, 64):
        with pytest.raises(_jose.Malformed):
            _jose.ec_key({**jwk, "x": b64(point[:cut]), "y": b64(point[cut:])})


@pytest.mark.parametrize(
    "changes",
    [
        {"crv": "P-384"},
        {"x": b64(bytes(31))},
        {"x": b64(b"\x01" * 32)},
        {"x": b64(b"\xff" * 32)},
        {"y": b64(bytes(33))},
        {"x": 5},
        {"x": None},
        {"y": "not base64!"},
    ],
)
def test_a_point_that_is_none_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(_jose.Malformed):
        _jose.ec_key({**public_jwk(DEVICE), **changes})


@pytest.mark.parametrize(
    "changes",
    [{"n": b64(b"\xff" * 128)}, {"n": b64(b"\xff" * 2000)}, {"e": b64(b"\x01")}, {"e": b64(b"\x04")}, {"e": ""}],
)
def test_a_weak_or_giant_rsa_key_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(_jose.Malformed):
        _jose.rsa_key({**public_jwk(RSA_KEY), **changes})
