# SPDX-License-Identifier: Apache-2.0
"""Which application calls, and whether it may say so (RFC 6749 §2.3)."""

import base64
import binascii
import hmac
from urllib.parse import unquote_plus

from counterfoil_service.core.application import OWN_ID, Application
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.web.caller import source_of
from counterfoil_service.web.forms import Form
from counterfoil_service.web.limits import charge
from counterfoil_service.web.request_headers import header_named
from counterfoil_service.web.services import AnyRequest, services_of


async def authenticate_client(request: AnyRequest, form: Form) -> Application:
    """The application of this request, its secret checked where it has one."""
    services = services_of(request)
    client_id, secret = _credentials(request, form)
    application = await services.applications.get(client_id, services.clock())
    if application is None or application.id == OWN_ID:
        raise Refusal(ErrorCode.INVALID_CLIENT, "client_id: no application of this id is registered")
    if application.confidential:
        if secret is None or not await _passes(request, application, secret):
            raise Refusal(ErrorCode.INVALID_CLIENT, "this application must authenticate with its client secret")
    elif secret is not None:
        raise Refusal(ErrorCode.INVALID_CLIENT, "this application is registered as public and has no secret")
    return application


async def _passes(request: AnyRequest, application: Application, secret: str) -> bool:
    """Each look costs a hash, so there is an end to them; a secret in use is known, and costs none."""
    services = services_of(request)
    if services.secret_checks.remembers(application, secret, services.clock()):
        return True
    # By the very address: what strangers beside it try is not to keep a back-end out that starts just then.
    await charge(request, "client_secrets", str(source_of(request)), application.id)
    return await services.secret_checks.passes(application, secret, services.clock())


def _credentials(request: AnyRequest, form: Form) -> tuple[str, str | None]:
    header = header_named(request, b"authorization")
    if header is None:
        return form.required("client_id", at_most=100), form.get("client_secret")
    client_id, secret = _basic(header)
    named = form.get("client_id", at_most=100)
    if form.get("client_secret") is not None:
        raise Refusal(ErrorCode.INVALID_REQUEST, "authenticate by one method: header or body (RFC 6749, 2.3)")
    if named is not None and not hmac.compare_digest(named.encode(), client_id.encode()):
        raise Refusal(ErrorCode.INVALID_REQUEST, "client_id: the header and the body name different applications")
    return client_id, secret


def _basic(header: str) -> tuple[str, str]:
    scheme, _, value = header.partition(" ")
    malformed = Refusal(ErrorCode.INVALID_CLIENT, "Authorization: must be well-formed Basic credentials")
    if scheme.lower() != "basic":
        raise malformed
    try:
        client_id, _, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
        pair = unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except (ValueError, binascii.Error):
        raise malformed from None
    if "\0" in pair[0]:
        raise malformed
    return pair
