# SPDX-License-Identifier: Apache-2.0
"""The first operator of a service that sends no mail comes in by a link from its own machine, once."""

import pytest

from journeys.conftest import OpenService
from journeys.console_browser import NARROW, console
from support.mailserver import MailServer
from support.phone import Browser

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True, scope="session")
"""Ways in do not depend on the engine: one is enough."""


def test_the_printed_link_opens_the_console_in_one_browser_and_then_no_more(
    new_service: OpenService, mail: MailServer, browser: Browser
) -> None:
    with new_service(mail_url="none:") as service:
        told = service.told("operators", "add", "olga@example.com")
        link = next(line for line in told.splitlines() if "/console/enter/" in line)
        with console(browser, mail, service) as scanner:
            assert scanner.phone.open(link) == 200, "who only looks uses nothing up"
        with console(browser, mail, service) as olga:
            olga.visit(link.removeprefix(olga.base))
            olga.fits(NARROW, "dark")
            olga.fits(1280, "light")
            olga.press("Sign in to the console")
            assert olga.phone.heading == "Overview"
            assert link.rpartition("/")[2] not in olga.phone.page.url
            olga.visit("/operators")
            assert olga.shows("olga@example.com")
        with console(browser, mail, service) as thief:
            thief.visit(link.removeprefix(thief.base), 410)
            assert not thief.shows("Sign in to the console")
        assert "operator.signed_in" in service.told("audit", "export", "--format", "jsonl")
