# SPDX-License-Identifier: Apache-2.0
"""The decision itself: token, proof and replay, as pure functions of what is handed in."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Final

from counterfoil_client._issuer import Issuer
from counterfoil_client.errors import ConfigurationError
from counterfoil_client.resource import _jose
from counterfoil_client.resource._presented import Headers, Presented, read_request
from counterfoil_client.resource._proof import Asked, check_proof
from counterfoil_client.resource._target import target_of
from counterfoil_client.resource._token import read_token
from counterfoil_client.resource.caller import Caller
from counterfoil_client.resource.refusals import Challenge, unavailable
from counterfoil_client.resource.replay import Nonces, ReplayMemory, ReplayMemoryFull

Keys = Mapping[str, _jose.VerifyKey]
"""The issuer's public keys by `kid`; `read_key_set` makes one."""

_ALGORITHMS: Final = ("ES256", "RS256")
_USED_BEFORE: Final = "it was used before; make a new one for each request"
_FULL: Final = "This API has had too many requests to tell a repeated one. Try again shortly."


@dataclass(frozen=True, slots=True)
class Rules:
    """What one API insists on. `url` is its public address as callers write it, never taken from a request."""

    issuer: str
    audience: str
    url: str
    algorithms: tuple[str, ...] = ("ES256",)
    allow_bearer: bool = False
    nonces: Nonces | None = None

    def __post_init__(self) -> None:
        Issuer.parse(self.issuer)
        if not self.audience:
            raise ConfigurationError("audience names this API, as the issuer writes it in aud")
        if target_of(self.url) is None or {"?", "#"} & set(self.url):
            raise ConfigurationError("url is the public http(s) address of this API, without query and fragment")
        if not self.algorithms or not set(self.algorithms) <= set(_ALGORITHMS):
            raise ConfigurationError(f"algorithms is a tuple of: {', '.join(_ALGORITHMS)}")

    def challenge(self, now: float) -> Challenge:
        """How this API refuses now."""
        return Challenge(self.allow_bearer, None if self.nonces is None else self.nonces.current(now))


@dataclass(frozen=True, slots=True)
class Judged:
    """A caller who passed, but for the question whether the proof was seen before; None where there is no proof."""

    caller: Caller
    replay_key: bytes | None = field(repr=False)


def verify(  # noqa: PLR0913 - the decision shows everything it depends on
    rules: Rules, keys: Keys, method: str, path: str, headers: Headers, *, now: float, replay: ReplayMemory
) -> Caller:
    """Return who sent this request, or raise `NotAuthorized`.

    `path` is the raw path of the request below `rules.url`, escapes as they came; a query is ignored. `headers` are
    all header lines. `now` is in seconds since 1970.
    """
    challenge = rules.challenge(now)
    presented = read_request(headers, rules.algorithms, challenge)
    judged = judge(rules, keys, presented, method, path, now)
    if judged.replay_key is not None:
        settle(remember(replay, judged.replay_key, now), challenge)
    return judged.caller


def judge(rules: Rules, keys: Keys, presented: Presented, method: str, path: str, now: float) -> Judged:
    """Everything that needs no memory."""
    challenge = rules.challenge(now)
    try:
        caller = read_token(presented.jws, _key(presented, keys), rules.issuer, rules.audience, now)
    except _jose.Malformed as broken:
        raise challenge.token(str(broken), presented.scheme) from None
    if caller.jkt is None:
        if presented.scheme != "Bearer" or not rules.allow_bearer:
            raise challenge.token("it is bound to no key, which this API asks for", presented.scheme)
        return Judged(caller, None)
    if presented.scheme != "DPoP":
        # Whoever stole it has no proof to send (RFC 9449 §7.2).
        raise challenge.token("it is bound to a key; send it with the scheme DPoP and a proof", presented.scheme)
    target = target_of(rules.url.removesuffix("/") + path.partition("?")[0])
    asked = Asked(method, target, presented.token, caller.jkt, now)
    return Judged(caller, check_proof(presented.proofs, asked, rules.nonces, challenge))


def remember(replay: ReplayMemory, key: bytes, now: float) -> bool | Awaitable[bool]:
    """Ask the memory; a full one lets nobody in."""
    try:
        return replay.first_time(key, now)
    except ReplayMemoryFull:
        raise unavailable(_FULL) from None


def settle(first: object, challenge: Challenge) -> None:
    """Refuse a proof seen before, and an answer that is none: only True lets anybody in."""
    if first is False:
        raise challenge.proof(_USED_BEFORE)
    if first is not True:
        raise ConfigurationError("this replay memory does not answer at once with True or False: use acheck")


def _key(presented: Presented, keys: Keys) -> _jose.VerifyKey:
    key = keys.get(presented.kid)
    if key is None:
        raise _jose.Malformed("its kid names no key of the issuer")
    if key.algorithm != presented.algorithm:
        raise _jose.Malformed("its alg is not that of the issuer's key")
    return key
