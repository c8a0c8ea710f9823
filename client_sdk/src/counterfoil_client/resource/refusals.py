# SPDX-License-Identifier: Apache-2.0
"""How an API says no: status, error code and challenge (RFC 6750 §3, RFC 9449 §7.1 and §9, RFC 9470)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from counterfoil_client.errors import CounterfoilError

PROOF_ALGORITHMS = ("ES256",)
"""What a proof may be signed with: the algorithms the service itself takes."""

Scheme: TypeAlias = Literal["DPoP", "Bearer"]


class NotAuthorized(CounterfoilError):  # noqa: N818 - an API reads "except NotAuthorized", and the base says error
    """This request may not pass. Answer with `status` and `headers`; `error` and `description` may be shown.

    401: sign in, or prove it better. 403: signed in, but not allowed this. 503: nobody can tell now, so nobody
    passes. `error` is None where the request carried nothing to judge (RFC 6750 §3.1).
    """

    advice = "Sign in again, or show this message to whoever runs this application."

    def __init__(self, status: int, error: str | None, description: str, headers: Mapping[str, str]) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description
        self.headers = dict(headers)

    def __reduce__(self) -> tuple[type["NotAuthorized"], tuple[int, str | None, str, dict[str, str]]]:
        return type(self), (self.status, self.error, self.description, self.headers)

    @property
    def body(self) -> dict[str, str]:
        """What a JSON answer says."""
        named = {} if self.error is None else {"error": self.error}
        return {**named, "error_description": self.description}


@dataclass(frozen=True, slots=True)
class Challenge:
    """Writes refusals for one API: which schemes it takes, and the nonce it hands out."""

    allow_bearer: bool
    nonce: str | None = None

    def missing(self) -> NotAuthorized:
        """Nothing was presented."""
        return self._refusal(401, None, "Send an access token with the scheme DPoP, and a proof.", "DPoP")

    def malformed(self, description: str) -> NotAuthorized:
        """The request contradicts itself."""
        return self._refusal(400, "invalid_request", description, "DPoP")

    def token(self, rule: str, scheme: Scheme) -> NotAuthorized:
        """The access token is not good here."""
        return self._refusal(401, "invalid_token", f"The access token is not valid: {rule}.", scheme)

    def proof(self, rule: str) -> NotAuthorized:
        """The proof is not good for this request."""
        return self._refusal(401, "invalid_dpop_proof", f"The DPoP proof is not valid: {rule}.", "DPoP")

    def stale_nonce(self) -> NotAuthorized:
        """The proof is good, but for a nonce it lacks or has kept too long."""
        return self._refusal(401, "use_dpop_nonce", "Make a new proof with the nonce of DPoP-Nonce.", "DPoP")

    def scope(self, scopes: frozenset[str], scheme: Scheme) -> NotAuthorized:
        """The token allows less than this needs."""
        named = " ".join(sorted(scopes))
        return self._refusal(403, "insufficient_scope", "The access token lacks a scope.", scheme, scope=named)

    def too_long_ago(self, max_age: int, scheme: Scheme) -> NotAuthorized:
        """The person signed in too long ago for this (RFC 9470 §3)."""
        text = "A more recent sign-in is needed."
        return self._refusal(401, "insufficient_user_authentication", text, scheme, max_age=str(max_age))

    def _refusal(self, status: int, error: str | None, description: str, scheme: Scheme, **more: str) -> NotAuthorized:
        # Where Bearer is not taken at all, the only way forward is DPoP.
        spoken: Scheme = scheme if self.allow_bearer else "DPoP"
        told = {} if error is None else {"error": error, "error_description": description}
        challenges = [_challenge(spoken, {**told, **more})]
        if self.allow_bearer:
            challenges.append(_challenge("Bearer" if spoken == "DPoP" else "DPoP", {}))
        headers = {"WWW-Authenticate": ", ".join(challenges), "Cache-Control": "no-store"}
        if self.nonce is not None:
            headers["DPoP-Nonce"] = self.nonce
        return NotAuthorized(status, error, description, headers)


def unavailable(description: str) -> NotAuthorized:
    """Nobody can tell now whether this request may pass, so it may not."""
    headers = {"Retry-After": "5", "Cache-Control": "no-store"}
    return NotAuthorized(503, "temporarily_unavailable", description, headers)


def _challenge(scheme: Scheme, told: dict[str, str]) -> str:
    """One challenge. Its values are sentences and checked scopes of ours, so that nothing needs an escape."""
    values = {**told, "algs": " ".join(PROOF_ALGORITHMS)} if scheme == "DPoP" else told
    written = ", ".join(f'{name}="{value}"' for name, value in values.items())
    return f"{scheme} {written}" if written else scheme
