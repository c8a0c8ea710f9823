# SPDX-License-Identifier: Apache-2.0
"""What a collected login gives: the claims of an access token, and a refresh token."""

from collections.abc import Callable

import msgspec

from counterfoil_service.core.identifiers import base64url
from counterfoil_service.core.login import SECOND

ACCESS_TOKEN_SECONDS = 300
"""How long an access token lives [R81]."""

ACR = "urn:counterfoil:acr:email-link"
"""Says how the person signed in; it is no NIST assurance level [R80]."""

_REFRESH_BYTES = 32


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


def amr_of(*, key_bound: bool, user_code_typed: bool) -> tuple[str, ...]:
    """Authentication methods (RFC 8176): a software key, and a second channel only when one took part [R79]."""
    key = ("pop", "swk") if key_bound else ()
    return (*key, "mca") if user_code_typed else key


def refresh_token(session_id: str, entropy: Callable[[int], bytes]) -> str:
    """A session's first: its id and 256 random bits, so that any later one finds its session (RFC 9700 §4.14)."""
    return f"{session_id}.{base64url(entropy(_REFRESH_BYTES))}"
