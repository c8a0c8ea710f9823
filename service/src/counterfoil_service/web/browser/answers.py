# SPDX-License-Identifier: Apache-2.0
"""What the browser pages share: who is signed in, and the ways on."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from litestar import Response
from litestar.datastructures import Cookie

from counterfoil_service.core import link
from counterfoil_service.core.application import OWN_ID
from counterfoil_service.core.login import SECOND
from counterfoil_service.crypto.keys import digest
from counterfoil_service.operations.describe_cookie import describe_cookie
from counterfoil_service.operations.describe_person import Person
from counterfoil_service.operations.note_use import note_use
from counterfoil_service.web.browser.cookies import browser_of, session_of
from counterfoil_service.web.same_site import origin_of
from counterfoil_service.web.services import AnyRequest, services_of

NOTED_EVERY = 3600 * SECOND
"""How often a use of a session is written at most."""


async def signed_in(request: AnyRequest, application_id: str = OWN_ID) -> Person | None:
    """Whom this browser's cookie signs in here."""
    services = services_of(request)
    cookie = session_of(request)
    if cookie is None:
        return None
    now, limits = services.clock(), services.settings.session_limits
    person = await services.database.read(describe_cookie, digest(cookie), application_id, limits, now)
    if person is not None and now >= person.session.last_used_at + NOTED_EVERY:
        await services.database.write(note_use, person.session.id)
    return person


def browser_name(request: AnyRequest) -> str:
    """The browser's cookie, a new one where it has none."""
    return browser_of(request) or link.make(services_of(request).database.context().entropy)


def path_of(request: AnyRequest, path: str) -> str:
    """A path of ours as it stands in our pages, below the issuer's own."""
    return urlsplit(services_of(request).settings.public_url).path + path


def go_to_path(request: AnyRequest, path: str, cookies: Sequence[Cookie] = ()) -> Response[str]:
    """To a path of our origin: written out as a whole, so that no browser finds another host in it."""
    return go(origin_of(services_of(request).settings.public_url) + path, cookies)


def go(url: str, cookies: Sequence[Cookie] = ()) -> Response[str]:
    """303, so that nothing is posted on [R32]."""
    return Response("", status_code=303, cookies=cookies, headers={"Location": url}, media_type="text/html")
