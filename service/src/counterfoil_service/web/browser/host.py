# SPDX-License-Identifier: Apache-2.0
"""`/.counterfoil/` on a protected host: a cookie of the issuer's host says nothing there, so that host gets its own.

The proxy passes these two addresses to us. We are an application of ourselves then: the way leads to the issuer's
`/oauth/authorize` and back with a code, bound by a cookie of that host, so that nobody can be walked into another
person's session (RFC 9700 §4.7).
"""

from collections.abc import Awaitable
from typing import Final
from urllib.parse import quote, urlencode

import msgspec
from litestar import Response, Router, get
from litestar.datastructures import Cookie
from msgspec.structs import replace

from counterfoil_service.core import link, pkce
from counterfoil_service.core.application import OWN_ID
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import base64url, unbase64url
from counterfoil_service.core.login import COLLECTION_WINDOW, SECOND
from counterfoil_service.core.return_path import check_return_path
from counterfoil_service.core.words import N_
from counterfoil_service.crypto.keys import CannotUnseal, digest, framed, seal, unseal
from counterfoil_service.operations.enter_host import EnterHost, enter_host
from counterfoil_service.operations.redeem_code import RedeemCode
from counterfoil_service.web.browser.answers import go
from counterfoil_service.web.browser.authorize import AUTHORIZE_PATH
from counterfoil_service.web.browser.cookies import read_cookie, session_cookie, session_of
from counterfoil_service.web.browser.forward_auth import START_PATH
from counterfoil_service.web.browser.original import CALLBACK_PATH, Place, place_of
from counterfoil_service.web.browser.query import Query
from counterfoil_service.web.browser.sealed import SEALED_SECONDS
from counterfoil_service.web.caller import source_of, user_agent_of
from counterfoil_service.web.limits import alerting
from counterfoil_service.web.page_errors import handle_page_error
from counterfoil_service.web.services import AnyRequest, services_of

BINDING_COOKIE: Final = "__Host-counterfoil-start"

_NOT_DONE = N_("The sign-in did not succeed: open the page again to start anew")
_NOT_BOUND = N_("This browser did not start that sign-in here, or too long ago: open the page again")


