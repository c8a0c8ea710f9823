# SPDX-License-Identifier: Apache-2.0
"""Asking the issuer whether a token still lives (RFC 7662), for routes where minutes of a revoked one are too many."""

import base64
import threading
from dataclasses import dataclass, field
from hashlib import sha256
from typing import final
from urllib.parse import quote_plus

import msgspec

from counterfoil_client._effects import Flow, Request, Response, ask
from counterfoil_client.errors import ConfigurationError, UnexpectedResponse
from counterfoil_client.resource import _jose
from counterfoil_client.resource._keyset import PATIENCE, sound_body
from counterfoil_client.resource.caller import Caller

_LONGEST = 10.0
_MAX_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Introspection:
    """The confidential application as which this API asks. `cache_for`: seconds to trust a "yes", 0 to 10."""

    client_id: str
    client_secret: str = field(repr=False)
    cache_for: float = 0.0

    def __post_init__(self) -> None:
        if not self.client_id or not self.client_secret:
            raise ConfigurationError("introspection needs client_id and client_secret of a confidential application")
        if not 0 <= self.cache_for <= _LONGEST:
            raise ConfigurationError(f"cache_for is 0 to {_LONGEST:g} seconds: beyond, revocation is not instant")

    @property
    def basic(self) -> str:
        """The value of `Authorization` (RFC 6749 §2.3.1: both parts form-encoded first)."""
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
        return f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"


class _Confirmation(msgspec.Struct, frozen=True):
    jkt: str | None = None


class _Answer(msgspec.Struct, frozen=True):
    active: bool
    sub: str | None = None
    client_id: str | None = None
    cnf: _Confirmation | None = None


def introspect(endpoint: str, introspection: Introspection, token: str, caller: Caller) -> Flow[bool]:
    """Whether the issuer still stands by this token, and by what we read in it."""
    headers = (("Accept", "application/json"), ("Authorization", introspection.basic))
    form = (("token", token), ("token_type_hint", "access_token"))
    answer = _read((yield from ask(Request("POST", endpoint, headers, form, PATIENCE))))
    return answer.active and _agrees(answer, caller)


def _read(response: Response) -> _Answer:
    try:
        return _jose.shaped(_jose.read_object(sound_body(response)), _Answer)
    except _jose.Malformed as broken:
        raise UnexpectedResponse(f"The answer to introspection is not valid: {broken}.") from None


def _agrees(answer: _Answer, caller: Caller) -> bool:
    """A "yes" about another token is none."""
    jkt = None if answer.cnf is None else answer.cnf.jkt
    return (
        answer.sub in {None, caller.subject}
        and answer.client_id in {None, caller.client_id}
        and (jkt is None or jkt == caller.jkt)
    )


@final
class Answers:
    """Recent "yes" answers. A "no" is not kept: such a token is asked about again, and stays refused."""

    def __init__(self, cache_for: float) -> None:
        self._cache_for = cache_for
        self._lock = threading.Lock()
        self._good_until: dict[bytes, float] = {}

    def knows(self, token: str, now: float) -> bool:
        """Whether the issuer said yes to this token a moment ago."""
        if not self._cache_for:
            return False
        with self._lock:
            return now < self._good_until.get(_name(token), now)

    def keep(self, token: str, asked_at: float) -> None:
        """Remember a yes, from the moment the question was put."""
        if not self._cache_for:
            return
        with self._lock:
            if len(self._good_until) >= _MAX_KEPT:
                self._good_until.clear()
            self._good_until[_name(token)] = asked_at + self._cache_for


def _name(token: str) -> bytes:
    return sha256(token.encode("ascii")).digest()
