# SPDX-License-Identifier: Apache-2.0
"""Ask whether a token is good right now (RFC 7662): for APIs to which five minutes of a revoked token are too long."""

from typing import Any

import msgspec
from litestar import Response
from litestar.enums import HttpMethod

from counterfoil_service.core.application import Application
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.grant import ACR
from counterfoil_service.core.login import SECOND
from counterfoil_service.core.session import ends_at
from counterfoil_service.operations.introspect_token import introspect_access_token, introspect_refresh_token
from counterfoil_service.web.access_tokens import claims_of
from counterfoil_service.web.clients import authenticate_client
from counterfoil_service.web.endpoints import endpoint
from counterfoil_service.web.forms import read_form
from counterfoil_service.web.services import AnyRequest, services_of

INTROSPECTION_PATH = "/oauth/introspect"
_INACTIVE: dict[str, Any] = {"active": False}


@endpoint(INTROSPECTION_PATH, HttpMethod.POST)
async def introspect(request: AnyRequest) -> Response[bytes]:
    """One answer for every token that is not good, or is none of the caller's business [R86]."""
    form = await read_form(request)
    caller = await authenticate_client(request, form)
    if not caller.confidential:
        raise Refusal(ErrorCode.INVALID_CLIENT, "only an application with a client secret may introspect tokens")
    token = form.required("token", at_most=16_384)
    answer = await _access_token(request, token, caller) or await _refresh_token(request, token, caller) or _INACTIVE
    return Response(msgspec.json.encode(answer), media_type="application/json")


async def _access_token(request: AnyRequest, token: str, caller: Application) -> dict[str, Any] | None:
    services = services_of(request)
    claims = await claims_of(request, token)
    if claims is None:
        return None
    limits = services.settings.session_limits
    if await services.database.read(introspect_access_token, claims, caller, limits, services.clock()) is None:
        return None
    token_type = "Bearer" if claims.cnf is None else "DPoP"
    members: dict[str, Any] = msgspec.to_builtins(claims)
    return {"active": True, "token_type": token_type} | members


async def _refresh_token(request: AnyRequest, token: str, caller: Application) -> dict[str, Any] | None:
    services = services_of(request)
    limits = services.settings.session_limits
    person = await services.database.read(introspect_refresh_token, token, caller, limits, services.clock())
    if person is None:
        return None
    session = person.session
    ends = ends_at(created_at=session.created_at, last_used_at=session.last_used_at, limits=limits)
    answer = {
        "active": True,
        "iss": services.settings.public_url,
        "sub": session.user_id,
        "client_id": session.application_id,
        "scope": session.scope,
        "exp": ends // SECOND,
        "sid": session.id,
        "auth_time": session.auth_time // SECOND,
        "acr": ACR,
        "amr": session.amr.split(),
    }
    return answer if session.jkt is None else answer | {"cnf": {"jkt": session.jkt}}