class _Carried(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the browser carries, sealed, while it is away: in the cookie its verifier, in `state` a path.

    One cookie serves all tabs of the host, so that no tab ends the sign-in of another; each has a `state` of its own. A
    path that is too long for a `state` lies in the cookie, the last one of them. `at` is in microseconds UTC.
    """

    at: int
    path: str | None = None
    verifier: str = ""

    def __repr__(self) -> str:
        # The verifier is a secret, and the path says what somebody reads: no log may ever show them.
        return "_Carried(...)"


@get(START_PATH, status_code=303)
async def start(request: AnyRequest) -> Response[str]:
    """To the issuer, for a code."""
    place = await _protected_place(request)
    services = services_of(request)
    path = check_return_path(Query(request.scope["query_string"]).get("rd", at_most=4096) or "/")
    now = services.clock()
    kept = _kept(request, place) or _Carried(now, verifier=link.make(services.database.context().entropy))
    state = _sealed(request, _Carried(now, path), _state_of(place, kept.verifier))
    too_long = len(state) > pkce.MAX_STATE
    if too_long:
        state = _sealed(request, _Carried(now), _state_of(place, kept.verifier))
    binding = _Carried(now, path if too_long else kept.path, kept.verifier)
    asked = {
        "response_type": "code",
        "client_id": place.application.id,
        "redirect_uri": place.origin + CALLBACK_PATH,
        "code_challenge": pkce.challenge_of(binding.verifier),
        "code_challenge_method": pkce.METHOD,
        "state": state,
    }
    query = urlencode(asked, quote_via=quote, safe="")
    cookie = _binding_cookie(_sealed(request, binding, _cookie_of(place)), _seconds(request))
    return go(f"{services.settings.public_url}{AUTHORIZE_PATH}?{query}", [cookie])


@get(CALLBACK_PATH, status_code=303)
async def callback(request: AnyRequest) -> Response[str]:
    """Back with the code: signed in on this host, and on to where the person wanted to go.

    The binding stays for the other tabs that are on their way, and opens nothing without a code of theirs.
    """
    place = await _protected_place(request)
    services = services_of(request)
    query = Query(request.scope["query_string"])
    verifier, path = _bound(request, place, query)
    if query.get("error") is not None:
        raise Refusal(ErrorCode.ACCESS_DENIED, _NOT_DONE)
    replaced = session_of(request)
    redemption = RedeemCode(
        application=place.application,
        code=query.required("code"),
        redirect_uri=place.origin + CALLBACK_PATH,
        verifier=verifier,
        proof=None,
        evidence=None,
        source=str(source_of(request)),
        user_agent=user_agent_of(request),
    )
    replaced_hash = None if replaced is None else digest(replaced)

    def enter(charged: bool) -> Awaitable[str | Refusal]:  # noqa: FBT001 - what `alerting` tells it
        return services.database.write(enter_host, EnterHost(replace(redemption, charged=charged), replaced_hash))

    entered = await alerting(request, enter)
    if isinstance(entered, Refusal):
        raise entered
    return go(place.origin + path, [session_cookie(entered, services.settings.session_lifetime)])


async def _protected_place(request: AnyRequest) -> Place:
    place = await place_of(request)
    if place is None or place.application.id == OWN_ID:
        raise Refusal(ErrorCode.NOT_FOUND, N_("There is nothing at this address."))
    return place


def _bound(request: AnyRequest, place: Place, query: Query) -> tuple[str, str]:
    """This browser's verifier on this host, and the path of the request that comes back, which was sealed for it."""
    kept = _kept(request, place)
    state = None if kept is None else _opened(request, query.get("state") or "", _state_of(place, kept.verifier))
    if kept is None or state is None or query.get("iss") != services_of(request).settings.public_url:
        raise _not_bound()
    return kept.verifier, state.path or kept.path or "/"


def _kept(request: AnyRequest, place: Place) -> _Carried | None:
    return _opened(request, read_cookie(request, BINDING_COOKIE) or "", _cookie_of(place))


def _not_bound() -> Refusal:
    return Refusal(ErrorCode.INVALID_REQUEST, _NOT_BOUND)


def _sealed(request: AnyRequest, carried: _Carried, associated: bytes) -> str:
    services = services_of(request)
    plain, entropy = msgspec.json.encode(carried), services.database.context().entropy
    return base64url(seal(services.keys.seal_request, plain, associated=associated, entropy=entropy))


def _opened(request: AnyRequest, sealed: str, associated: bytes) -> _Carried | None:
    """What was sealed for this place, and not too long ago."""
    services = services_of(request)
    try:
        plain = unseal(services.keys.seal_request, unbase64url(sealed), associated=associated)
    except (CannotUnseal, ValueError):
        return None
    carried = msgspec.json.decode(plain, type=_Carried)
    return None if services.clock() >= carried.at + _seconds(request) * SECOND else carried


def _seconds(request: AnyRequest) -> int:
    """As long as a person may take to sign in: for the page that asks for the address, for the link, to collect."""
    return SEALED_SECONDS + services_of(request).settings.link_ttl + COLLECTION_WINDOW // SECOND


def _cookie_of(place: Place) -> bytes:
    return framed(b"start", place.origin.encode())


def _state_of(place: Place, verifier: str) -> bytes:
    return framed(b"start-state", place.origin.encode(), verifier.encode())


def _binding_cookie(value: str, seconds: int) -> Cookie:
    return Cookie(BINDING_COOKIE, value=value, path="/", max_age=seconds, secure=True, httponly=True, samesite="lax")


def host_router() -> Router:
    """At the root of every host, whatever path the issuer has."""
    return Router("/", route_handlers=[start, callback], exception_handlers={Exception: handle_page_error})
