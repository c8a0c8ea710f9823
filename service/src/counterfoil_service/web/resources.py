# SPDX-License-Identifier: Apache-2.0
"""Who calls one of our own endpoints with an access token: the person, as long as their session lives [R67, R88].

The token alone is worth nothing where it is bound to a key: the proof must be by that key and for this very token
(RFC 9449 §7). Revocation counts at once here, as every call reads the session.
"""

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.grant import AccessClaims
from counterfoil_service.crypto import dpop
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.db.sessions import Session
from counterfoil_service.db.users import User
from counterfoil_service.operations.describe_person import describe_person
from counterfoil_service.web.access_tokens import claims_of
from counterfoil_service.web.services import AnyRequest, services_of


class Holder(msgspec.Struct, frozen=True):
    """Whose token it is. `scope` is the token's, which may be narrower than the session's."""

    session: Session
    user: User
    scope: tuple[str, ...]
    proof: Proof | None

    def __repr__(self) -> str:
        return f"Holder(session={self.session!r})"


async def holder_of(request: AnyRequest, path: str) -> Holder:
    """The caller, or the Refusal that says what to send. `path` is the endpoint's, below the issuer."""
    services = services_of(request)
    scheme, token = _credentials(request)
    claims = await claims_of(request, token)
    if claims is None:
        raise _invalid("The access token is not valid any more, or was never ours: refresh it, or sign in again.")
    proof = await _proof_of(request, path, token) if scheme == "dpop" else None
    _check_binding(claims, proof, services.settings.public_url)
    limits = services.settings.session_limits
    person = await services.database.read(describe_person, claims.sid, limits, services.clock())
    if person is None:
        raise _invalid("The session of this access token has ended: sign in again.")
    return Holder(person.session, person.user, tuple(claims.scope.split()), proof)


def _credentials(request: AnyRequest) -> tuple[str, str]:
    headers = request.headers.getall("authorization", [])
    if len(headers) > 1:
        raise Refusal(ErrorCode.INVALID_REQUEST, "Authorization: send exactly one header")
    scheme, _, token = (headers[0] if headers else "").partition(" ")
    if scheme.lower() not in {"dpop", "bearer"}:
        raise _invalid("Send an access token: Authorization: DPoP, and a DPoP proof with its hash (RFC 9449, 7.1).")
    return scheme.lower(), token.strip()


async def _proof_of(request: AnyRequest, path: str, token: str) -> Proof:
    services = services_of(request)
    now = services.clock()
    proof = dpop.verify(
        request.headers.getall("dpop", []),
        method=request.method,
        url=services.settings.public_url + path,
        now=now,
        nonces=services.nonces,
        access_token=token,
    )
    await services.shared.replay.remember(proof.replay_key, now)
    return proof


def _check_binding(claims: AccessClaims, proof: Proof | None, issuer: str) -> None:
    if (proof.jkt if proof else None) == claims.jkt:
        if claims.jkt is None and claims.aud != issuer:
            # Nothing tells the device from an API that it showed this token to.
            raise _invalid("This bearer token is meant for another audience than this service.")
        return
    if claims.jkt is None:
        raise _invalid("This token is not bound to a key: send it with the scheme Bearer and without a proof.")
    if proof is None:
        raise _invalid("This token is bound to a key: send it with the scheme DPoP and a proof by that key.")
    raise _invalid("The proof was made by another key than the one this token is bound to.")


def _invalid(description: str) -> Refusal:
    return Refusal(ErrorCode.INVALID_TOKEN, description)
