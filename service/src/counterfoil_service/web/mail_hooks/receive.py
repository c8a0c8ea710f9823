# SPDX-License-Identifier: Apache-2.0
"""Where mail providers tell what became of a mail (protocol.md §6): verified first, then read, then written [R119]."""

from typing import cast

from litestar import Response, post
from litestar.params import FromPath

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.mail_report import Provider
from counterfoil_service.operations.record_delivery import record_delivery
from counterfoil_service.operations.refuse_webhook import RefuseWebhook, refuse_webhook
from counterfoil_service.web.bodies import read_body
from counterfoil_service.web.limits import charge_network
from counterfoil_service.web.mail_hooks.incoming import Incoming, Unverified
from counterfoil_service.web.services import AnyRequest, services_of

MAX_REPORT_BYTES = 64 * 1024
"""Some reports quote all headers of the mail."""


@post("/hooks/mail/{provider:str}", status_code=200)
async def receive_report(request: AnyRequest, provider: FromPath[str]) -> Response[bytes]:
    """200 and nothing else for whatever is genuine, of use or not: to some providers another status means "again"."""
    services = services_of(request)
    scheme = services.mail_hooks.schemes.get(provider)
    if scheme is None:
        raise Refusal(ErrorCode.NOT_FOUND, "There is nothing at this address.")
    headers: dict[str, str] = {}
    for name, value in request.scope["headers"]:
        headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    incoming = Incoming(headers, await read_body(request, at_most=MAX_REPORT_BYTES), services.clock())
    try:
        accepted = await scheme.accept(incoming)
    except Unverified as unverified:
        await charge_network(request, "range_reports")
        await _note(request, cast("Provider", provider), unverified)
        raise Refusal(ErrorCode.INVALID_CLIENT, "The report cannot be verified.") from None
    if accepted.report is not None or accepted.nonce is not None:
        await services.database.write(record_delivery, accepted)
    return Response(b"", media_type="text/plain")


async def _note(request: AnyRequest, provider: Provider, unverified: Unverified) -> None:
    services = services_of(request)
    refused = services.mail_hooks.refusals.to_tell(provider, services.clock())
    if refused:
        await services.database.write(refuse_webhook, RefuseWebhook(provider, unverified.doubt, refused))
