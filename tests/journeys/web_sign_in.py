# SPDX-License-Identifier: Apache-2.0
"""What people do at a web application's sign-in, told once for all stories of it."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from journeys.computer import Computer
from journeys.databases import newest_login
from journeys.explained import let_the_mail_be_read
from journeys.web_site import WebSite
from support.mailserver import Letter

OpenComputer = Callable[..., AbstractContextManager[Computer]]


def begin(ada: Computer, site: WebSite, **changes: str) -> None:
    """The application sends the browser to the service, which asks who is there."""
    assert ada.phone.open(site.asks(**changes)) == 200
    assert ada.phone.heading == f"Sign in to {site.name}"


def asked(ada: Computer, site: WebSite, address: str, seconds: int = 34) -> tuple[Letter, str]:
    """The letter for the page in front, read a while later, and the login that it is about."""
    letter = ada.ask(address)
    login_id = newest_login(site.service.settings["database_url"], address)
    let_the_mail_be_read(site.service, login_id, seconds)
    return letter, login_id


def signed_in(ada: Computer, site: WebSite, address: str) -> dict[str, str]:
    """By one tap: what comes back to the application."""
    begin(ada, site)
    letter, _ = asked(ada, site, address)
    ada.tap(letter)
    ada.turns_to(site.name)
    return site.answer()
