# SPDX-License-Identifier: Apache-2.0
"""Access tokens of ours, met again: verified against our own key set, retired keys among it [R77]."""

import msgspec

from counterfoil_service.core.grant import AccessClaims
from counterfoil_service.crypto import jwt
from counterfoil_service.web.services import AnyRequest, services_of


async def claims_of(request: AnyRequest, token: str) -> AccessClaims | None:
    """The claims, where signature, type, issuer and time are right; whether the session lives is not asked."""
    services = services_of(request)
    now = services.clock()
    payload = jwt.verified(token, await services.signers.verifiers(now))
    if payload is None:
        return None
    claims = msgspec.json.decode(payload, type=AccessClaims)
    return claims if claims.holds(services.settings.public_url, now) else None
