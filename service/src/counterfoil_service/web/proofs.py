# SPDX-License-Identifier: Apache-2.0
"""The DPoP proof of a request (RFC 9449): checked against the configured public URL, never against `Host` [R62]."""

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.crypto import dpop
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.web.request_headers import headers_named
from counterfoil_service.web.services import AnyRequest, services_of


async def proof_of(request: AnyRequest, path: str) -> Proof | None:
    """The verified proof, None when the request carries none. `path` is the endpoint's, below the issuer."""
    services = services_of(request)
    headers = headers_named(request, b"dpop")
    if not headers:
        return None
    now = services.clock()
    proof = dpop.verify(
        headers, method=request.method, url=services.settings.public_url + path, now=now, nonces=services.nonces
    )
    await services.shared.replay.remember(proof.replay_key, now)
    return proof


def required(proof: Proof | None) -> Proof:
    """The proof, or the Refusal for its absence."""
    if proof is None:
        raise Refusal(ErrorCode.INVALID_DPOP_PROOF, "DPoP: send exactly one proof header (RFC 9449, 4.3)")
    return proof
