# SPDX-License-Identifier: Apache-2.0
"""The issuer's papers: metadata (RFC 8414) and key set (RFC 7517), read strictly, and the talk that fetches them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated

import msgspec

from counterfoil_client._effects import MAX_BODY, Flow, Request, Response, ask
from counterfoil_client._issuer import Issuer
from counterfoil_client.errors import UnexpectedResponse
from counterfoil_client.resource import _jose

PATIENCE = 5.0
"""Seconds to wait for a byte of an answer."""

_MAX_KEYS = 32
_SHORTEST, _LONGEST, _UNSAID = 60, 3600, 300
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=\"?([0-9]{1,9})\b", re.IGNORECASE)
_UNCACHED = re.compile(r"(?:^|[\s,])no-(?:store|cache)\b", re.IGNORECASE)
_FAMILIES = {"ES256": "EC", "RS256": "RSA"}


class _Metadata(msgspec.Struct, frozen=True):
    issuer: str
    jwks_uri: str
    introspection_endpoint: str | None = None


class _KeySet(msgspec.Struct, frozen=True):
    keys: Annotated[list[dict[str, object]], msgspec.Meta(max_length=_MAX_KEYS)]


@dataclass(frozen=True, slots=True)
class Papers:
    """What the issuer said last."""

    keys: Mapping[str, _jose.VerifyKey]
    introspection_endpoint: str | None
    max_age: int
    """Seconds for which the issuer lets it be kept, within our own bounds."""


def read_key_set(document: bytes, algorithms: tuple[str, ...] = ("ES256",)) -> Mapping[str, _jose.VerifyKey]:
    """The keys of a JWK set by `kid`, as far as they sign with one of these algorithms.

    A set that holds a private key, names one `kid` twice, or has no key for us is refused whole.
    """
    try:
        return _keys(document, algorithms)
    except _jose.Malformed as broken:
        raise UnexpectedResponse(f"The issuer's key set is not valid: {broken}.") from None


def fetch_papers(issuer: Issuer, algorithms: tuple[str, ...]) -> Flow[Papers]:
    """Fetch metadata and key set from the issuer's own origin."""
    metadata = _metadata((yield from _get(issuer.metadata_url)), issuer)
    answer = yield from _get(issuer.own(metadata.jwks_uri, "jwks_uri"))
    endpoint = metadata.introspection_endpoint
    return Papers(
        read_key_set(answer.body, algorithms),
        None if endpoint is None else issuer.own(endpoint, "introspection_endpoint"),
        _max_age(answer.headers.get("cache-control", "")),
    )


def sound_body(response: Response) -> bytes:
    """The body of a plain 200; anything else, a redirect too, is refused."""
    if response.status != HTTPStatus.OK:
        raise UnexpectedResponse(f"The issuer answered with status {response.status}.")
    if len(response.body) > MAX_BODY:
        raise UnexpectedResponse("The issuer's answer is longer than any honest one.")
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise UnexpectedResponse("The issuer's answer is compressed, which was not asked for.")
    return response.body


def _get(url: str) -> Flow[Response]:
    response = yield from ask(Request("GET", url, (("Accept", "application/json"),), read_timeout=PATIENCE))
    sound_body(response)
    return response


def _metadata(response: Response, issuer: Issuer) -> _Metadata:
    try:
        metadata = _jose.shaped(_jose.read_object(response.body), _Metadata)
    except _jose.Malformed as broken:
        raise UnexpectedResponse(f"The issuer's metadata is not valid: {broken}.") from None
    if metadata.issuer != issuer.text:
        raise UnexpectedResponse("The metadata is another issuer's: the addresses must be equal, byte for byte.")
    return metadata


def _max_age(cache_control: str) -> int:
    if _UNCACHED.search(cache_control):
        return _SHORTEST
    match = _MAX_AGE.search(cache_control)
    return _UNSAID if match is None else max(_SHORTEST, min(int(match[1]), _LONGEST))


def _keys(document: bytes, algorithms: tuple[str, ...]) -> Mapping[str, _jose.VerifyKey]:
    if len(document) > MAX_BODY:
        raise _jose.Malformed("it is longer than any honest one")
    jwks = _jose.shaped(_jose.read_object(document), _KeySet).keys
    if any(not _jose.PRIVATE.isdisjoint(jwk) for jwk in jwks):
        raise _jose.Malformed("it shows a private key")
    found: dict[str, _jose.VerifyKey] = {}
    for jwk in jwks:
        kid = jwk.get("kid")
        if not isinstance(kid, str) or not _is_for_us(jwk, algorithms):
            continue
        if kid in found:
            raise _jose.Malformed("two of its keys have one kid")
        found[kid] = _jose.ec_key(jwk) if jwk["kty"] == "EC" else _jose.rsa_key(jwk)
    if not found:
        raise _jose.Malformed("it has no key for the configured algorithms")
    return MappingProxyType(found)


def _is_for_us(jwk: Mapping[str, object], algorithms: tuple[str, ...]) -> bool:
    """Whether it signs, by `use` and `key_ops`, with an algorithm of ours; an issuer may show other keys as well."""
    families = {_FAMILIES[algorithm]: algorithm for algorithm in algorithms}
    algorithm = families.get(str(jwk.get("kty")))
    operations = jwk.get("key_ops", ["verify"])
    return (
        algorithm is not None
        and jwk.get("alg", algorithm) == algorithm
        and jwk.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and (algorithm == "RS256" or jwk.get("crv") == "P-256")
    )
