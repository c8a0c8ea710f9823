# SPDX-License-Identifier: Apache-2.0
"""`/.counterfoil/` on a protected host: a cookie of the issuer's host says nothing there, so that host gets its own.

The proxy passes these two addresses to us. We are an application of ourselves then: the way leads to the issuer's
`/oauth/authorize` and back with a code, bound by a cookie of that host, so that nobody can be walked into another
person's session (RFC 9700 §4.7).
"""

import hmac
from typing import Final
from urllib.parse import quote, urlencode

import msgspec
from litestar import Response, Router, get
from litestar.datastructures import Cookie

from counterfoil_service.core import link, pkce
from counterfoil_service.core.application import OWN_ID
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import base64url, unbase64url
from counterfoil_service.core.login import SECOND
from counterfoil_service.core.return_path import check_return_path
from counterfoil_service.crypto.keys import CannotUnseal, digest, framed, keyed, seal, unseal
from counterfoil_service.operations.enter_host import EnterHost, enter_host
from counterfoil_service.operations.redeem_code import RedeemCode
from counterfoil_service.web.browser.answers import go
from counterfoil_service.web.browser.authorize import AUTHORIZE_PATH
from counterfoil_service.web.browser.cookies import session_cookie, session_of
from counterfoil_service.web.browser.forward_auth import START_PATH
from counterfoil_service.web.browser.original import CALLBACK_PATH, Place, place_of
from counterfoil_service.web.browser.query import Query
from counterfoil_service.web.caller import source_of, user_agent_of
from counterfoil_service.web.link_pages import handle_page_error
from counterfoil_service.web.services import AnyRequest, services_of

BINDING_COOKIE: Final = "__Host-counterfoil-start"
BINDING_SECONDS: Final = 900
"""As long as a person may take to sign in, with the page that asks for the address."""


class _Binding(msgspec.Struct, frozen=True):
    """What the browser carries, sealed, while it is away: `at` in microseconds UTC."""

    verifier: str
    path: str
    at: int


@get(START_PATH, status_code=303)
async def start(request: AnyRequest) -> Response[str]:
    """To the issuer, for a code."""
    place = await _protected_place(request)
    services = services_of(request)
    path = check_return_path(Query(request.scope["query_string"]).get("rd", at_most=4096) or "/")
    entropy = services.database.context().entropy
    binding = _Binding(link.make(entropy), path, services.clock())
    plain = msgspec.json.encode(binding)
    sealed = base64url(seal(services.keys.seal_request, plain, associated=_where(place), entropy=entropy))
    asked = {
        "response_type": "code",
        "client_id": place.application.id,
        "redirect_uri": place.origin + CALLBACK_PATH,
        "code_challenge": pkce.challenge_of(binding.verifier),
        "code_challenge_method": pkce.METHOD,
        "state": _state(request, sealed),
    }
    query = urlencode(asked, quote_via=quote, safe="")
    return go(f"{services.settings.public_url}{AUTHORIZE_PATH}?{query}", [_binding_cookie(sealed, BINDING_SECONDS)])


@get(CALLBACK_PATH, status_code=303)
async def callback(request: AnyRequest) -> Response[str]:
    """Back with the code: signed in on this host, and on to where the person wanted to go."""
    place = await _protected_place(request)
    services = services_of(request)
    query = Query(request.scope["query_string"])
    binding = _binding(request, place, query)
    if query.get("error") is not None:
        raise Refusal(ErrorCode.ACCESS_DENIED, "The sign-in did not succeed: open the page again to start anew")
    replaced = session_of(request)
    redemption = RedeemCode(
        application=place.application,
        code=query.required("code"),
        redirect_uri=place.origin + CALLBACK_PATH,
        verifier=binding.verifier,
        proof=None,
        fingerprint=None,
        source=str(source_of(request)),
        user_agent=user_agent_of(request),
    )
    command = EnterHost(redemption, None if replaced is None else digest(replaced))
    entered = await services.database.write(enter_host, command)
    if isinstance(entered, Refusal):
        raise entered
    cookies = [session_cookie(entered, services.settings.session_lifetime), _binding_cookie("", 0)]
    return go(place.origin + binding.path, cookies)


async def _protected_place(request: AnyRequest) -> Place:
    place = await place_of(request)
    if place is None or place.application.id == OWN_ID:
        raise Refusal(ErrorCode.NOT_FOUND, "There is nothing at this address.")
    return place


def _binding(request: AnyRequest, place: Place, query: Query) -> _Binding:
    """What this very browser took along from this very host, for the very request that comes back."""
    services = services_of(request)
    sealed = request.cookies.get(BINDING_COOKIE, "")
    state, issuer = query.get("state") or "", query.get("iss")
    try:
        plain = unseal(services.keys.seal_request, unbase64url(sealed), associated=_where(place))
    except (CannotUnseal, ValueError):
        raise _not_bound() from None
    binding = msgspec.json.decode(plain, type=_Binding)
    fits = hmac.compare_digest(state.encode(), _state(request, sealed).encode())
    late = services.clock() >= binding.at + BINDING_SECONDS * SECOND
    if late or not fits or issuer != services.settings.public_url:
        raise _not_bound()
    return binding


def _not_bound() -> Refusal:
    return Refusal(
        ErrorCode.INVALID_REQUEST, "This browser did not start that sign-in here, or too long ago: open the page again"
    )


def _state(request: AnyRequest, sealed: str) -> str:
    return base64url(keyed(services_of(request).keys.csrf, b"start", sealed.encode()))


def _where(place: Place) -> bytes:
    return framed(b"start", place.origin.encode())


def _binding_cookie(value: str, seconds: int) -> Cookie:
    return Cookie(BINDING_COOKIE, value=value, path="/", max_age=seconds, secure=True, httponly=True, samesite="lax")


def host_router() -> Router:
    """At the root of every host, whatever path the issuer has."""
    return Router("/", route_handlers=[start, callback], exception_handlers={Exception: handle_page_error})
