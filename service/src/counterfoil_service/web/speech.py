# SPDX-License-Identifier: Apache-2.0
"""Which language a request is answered in, and the pages that speak it and wear an application's look."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response
from litestar.datastructures import Cookie

from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.languages import ENGLISH, of_accept_language, of_ui_locales, one_of_ours
from counterfoil_service.core.look import OUR_LOOK, Look
from counterfoil_service.web.browser.query import Query
from counterfoil_service.web.headers import content_security_policy
from counterfoil_service.web.pages import Pages
from counterfoil_service.web.request_headers import headers_named
from counterfoil_service.web.services import AnyRequest, services_of

LONGEST_LOCALES: Final = 16_384
"""Characters: as long as a request may be, since a language is no reason to refuse one."""


def language_asked(request: AnyRequest, ui_locales: str | None) -> str | None:
    """What a login's mail and link page will be written in; None where none of ours is asked for."""
    return of_ui_locales(ui_locales or "") or of_accept_language(", ".join(headers_named(request, b"accept-language")))


def pages_of(request: AnyRequest, language: str | None = None, look: Look = OUR_LOOK) -> Pages:
    """By `ui_locales` of the address, else the given language, a login's, else `Accept-Language`, else English."""
    named = of_ui_locales(_ui_locales(request)) or one_of_ours(language)
    pages_language = named or language_asked(request, None) or ENGLISH
    pages = services_of(request).pages.speaking(pages_language)
    return pages if look == OUR_LOOK else pages.dressed(look)


def answer(
    pages: Pages,
    html: str,
    status: int = 200,
    *,
    cookies: Sequence[Cookie] = (),
    headers: dict[str, Any] | None = None,
    way_home: str | None = None,
) -> Response[str]:
    """A page; `way_home` is where one of its forms may lead."""
    policy = content_security_policy(*pages.style_hashes, way_home=way_home)
    described = {"Content-Language": pages.language, "Vary": "Accept-Language", "Content-Security-Policy": policy}
    return Response(
        html, status_code=status, cookies=cookies, headers=described | (headers or {}), media_type="text/html"
    )


def _ui_locales(request: AnyRequest) -> str:
    """A language is no reason to refuse anything."""
    try:
        return Query(request.scope["query_string"]).get("ui_locales", at_most=LONGEST_LOCALES) or ""
    except Refusal:
        return ""
