# SPDX-License-Identifier: Apache-2.0
"""Who calls, and what a route asks of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from counterfoil_client.errors import ConfigurationError
from counterfoil_client.resource.refusals import Challenge, Scheme

# RFC 6749 §3.3; it also keeps quotes and backslashes out of a challenge.
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent this request, as the issuer says and the request proved."""

    subject: str
    """Random and stable, never an address."""
    client_id: str
    scopes: frozenset[str]
    session_id: str | None
    auth_time: int | None
    """When the person signed in, in seconds since 1970."""
    acr: str | None
    amr: tuple[str, ...]
    expires_at: int
    token_id: str
    jkt: str | None
    """Thumbprint of the key that was proven; None for a token that anybody who holds it may use."""
    claims: Mapping[str, object] = field(repr=False, compare=False, hash=False)
    """Every claim of the token, read-only."""

    @property
    def scheme(self) -> Scheme:
        """How the token was presented."""
        return "Bearer" if self.jkt is None else "DPoP"


@dataclass(frozen=True, slots=True)
class Needs:
    """What a route asks beyond a good token. Made by `needs`."""

    scopes: frozenset[str] = frozenset()
    max_age: int | None = None

    def check(self, caller: Caller, now: float, challenge: Challenge) -> None:
        """Raise `NotAuthorized` unless this caller has it all."""
        if not self.scopes <= caller.scopes:
            raise challenge.scope(self.scopes, caller.scheme)
        if self.max_age is not None and (caller.auth_time is None or now - caller.auth_time > self.max_age):
            raise challenge.too_long_ago(self.max_age, caller.scheme)


def needs(*scopes: str, max_age: int | None = None) -> Needs:
    """Ask for every one of these scopes, and for a sign-in at most `max_age` seconds ago (step-up, RFC 9470)."""
    if not all(_SCOPE.fullmatch(scope) for scope in scopes):
        raise ConfigurationError("a scope is one word of visible characters without quote and backslash (RFC 6749)")
    if max_age is not None and max_age < 0:
        raise ConfigurationError("max_age is a number of seconds from 0 on")
    return Needs(frozenset(scopes), max_age)
