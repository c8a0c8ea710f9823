# SPDX-License-Identifier: Apache-2.0
"""What a session gives: the claims of an access token, and refresh tokens of which each names its successor."""

import re
from collections.abc import Callable
from typing import Final

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import base64url
from counterfoil_service.core.login import SECOND

ACCESS_TOKEN_SECONDS = 300
"""How long an access token lives [R81]."""

ACR = "urn:counterfoil:acr:email-link"
"""Says how the person signed in; it is no NIST assurance level [R80]."""

_REFRESH_BYTES = 32
_SKEW_SECONDS: Final = 5
_REFRESH_TOKEN: Final = re.compile(r"([0-9A-HJKMNP-TV-Z]{26})\.[A-Za-z0-9_-]{43}")


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is signed or handed out; times in microseconds UTC, secrets never in the repr."""

    subject: str
    session_id: str
    application_id: str
    audience: str
    scope: str
    amr: tuple[str, ...]
    auth_time: int
    issued_at: int
    token_id: str
    jkt: str | None
    refresh_token: str | None
    noticed: bool = False
    """A mail that tells of this session's beginning may be due."""

    def __repr__(self) -> str:
        return f"Grant(session_id={self.session_id!r})"

    @property
    def token_type(self) -> str:
        """`DPoP` for a key-bound session (RFC 9449 §5), else `Bearer`."""
        return "Bearer" if self.jkt is None else "DPoP"

    def claims(self, issuer: str) -> dict[str, object]:
        """The access token's claims (RFC 9068 §2.2, RFC 9449 §6.1)."""
        issued = self.issued_at // SECOND
        claims: dict[str, object] = {
            "iss": issuer,
            "sub": self.subject,
            "aud": self.audience,
            "client_id": self.application_id,
            "iat": issued,
            "nbf": issued,
            "exp": issued + ACCESS_TOKEN_SECONDS,
            "jti": self.token_id,
            "scope": self.scope,
            "sid": self.session_id,
            "auth_time": self.auth_time // SECOND,
            "acr": ACR,
            "amr": list(self.amr),
        }
        return claims if self.jkt is None else claims | {"cnf": {"jkt": self.jkt}}


class Confirmation(msgspec.Struct, frozen=True):
    """The key that a token is bound to (RFC 9449 §6.1)."""

    jkt: str


class AccessClaims(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The claims of an access token of ours, read back; times in seconds since 1970."""

    iss: str
    sub: str
    aud: str
    client_id: str
    iat: int
    nbf: int
    exp: int
    jti: str
    scope: str
    sid: str
    auth_time: int
    acr: str
    amr: list[str]
    cnf: Confirmation | None = None

    @property
    def jkt(self) -> str | None:
        """The thumbprint of the key that must be proved beside it; None for a bearer token."""
        return None if self.cnf is None else self.cnf.jkt

    def holds(self, issuer: str, now: int) -> bool:
        """Whether it is this issuer's and its time is now (microseconds); another replica's clock may be ahead."""
        seconds = now // SECOND
        return self.iss == issuer and self.nbf <= seconds + _SKEW_SECONDS and seconds < self.exp


def amr_of(*, key_bound: bool, user_code_typed: bool) -> tuple[str, ...]:
    """Authentication methods (RFC 8176): a software key, and a second channel only when one took part [R79]."""
    key = ("pop", "swk") if key_bound else ()
    return (*key, "mca") if user_code_typed else key


def refresh_token(session_id: str, entropy: Callable[[int], bytes]) -> str:
    """A session's first: its id and 256 random bits, so that any later one finds its session (RFC 9700 §4.14)."""
    return next_refresh_token(session_id, entropy(_REFRESH_BYTES))


def next_refresh_token(session_id: str, code: bytes) -> str:
    """A successor: `code` is the keyed hash of its predecessor, 32 bytes, so that it can be made again."""
    return f"{session_id}.{base64url(code)}"


def session_of(token: str) -> str | None:
    """The id of the session that this would be a refresh token of; None for what can be none."""
    match = _REFRESH_TOKEN.fullmatch(token)
    return None if match is None else match[1]


def refused_refresh() -> Refusal:
    """One sentence for every reason, so that nobody learns which."""
    return Refusal(
        ErrorCode.INVALID_GRANT,
        "The refresh token is unknown, used up, expired, or was not made for this device; sign in again.",
    )


def narrowed_scope(granted: str, requested: str | None) -> str:
    """What an access token made by a refresh may do: no more than its session (RFC 6749 §6)."""
    if requested is None:
        return granted
    asked = tuple(dict.fromkeys(requested.split(" ")))
    if not set(asked) <= set(granted.split()):
        raise Refusal(
            ErrorCode.INVALID_SCOPE, "scope: a refresh may narrow what this session was granted, never widen it"
        )
    return " ".join(asked)
