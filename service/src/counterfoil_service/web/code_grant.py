# SPDX-License-Identifier: Apache-2.0
"""`grant_type=authorization_code`: the code that a browser carried home becomes a session (protocol.md §4)."""

from litestar import Response
from msgspec.structs import replace

from counterfoil_service.core import pkce, redirects
from counterfoil_service.core.application import Application
from counterfoil_service.core.errors import Refusal
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.operations.redeem_code import RedeemCode, redeem_code
from counterfoil_service.web.caller import source_of, user_agent_of
from counterfoil_service.web.fingerprints import evidence
from counterfoil_service.web.forms import Form
from counterfoil_service.web.limits import alerting
from counterfoil_service.web.polling import tokens_response
from counterfoil_service.web.services import AnyRequest, services_of

AUTHORIZATION_CODE_GRANT = "authorization_code"


async def answer_code(
    request: AnyRequest, form: Form, application: Application, proof: Proof | None
) -> Response[bytes]:
    """Tokens, once for each code; no refusal tells which part of what was sent did not fit."""
    services = services_of(request)
    verifier = form.required("code_verifier")
    pkce.check_verifier(verifier)
    command = RedeemCode(
        application=application,
        code=form.required("code"),
        redirect_uri=form.required("redirect_uri", at_most=redirects.MAX_URI),
        verifier=verifier,
        proof=proof,
        evidence=evidence(request, form, application),
        source=str(source_of(request)),
        user_agent=user_agent_of(request),
    )
    key = await services.signers.signer(services.clock())
    write = services.database.write
    redeemed = await alerting(request, lambda charged: write(redeem_code, replace(command, charged=charged)))
    if isinstance(redeemed, Refusal):
        raise redeemed
    if redeemed.noticed:
        services.wake_mail()
    return tokens_response(redeemed, key, services.settings.public_url)
