# SPDX-License-Identifier: Apache-2.0
"""`grant_type=refresh_token`: a session renews its tokens (protocol.md §4)."""

from litestar import Response
from msgspec.structs import replace

from counterfoil_service.core.application import Application
from counterfoil_service.core.grant import refused_refresh
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.operations.refresh_session import RefreshSession, refresh_session
from counterfoil_service.web.caller import source_of, user_agent_of
from counterfoil_service.web.fingerprints import evidence
from counterfoil_service.web.forms import Form
from counterfoil_service.web.limits import alerting
from counterfoil_service.web.polling import tokens_response
from counterfoil_service.web.services import AnyRequest, services_of

REFRESH_GRANT = "refresh_token"


async def answer_refresh(
    request: AnyRequest, form: Form, application: Application, proof: Proof | None
) -> Response[bytes]:
    """Fresh tokens of the same session."""
    services = services_of(request)
    command = RefreshSession(
        token=form.required("refresh_token", at_most=16_384),
        application=application,
        proof=proof,
        evidence=evidence(request, form, application),
        scope=form.get("scope"),
        source=str(source_of(request)),
        user_agent=user_agent_of(request),
    )
    key = await services.signers.signer(services.clock())
    write = services.database.write
    grant = await alerting(request, lambda charged: write(refresh_session, replace(command, charged=charged)))
    if grant is None:
        raise refused_refresh()
    return tokens_response(grant, key, services.settings.public_url)
