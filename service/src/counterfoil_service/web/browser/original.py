# SPDX-License-Identifier: Apache-2.0
"""Which address a person opened, as the proxy in front of a protected application tells it; nobody else is believed."""

import re
from urllib.parse import urlsplit

import msgspec

from counterfoil_service.core.application import OWN, Application
from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.return_path import check_return_path
from counterfoil_service.db import applications
from counterfoil_service.web.caller import came_through_proxy
from counterfoil_service.web.same_site import origin_of
from counterfoil_service.web.services import AnyRequest, services_of

CALLBACK_PATH = "/.counterfoil/callback"
ORIGINAL_URL = "x-original-url"
FORWARDED_URI = "x-forwarded-uri"

_URL = re.compile(r"(https?)://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/.*)?")


class Place(msgspec.Struct, frozen=True):
    """A protected address: its application, which is our own on the issuer's origin; `path` with its query."""

    application: Application
    origin: str
    path: str


async def place_of(request: AnyRequest) -> Place | None:
    """None where no proxy that the operator trusts tells it, and where the host is none that we protect."""
    url = _original_url(request)
    parts = None if url is None else _URL.fullmatch(url)
    if url is None or parts is None:
        return None
    try:
        path = check_return_path(parts[4] or "/")
    except Refusal:
        path = "/"
    origin = origin_of(f"{parts[1]}://{parts[2]}{parts[3] or ''}")
    issuer = services_of(request).settings.public_url
    if origin == origin_of(issuer):
        return Place(OWN, origin, path)
    # Cookies know no ports: on the issuer's own host another port would overwrite ours.
    if urlsplit(origin).hostname == urlsplit(issuer).hostname:
        return None
    application = await _protected(request, origin + CALLBACK_PATH)
    return None if application is None else Place(application, origin, path)


async def _protected(request: AnyRequest, callback: str) -> Application | None:
    known = await services_of(request).database.read(applications.list_all)
    return next((application for application in known if callback in application.redirect_uris), None)


def _original_url(request: AnyRequest) -> str | None:
    """Proxies pass on what they do not overwrite: where both spellings are there, one may be the client's own.

    Believed, it would let the application on one protected host use its visitors' cookies on another.
    """
    if not came_through_proxy(request):
        return None
    whole, path = _only(request, ORIGINAL_URL), _only(request, FORWARDED_URI)
    if whole is not None and FORWARDED_URI not in request.headers:
        return whole
    scheme, host = _only(request, "x-forwarded-proto"), _only(request, "x-forwarded-host")
    if scheme is None or host is None:
        return None
    forwarded = f"{scheme}://{host}{path or '/'}"
    return forwarded if whole in {None, forwarded} and len(request.headers.getall(ORIGINAL_URL, [])) <= 1 else None


def _only(request: AnyRequest, name: str) -> str | None:
    """A header that was sent once; of two nobody knows which one the proxy wrote."""
    values = request.headers.getall(name, [])
    return values[0] if len(values) == 1 else None
