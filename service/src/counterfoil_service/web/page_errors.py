# SPDX-License-Identifier: Apache-2.0
"""Errors met by a browser: pages, as a person reads them."""

from typing import Any
from urllib.parse import urlsplit

from litestar import Response
from litestar.exceptions import NotFoundException

from counterfoil_service.core.errors import Refusal
from counterfoil_service.web import problems
from counterfoil_service.web.pages import ErrorPage
from counterfoil_service.web.same_site import CrossSite
from counterfoil_service.web.services import AnyRequest, services_of
from counterfoil_service.web.speech import answer, pages_of


def handle_page_error(request: AnyRequest, error: Exception) -> Response[str]:
    """Errors met by a browser are pages."""
    refusal = problems.as_refusal(error, request)
    status, title = status_and_title(refusal)
    pages = pages_of(request)
    said = pages.say(refusal)
    page = ErrorPage(
        status=status,
        title=title,
        message=sentence(refusal.description if said is None else said),
        request_id=problems.request_id(request.scope),
        translated=said is not None,
    )
    return answer(pages, pages.error(page), status, headers=problems.headers_of(refusal, error))


def status_and_title(refusal: Refusal) -> tuple[int, str]:
    """The HTTP status of a page that says it, and what the page is called, in English."""
    if isinstance(refusal, CrossSite):
        return 403, refusal.title
    status = problems.status_of(refusal)
    return status, problems.title_of(status)


def handle_any_error(request: AnyRequest, error: Exception) -> Response[Any]:
    """Below a mailed link a page, the dead link's for an address that cannot be one; JSON everywhere else."""
    services = services_of(request)
    prefix, path = urlsplit(services.settings.public_url).path, request.scope["path"]
    first = path.removeprefix(prefix).split("/")[1] if path.startswith(f"{prefix}/") else ""
    if first not in {"l", "n"}:
        return problems.handle_error(request, error)
    if not isinstance(error, NotFoundException):
        return handle_page_error(request, error)
    pages = pages_of(request)
    return answer(pages, pages.dead() if first == "l" else pages.notice_dead(), 410)


def sentence(description: str) -> str:
    """Descriptions begin with a field's name, for programs; a page speaks to a person, and keeps a name as it is."""
    named = "_" in description.partition(":")[0]
    begun = description if named else description[:1].upper() + description[1:]
    return begun + ("" if begun.endswith(".") else ".")
