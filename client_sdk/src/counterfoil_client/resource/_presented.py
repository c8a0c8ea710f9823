# SPDX-License-Identifier: Apache-2.0
"""What a request presents, before anything of it is believed: one token, its scheme, and proofs."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from counterfoil_client.resource import _jose
from counterfoil_client.resource.refusals import Challenge, Scheme

Headers: TypeAlias = Mapping[str, str] | Iterable[tuple[str | bytes, str | bytes]]
"""Header lines in their order. A mapping hides a header sent twice unless its `items` shows both; prefer pairs."""

LONGEST_TOKEN = 8192

_CREDENTIALS = re.compile(r"(?P<scheme>[A-Za-z0-9!#$%&'*+.^_`|~-]+)(?: +(?P<token>[!-~]+))?")
_TYPES = ("at+jwt", "application/at+jwt")
# Keys or where to find them (RFC 7515 §4.1.2 to §4.1.6): the issuer's key set alone says what its keys are.
_KEYS_OF_ITS_OWN = frozenset({"jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"})


@dataclass(frozen=True, slots=True)
class Presented:
    """One access token by its looks, and the `DPoP` header lines beside it."""

    scheme: Scheme
    token: str = field(repr=False)
    jws: _jose.Jws = field(repr=False)
    kid: str
    algorithm: str
    proofs: tuple[str, ...] = field(repr=False)


def read_request(headers: Headers, algorithms: tuple[str, ...], challenge: Challenge) -> Presented:
    """Find token and proofs, and refuse what no key can mend, so that junk never makes anybody fetch keys."""
    authorizations, proofs = _lines(headers)
    if not authorizations:
        raise challenge.missing()
    if len(authorizations) > 1:
        raise challenge.malformed("The header Authorization is there more than once.")
    scheme, token = _credentials(authorizations[0], challenge)
    try:
        jws = _jose.parse(token)
        kid, algorithm = _header(jws.header, algorithms)
    except _jose.Malformed as broken:
        raise challenge.token(str(broken), scheme) from None
    return Presented(scheme, token, jws, kid, algorithm, tuple(proofs))


def _lines(headers: Headers) -> tuple[list[str], list[str]]:
    pairs = cast("Mapping[str, str]", headers).items() if isinstance(headers, Mapping) else headers
    found: dict[str, list[str]] = {"authorization": [], "dpop": []}
    for name, value in pairs:
        lines = found.get(_text(name).lower())
        if lines is not None:
            lines.append(_text(value))
    return found["authorization"], found["dpop"]


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _credentials(line: str, challenge: Challenge) -> tuple[Scheme, str]:
    # Whitespace around a field value is not part of it (RFC 9110 §5.5).
    match = _CREDENTIALS.fullmatch(line.strip(" \t")) if len(line) <= LONGEST_TOKEN + len("Bearer ") else None
    if match is None:
        raise challenge.malformed(f"Authorization must be a scheme and a token of at most {LONGEST_TOKEN} characters.")
    name = match["scheme"].lower()
    scheme: Scheme | None = "DPoP" if name == "dpop" else "Bearer" if name == "bearer" else None
    if scheme is None:
        raise challenge.missing()
    if match["token"] is None:
        raise challenge.malformed("Authorization names a scheme and no token.")
    return scheme, match["token"]


def _header(header: Mapping[str, object], algorithms: tuple[str, ...]) -> tuple[str, str]:
    if header.get("typ") not in _TYPES:
        # An ID token or a proof is signed too, and says nothing about access (RFC 9068 §4).
        raise _jose.Malformed("its typ must be at+jwt")
    if not _KEYS_OF_ITS_OWN.isdisjoint(header):
        raise _jose.Malformed("its header brings a key of its own")
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise _jose.Malformed(f"its alg must be one of: {', '.join(algorithms)}")
    if not isinstance(kid, str):
        raise _jose.Malformed("its kid must name a key of the issuer")
    return kid, algorithm
