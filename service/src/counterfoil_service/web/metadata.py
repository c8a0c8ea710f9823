# SPDX-License-Identifier: Apache-2.0
"""What the service says of itself: authorization server metadata (RFC 8414) and its public keys (RFC 7517)."""

import msgspec
from litestar import Response, route
from litestar.enums import HttpMethod

from counterfoil_service.core.languages import LANGUAGES
from counterfoil_service.core.pkce import METHOD
from counterfoil_service.web import oauth
from counterfoil_service.web.browser.authorize import AUTHORIZE_PATH
from counterfoil_service.web.challenges import USERINFO_PATH
from counterfoil_service.web.introspection import INTROSPECTION_PATH
from counterfoil_service.web.mail_code import MAIL_CODE_PATH
from counterfoil_service.web.revocation import REVOCATION_PATH
from counterfoil_service.web.services import AnyRequest, services_of
from counterfoil_service.web.signers import KEY_SET_MAX_AGE

WELL_KNOWN = "/.well-known/oauth-authorization-server"
KEY_SET_PATH = "/.well-known/jwks.json"
READ = [HttpMethod.GET, HttpMethod.HEAD]
"""A plain GET route of Litestar answers 405 to HEAD, which RFC 9110 §9.1 asks of everything that can be read."""
_CACHED = {"Cache-Control": f"public, max-age={KEY_SET_MAX_AGE}"}


async def authorization_server(request: AnyRequest) -> Response[bytes]:
    """RFC 8414 metadata: what works today, and nothing else."""
    issuer = services_of(request).settings.public_url
    document = {
        "issuer": issuer,
        "authorization_endpoint": issuer + AUTHORIZE_PATH,
        "device_authorization_endpoint": issuer + oauth.DEVICE_AUTHORIZATION_PATH,
        "token_endpoint": issuer + oauth.TOKEN_PATH,
        "mail_code_endpoint": issuer + MAIL_CODE_PATH,
        "revocation_endpoint": issuer + REVOCATION_PATH,
        "introspection_endpoint": issuer + INTROSPECTION_PATH,
        "userinfo_endpoint": issuer + USERINFO_PATH,
        "jwks_uri": issuer + KEY_SET_PATH,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(oauth.GRANTS),
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "revocation_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": [METHOD],
        "authorization_response_iss_parameter_supported": True,
        "dpop_signing_alg_values_supported": ["ES256"],
        "ui_locales_supported": list(LANGUAGES),
    }
    return Response(msgspec.json.encode(document), media_type="application/json", headers=_CACHED)


@route(KEY_SET_PATH, http_method=READ)
async def key_set(request: AnyRequest) -> Response[bytes]:
    """The keys that verify access tokens."""
    services = services_of(request)
    keys = await services.signers.key_set(services.clock())
    return Response(msgspec.json.encode({"keys": keys}), media_type="application/json", headers=_CACHED)
