# SPDX-License-Identifier: Apache-2.0
"""How endpoints that take an access token say no: 401 or 403 and what to send instead (RFC 6750 §3, RFC 9449 §7)."""

from urllib.parse import urlsplit

from litestar.types import Scope

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.login import SECOND
from counterfoil_service.core.session import FRESH
from counterfoil_service.crypto.dpop import ALGORITHMS
from counterfoil_service.settings import Settings
from counterfoil_service.web.services import AnyRequest, services_of

USERINFO_PATH = "/oauth/userinfo"
ME_PATH = "/me/"
AUDIT_PATHS = ("/audit/", "/log/")

_PROOF_ERRORS = {ErrorCode.INVALID_DPOP_PROOF, ErrorCode.USE_DPOP_NONCE}
_CHALLENGED = _PROOF_ERRORS | {
    ErrorCode.INVALID_TOKEN,
    ErrorCode.INSUFFICIENT_SCOPE,
    ErrorCode.INSUFFICIENT_USER_AUTHENTICATION,
}
_BARE = 'Bearer realm="audit"'
_ALGORITHMS = f'algs="{" ".join(ALGORITHMS)}"'


def takes_access_token(scope: Scope, settings: Settings) -> bool:
    """Whether this is one of our own endpoints that an access token opens."""
    path, base = scope["path"], urlsplit(settings.public_url).path
    return path == base + USERINFO_PATH or path.startswith(base + ME_PATH)


def takes_operator_token(scope: Scope, settings: Settings) -> bool:
    """Whether this is one of the endpoints that an auditor's token opens."""
    base = urlsplit(settings.public_url).path
    return any(scope["path"].startswith(base + prefix) for prefix in AUDIT_PATHS)


def status_at(request: AnyRequest, refusal: Refusal, status: int) -> int:
    """401 for a bad proof beside an access token (RFC 9449 §7.1), elsewhere what the table says."""
    beside_token = refusal.code in _PROOF_ERRORS and takes_access_token(request.scope, services_of(request).settings)
    return 401 if beside_token else status


def challenge_of(request: AnyRequest, refusal: Refusal) -> str | None:
    """The `WWW-Authenticate` header, or None where none is due; a request without a token is told no error."""
    settings = services_of(request).settings
    if refusal.code in _CHALLENGED and takes_operator_token(request.scope, settings):
        return f'Bearer realm="audit", error="{refusal.code.value}"' if "authorization" in request.headers else _BARE
    if refusal.code not in _CHALLENGED or not takes_access_token(request.scope, settings):
        return None
    scheme = request.headers.get("authorization", "").partition(" ")[0].lower()
    if scheme not in {"dpop", "bearer"}:
        return f"DPoP {_ALGORITHMS}"
    error = f'error="{refusal.code.value}", error_description="{refusal.description}"'
    if refusal.code is ErrorCode.INSUFFICIENT_USER_AUTHENTICATION:
        error += f", max_age={FRESH // SECOND}"
    return f"Bearer {error}, DPoP {_ALGORITHMS}" if scheme == "bearer" else f"DPoP {error}, {_ALGORITHMS}"
