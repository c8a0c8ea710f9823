# SPDX-License-Identifier: Apache-2.0
"""The frame around every page of the console, and its answer: templates, the one stylesheet, the one script."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import resources
from typing import ClassVar, Final

import msgspec
from litestar import Response
from litestar.datastructures import Cookie
from markupsafe import Markup

from counterfoil_service.core.application import OWN_ID
from counterfoil_service.core.languages import ENGLISH
from counterfoil_service.db import alerts, four_eyes
from counterfoil_service.languages.templates import bdi, environment
from counterfoil_service.web.browser.answers import path_of
from counterfoil_service.web.browser.cookies import browser_cookie
from counterfoil_service.web.console.access import Visitor
from counterfoil_service.web.console.plots import stretch_words
from counterfoil_service.web.services import AnyRequest, services_of

CONSOLE_PATH: Final = "/console"
SECTIONS: Final = (
    ("", "Overview"),
    ("/alerts", "Alerts"),
    ("/logins", "Logins"),
    ("/people", "People"),
    ("/devices", "Devices"),
    ("/applications", "Applications"),
    ("/audit", "Audit"),
    ("/operators", "Operators"),
)
"""Below `/console`, in the order of the menu."""
FOUR_EYES: Final = ("/four-eyes", "Four eyes")
"""Before the last one, where the settings ask for a second person."""

_TAKEN: Final = frozenset({".", "..", "check", "new"})
"""What means something else below `/console/applications`."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Nothing inline, nothing from elsewhere, and no text ever becomes markup in a browser."""


class ConsolePage(msgspec.Struct, frozen=True, kw_only=True):
    """One page: its template, its section in the menu, and what it is called in the title."""

    template: ClassVar[str]
    section: ClassVar[str]
    title: str

    def __repr__(self) -> str:
        # Pages show addresses, links and secrets, which no log may ever show.
        return f"{type(self).__name__}(...)"


def _file(name: str) -> bytes:
    return resources.files(__package__).joinpath("static", name).read_bytes()


STATIC: Final = {name: _file(name) for name in ("console.css", "console.js")}
_VERSIONS: Final = {name: hashlib.sha256(content).hexdigest()[:16] for name, content in STATIC.items()}


def _when(microseconds: int | None) -> Markup | str:
    """To the second, in UTC, as the page's foot says; `never` where there is no time."""
    if microseconds is None:
        return "never"
    moment = datetime.fromtimestamp(microseconds // 1_000_000, UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        moment.isoformat().replace("+00:00", "Z"), f"{moment:%Y-%m-%d %H:%M:%S}"
    )


def application_path(application_id: str) -> str:
    """Where an application's page is, below the issuer. A colon can be in no client id."""
    return f"{CONSOLE_PATH}/applications/{':' if application_id in _TAKEN else ''}{application_id}"


def _ago(microseconds: int, now: int) -> str:
    seconds = max(0, now - microseconds) // 1_000_000
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


_ENVIRONMENT = environment(__package__, ENGLISH)
_ENVIRONMENT.filters |= {"when": _when, "ago": _ago, "bdi": bdi, "number": lambda number: f"{number:,}"}
_ENVIRONMENT.filters |= {"stretch": stretch_words, "application": application_path}
_ENVIRONMENT.globals["own_id"] = OWN_ID


async def show(
    request: AnyRequest, visitor: Visitor, page: ConsolePage, status: int = 200, message: str | None = None
) -> Response[str]:
    """The page in its frame; `message` is what was just done, or what was wrong."""
    services = services_of(request)
    base = path_of(request, "")
    sections, counts = await _menu(request, visitor)
    html = _ENVIRONMENT.get_template(page.template).render(
        page=page,
        visitor=visitor,
        message=message,
        failed=status >= 400,  # noqa: PLR2004 - errors begin there
        sections=sections,
        counts=counts,
        base=base,
        console=base + CONSOLE_PATH,
        versions=_VERSIONS,
        now=services.clock(),
        sends_mail=services.settings.sends_mail,
    )
    return _page(html, status, [browser_cookie(visitor.browser)])


def show_alone(
    request: AnyRequest, template: str, status: int = 200, cookies: Sequence[Cookie] = (), **values: str
) -> Response[str]:
    """A page for whoever is not inside yet: there is no menu, and nothing to see."""
    console = path_of(request, CONSOLE_PATH)
    html = _ENVIRONMENT.get_template(template).render(console=console, versions=_VERSIONS, **values)
    return _page(html, status, cookies)


def _page(html: str, status: int, cookies: Sequence[Cookie]) -> Response[str]:
    headers = {"Content-Security-Policy": POLICY, "Content-Language": ENGLISH}
    return Response(html, status_code=status, cookies=cookies, headers=headers, media_type="text/html")


async def _menu(
    request: AnyRequest, visitor: Visitor
) -> tuple[tuple[tuple[str, str], ...], dict[str, tuple[int, str]]]:
    """The sections, and what waits in them: how many, and what of them."""
    services = services_of(request)
    counts = {"/alerts": (await services.database.read(alerts.count_unseen), "not acknowledged")}
    if not services.settings.four_eyes:
        return SECTIONS, counts
    to_do = await services.database.read(four_eyes.count_to_do, visitor.operator.id, services.clock())
    counts[FOUR_EYES[0]] = (to_do, "to decide, or granted to you and not done yet")
    return (*SECTIONS[:-1], FOUR_EYES, SECTIONS[-1]), counts
