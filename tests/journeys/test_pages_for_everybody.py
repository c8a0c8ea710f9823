# SPDX-License-Identifier: Apache-2.0
"""Every page by axe, in both lights, on a small phone and a large screen."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.async_playwright import Axe

from journeys.databases import Databases
from journeys.desktop import SyncDesktop
from journeys.gallery import Gallery
from support.background import LoopThread
from support.mailserver import MailServer
from support.phone import Phone
from support.processes import RunningService

SCREENS = [(320, 640), (1280, 900)]
PAGES = ["link", "link-here", "hand-over", "wrong-code", "approved", "rejected", "reported", "dead",
         "too-many-tries", "check-mail", "error", "notice", "notice-ended", "notice-dead", "link-known",
         "link-changed", "link-same-device", "notice-changed", "sign-in",
         "wrong-address", "waiting", "one-tap", "nothing-waits", "sign-in-stopped", "sign-in-refused", "account",
         "account-new", "sign-in-again", "signed-out"]  # fmt: skip
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDEST = "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"


@pytest.fixture(scope="module")
def gallery(databases: Databases, mail: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """Pages do not depend on the engine: one is enough."""
    folder = tmp_path_factory.mktemp("gallery")
    with RunningService(folder, database_url=databases.fresh("sqlite", folder), mail_url=mail.url) as service:
        desktop = SyncDesktop.with_new_key(service.public_url)
        yield Gallery(service, mail, desktop)
        desktop.close()


def test_no_page_is_left_out(gallery: Gallery) -> None:
    assert sorted(gallery.pages) == sorted(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_serves_everybody(gallery: Gallery, phone: Phone, loop: LoopThread, name: str) -> None:
    gallery.pages[name](phone)
    for width, height in SCREENS:
        for scheme in ("light", "dark"):
            phone.look(width, height, scheme)
            found = loop.run(Axe().run(phone.page, options={"runOnly": STANDARDS}))
            assert found.violations_count == 0, found.generate_snapshot()
            assert phone.run(phone.page.evaluate(WIDEST)) <= width
