# SPDX-License-Identifier: Apache-2.0
"""Errors below `/console`: pages in its frame for whoever is let in, so that there is a way on."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar import Litestar, Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.languages import ENGLISH
from counterfoil_service.web import problems
from counterfoil_service.web.browser.answers import go_to_path, path_of
from counterfoil_service.web.console.access import SignInFirst, Visitor, admit
from counterfoil_service.web.console.frame import CONSOLE_PATH, FOUR_EYES, SECTIONS, ConsolePage, show, show_alone
from counterfoil_service.web.open_streams import TooManyStreams
from counterfoil_service.web.page_errors import handle_any_error, handle_page_error, sentence, status_and_title
from counterfoil_service.web.services import AnyRequest, services_of

log = logging.getLogger(__name__)

_FOR_SCRIPTS: Final = frozenset({"/applications/check", "/audit/tail"})
"""Nobody reads what these answer."""

_NO_PAGES: Final = frozenset({"/audit/searches", "/enter"})
"""Forms are sent there, and no page has this address."""


class ConsoleErrorPage(ConsolePage, frozen=True, kw_only=True):
    """`again` is the path of the page whose form was refused; `back` the section, its path and its name."""

    template = "error.html"
    section = "none"
    status: int
    message: str
    reference: str
    again: str | None
    back: tuple[str, str]


class _MadeLater(Response[str]):
    """Litestar does not await what handles errors, and the frame is read from the database."""

    def __init__(self, make: Callable[[], Awaitable[Response[str]]]) -> None:
        super().__init__("")
        self._make = make

    def to_asgi_response(self, app: Litestar | None, request: AnyRequest, **_: object) -> ASGIResponse:
        return _Made(app, request, self._make)


class _Made(ASGIResponse):
    def __init__(self, app: Litestar | None, request: AnyRequest, make: Callable[[], Awaitable[Response[str]]]) -> None:
        super().__init__()
        self._app, self._request, self._make = app, request, make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._make()
        await response.to_asgi_response(self._app, self._request)(scope, receive, send)


def handle_console_error(request: AnyRequest, error: Exception) -> Response[str]:
    """A sign-in is no error: it leads back to where somebody wanted to go."""
    if isinstance(error, SignInFirst):
        return go_to_path(request, error.path)
    if _below(request) in _FOR_SCRIPTS:
        return handle_page_error(request, error)
    refusal = problems.as_refusal(error, request)
    return _MadeLater(lambda: _answer(request, refusal, error))


def handle_unrouted_error(request: AnyRequest, error: Exception) -> Response[Any]:
    """What no route takes has none of their handlers: below `/console` a page of the console, too."""
    below = _below(request)
    if below is None or below in _FOR_SCRIPTS:
        return handle_any_error(request, error)
    return handle_console_error(request, error)


async def _answer(request: AnyRequest, refusal: Refusal, error: Exception) -> Response[str]:
    # What went wrong inside was logged when it became a refusal: once is enough.
    told = refusal if refusal.code is ErrorCode.SERVER_ERROR else error
    if refusal.code is ErrorCode.TEMPORARILY_UNAVAILABLE:
        return handle_page_error(request, told)
    try:
        response = await _framed(request, refusal)
    except Exception as failure:  # noqa: BLE001 - where the frame cannot be read there is still the error to tell
        identity = problems.request_id(request.scope)
        log.warning("request %s: its error page has no frame: %s", identity, type(failure).__name__)
        return handle_page_error(request, told)
    response.headers.update(problems.headers_of(refusal, error))
    return response


async def _framed(request: AnyRequest, refusal: Refusal) -> Response[str]:
    status, title = status_and_title(refusal)
    reference = problems.request_id(request.scope)
    said = services_of(request).pages.speaking(ENGLISH).say(refusal)
    message = sentence(refusal.description if said is None or isinstance(refusal, TooManyStreams) else said)
    visitor = await _let_in(request)
    if visitor is None:
        code = str(status)
        return show_alone(
            request, "error_alone.html", status, title=title, message=message, code=code, reference=reference
        )
    below = _below(request) or ""
    page = ConsoleErrorPage(
        title=title,
        status=status,
        message=message,
        reference=reference,
        again=path_of(request, CONSOLE_PATH + below) if _is_refused_form(request, status) else None,
        back=section_of(below),
    )
    return await show(request, visitor, page, status)


async def _let_in(request: AnyRequest) -> Visitor | None:
    try:
        return await admit(request)
    except (SignInFirst, Refusal):
        return None


def section_of(below: str) -> tuple[str, str]:
    """Where a path below `/console` belongs in the menu: the section's path and its name."""
    first = "/" + below.removeprefix("/").partition("/")[0]
    return next((each for each in (*SECTIONS, FOUR_EYES) if each[0] == first), SECTIONS[0])


def _is_refused_form(request: AnyRequest, status: int) -> bool:
    """Whether the page that the form stood on is worth going back to."""
    return request.method == "POST" and status not in {404, 405} and _below(request) not in _NO_PAGES


def _below(request: AnyRequest) -> str | None:
    """The path below `/console`, empty for itself; None elsewhere."""
    console, path = path_of(request, CONSOLE_PATH), request.scope["path"]
    is_below = path == console or path.startswith(f"{console}/")
    return path.removeprefix(console) if is_below else None
