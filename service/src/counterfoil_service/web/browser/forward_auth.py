# SPDX-License-Identifier: Apache-2.0
"""`GET /auth/forward`: a proxy asks before each request whether its person is signed in, and who it is.

So nginx, Caddy or Traefik can protect an application that knows nothing of us. What the headers say is worth as much
as the proxy's care to overwrite them in what the client sent.
"""

from urllib.parse import quote

from litestar import Response, get

from counterfoil_service.core.application import OWN_ID
from counterfoil_service.db.users import User
from counterfoil_service.web.browser.answers import signed_in
from counterfoil_service.web.browser.original import FORWARDED_URI, ORIGINAL_URL, Place, place_of
from counterfoil_service.web.browser.sign_in import SIGN_IN_PATH
from counterfoil_service.web.services import AnyRequest, services_of

START_PATH = "/.counterfoil/start"


@get("/auth/forward", status_code=204)
async def forward_auth(request: AnyRequest) -> Response[None]:
    """204 with identity headers; else 302 to the sign-in, and 401 with the same `Location` for nginx' `auth_request`.

    nginx passes on no other answer than 2xx, 401 and 403; it is told to send `X-Original-URL`, which no other sends.
    """
    place = await place_of(request)
    person = await signed_in(request, OWN_ID if place is None else place.application.id)
    if person is not None:
        return Response(None, status_code=204, headers=_identity(person.user))
    status = 302 if FORWARDED_URI in request.headers and ORIGINAL_URL not in request.headers else 401
    return Response(None, status_code=status, headers={"Location": _sign_in(request, place)}, media_type="text/plain")


def _identity(user: User) -> dict[str, str]:
    """Headers are ASCII: an address with other letters is left out, and the subject stands for its person."""
    headers = {"Remote-User": user.id}
    if user.address.isascii():
        headers["Remote-Email"] = user.address
    return headers


def _sign_in(request: AnyRequest, place: Place | None) -> str:
    """On the issuer's origin the sign-in itself; on another host the way there starts and ends on that host."""
    sign_in = services_of(request).settings.public_url + SIGN_IN_PATH
    if place is None:
        return sign_in
    # What need not be encoded is not: proxies take a few kilobytes of an answer's head.
    path = quote(place.path, safe="/?:@!$'()*,;=")
    if place.application.id == OWN_ID:
        return f"{sign_in}?return_to={path}"
    return f"{place.origin}{START_PATH}?rd={path}"
