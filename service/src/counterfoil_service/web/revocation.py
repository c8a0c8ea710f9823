# SPDX-License-Identifier: Apache-2.0
"""Give up what a token stands for: a session, or a login that is still waited for (RFC 7009, protocol.md §6)."""

from litestar import Response
from litestar.enums import HttpMethod
from msgspec.structs import replace

from counterfoil_service.operations.revoke_token import RevokeToken, revoke_token
from counterfoil_service.web.access_tokens import claims_of
from counterfoil_service.web.caller import source_of, user_agent_of
from counterfoil_service.web.clients import authenticate_client
from counterfoil_service.web.endpoints import endpoint
from counterfoil_service.web.forms import read_form
from counterfoil_service.web.limits import alerting
from counterfoil_service.web.proofs import proof_of, required
from counterfoil_service.web.services import AnyRequest, services_of

REVOCATION_PATH = "/oauth/revoke"


@endpoint(REVOCATION_PATH, HttpMethod.POST)
async def revoke(request: AnyRequest) -> Response[bytes]:
    """200 for whatever is dead afterwards. A `token_type_hint` is not needed: a token's shape says what it is."""
    database = services_of(request).database
    form = await read_form(request)
    application = await authenticate_client(request, form)
    proof = await proof_of(request, REVOCATION_PATH)
    if application.dpop == "required":
        required(proof)
    token = form.required("token", at_most=16_384)
    command = RevokeToken(
        application_id=application.id,
        token=token,
        claims=await claims_of(request, token),
        proof=proof,
        source=str(source_of(request)),
        user_agent=user_agent_of(request),
    )
    await alerting(request, lambda charged: database.write(revoke_token, replace(command, charged=charged)))
    return Response(b"", media_type="application/json")
