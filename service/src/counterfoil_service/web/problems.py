# SPDX-License-Identifier: Apache-2.0
"""The one error table: what is thrown inside, and what goes out for it.

Under `/oauth/` the body is RFC 6749's, everywhere else RFC 9457's; link pages have their own. What is not in
the table is a bare 500 whose id finds the log entry: its text stays inside.
"""

import logging
import secrets
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException
from litestar.types import Scope

from counterfoil_service.core.budget import LimitRefusal
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.mail_code import CodeMismatch
from counterfoil_service.core.polling import AccessDenied
from counterfoil_service.core.words import N_
from counterfoil_service.web.challenges import challenge_of, status_at
from counterfoil_service.web.gate import REFUSED_BY, REQUEST_ID
from counterfoil_service.web.services import AnyRequest, services_of
from counterfoil_service.web.wire import OAuthError, Problem

log = logging.getLogger(__name__)

_SERVER_ERRORS = 500
_UNREADABLE = N_("The request cannot be read.")
_STATUS = {
    ErrorCode.INVALID_CLIENT: 401,
    ErrorCode.INVALID_TOKEN: 401,
    ErrorCode.INSUFFICIENT_USER_AUTHENTICATION: 401,
    ErrorCode.INSUFFICIENT_SCOPE: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.REQUEST_TOO_LARGE: 413,
    ErrorCode.SERVER_ERROR: 500,
    ErrorCode.TEMPORARILY_UNAVAILABLE: 503,
}
_TITLES = {
    400: N_("The request is not right"),
    401: N_("Authentication is needed"),
    403: N_("This is not allowed"),
    404: N_("There is nothing here"),
    405: N_("This address takes another method"),
    413: N_("The request is too large"),
    429: N_("Too many requests"),
    500: N_("Something went wrong"),
    503: N_("The service cannot answer right now"),
}
_HTTP = {
    404: (ErrorCode.NOT_FOUND, N_("There is nothing at this address.")),
    405: (ErrorCode.METHOD_NOT_ALLOWED, "This address takes another method; see the Allow header."),
}


def request_id(scope: Scope) -> str:
    """The id of this request: in the error's `instance` and in the log."""
    state: dict[str, Any] = scope["state"]
    made: str = state.setdefault(REQUEST_ID, secrets.token_hex(8))
    return made


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal; `slow_down` is a limit where it says how long to wait, else RFC 8628's 400."""
    if refusal.code is ErrorCode.SLOW_DOWN and refusal.retry_after is not None:
        return 429
    return _STATUS.get(refusal.code, 400)


def as_refusal(error: Exception, request: AnyRequest) -> Refusal:
    """Any exception as what may be said of it."""
    if isinstance(error, LimitRefusal):
        request.scope["state"][REFUSED_BY] = error.quota.name
    if isinstance(error, Refusal):
        return error
    if isinstance(error, HTTPException) and error.status_code < _SERVER_ERRORS:
        code, description = _HTTP.get(error.status_code, (ErrorCode.INVALID_REQUEST, _UNREADABLE))
        return Refusal(code, description)
    identity = request_id(request.scope)
    log.error("request %s failed: %s", identity, type(error).__name__, exc_info=error)
    template = N_("Something went wrong; the operator finds it under %(reference)s.")
    return Refusal(ErrorCode.SERVER_ERROR, template, words={"reference": identity})


def title_of(status: int) -> str:
    """A short title for people."""
    return _TITLES[status]


def headers_of(refusal: Refusal, error: Exception) -> dict[str, str]:
    """`Retry-After`, `RateLimit`, `WWW-Authenticate` and `Allow`, where they are due."""
    headers: dict[str, str] = {}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    if isinstance(refusal, LimitRefusal):
        headers |= refusal.quota.fields
    if refusal.code is ErrorCode.INVALID_CLIENT:
        headers["WWW-Authenticate"] = 'Basic realm="counterfoil", charset="UTF-8"'
    if isinstance(error, HTTPException) and error.headers:
        headers.update({name: value for name, value in error.headers.items() if name.lower() == "allow"})
    return headers


def handle_error(request: AnyRequest, error: Exception) -> Response[bytes]:
    """The answer of the JSON endpoints."""
    refusal = as_refusal(error, request)
    status = status_at(request, refusal, status_of(refusal))
    headers = headers_of(refusal, error)
    challenge = challenge_of(request, refusal)
    if challenge is not None:
        headers["WWW-Authenticate"] = challenge
    if request.scope["path"].startswith(f"{urlsplit(services_of(request).settings.public_url).path}/oauth/"):
        body: msgspec.Struct = OAuthError(
            error=refusal.code.value,
            error_description=refusal.description,
            instance=request_id(request.scope),
            reason=refusal.reason if isinstance(refusal, AccessDenied) else None,
            tries_left=refusal.tries_left if isinstance(refusal, CodeMismatch) else None,
        )
        media_type = "application/json"
    else:
        body = Problem(
            type="about:blank",
            title=title_of(status),
            status=status,
            detail=refusal.description,
            instance=request_id(request.scope),
            error=refusal.code.value,
            error_description=refusal.description,
        )
        media_type = "application/problem+json"
    return Response(msgspec.json.encode(body), status_code=status, headers=headers, media_type=media_type)
