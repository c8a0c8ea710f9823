# SPDX-License-Identifier: Apache-2.0
"""Each page of the console into docs/console: of a service with a past, light and dark, on a desktop and a phone."""

import sys
import tempfile
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

from journeys.console_browser import Console  # noqa: E402 - found by the path above
from journeys.console_gallery import PAGES, console_pages  # noqa: E402
from journeys.console_world import World, seeded  # noqa: E402
from journeys.databases import REGISTRATION  # noqa: E402
from journeys.small_pictures import smaller  # noqa: E402
from support.background import LoopThread  # noqa: E402
from support.mailserver import MailServer  # noqa: E402
from support.phone import Browser, Phone, Scheme  # noqa: E402
from support.processes import RunningService  # noqa: E402

PICTURES = TESTS.parent / "docs" / "console"
LOGINS = 10_000
DARK = ("overview", "alerts", "audit", "login", "person")
ON_A_PHONE = ("overview", "people", "person", "audit", "story")
_REASONS = ("left the company; their manager wrote", "asked us by letter to forget them", "a test account of ours")
_DESKTOP: dict[str, Any] = {"device_scale_factor": 1}
_PHONE: dict[str, Any] = {"device_scale_factor": 2, "is_mobile": True, "has_touch": True}
_TALLEST = 1600
"""Pixels of a page: what is below looks as what is above."""


def main() -> None:
    """Take them all again."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        LoopThread() as loop,
        Browser(loop) as browser,
        MailServer() as mail,
        browser.phone() as blank,
    ):
        service = RunningService(Path(folder), database_url=f"sqlite:///{folder}/counterfoil.db", mail_url=mail.url)
        service.told("migrate")
        service.told(*REGISTRATION)
        world = seeded(service, mail, browser, LOGINS)
        with service:
            world.hire("auditor", "ines@example.com")
            world.hire("operator", "otto@example.com")
            names = sorted(PAGES, key=lambda name: name != "audit")  # before the log tells of the pictures themselves
            _take(world, blank, dict.fromkeys(names, "light"), (1280, 900), "", _DESKTOP)
            _take(world, blank, dict.fromkeys(DARK, "dark"), (1280, 900), "-dark", _DESKTOP)
            _take(world, blank, dict.fromkeys(ON_A_PHONE, "light"), (390, 844), "-phone", _PHONE)
            service.stop()
            service.settings["four_eyes"] = "erase"
            service.start()
            _take_four_eyes(world, blank)


def _take_four_eyes(world: World, blank: Phone) -> None:
    """What one operator asked for, as another sees it."""
    people = [world.living() for _ in _REASONS]
    with world.visitor("operator", **_DESKTOP) as olga, world.newcomer("operator", **_DESKTOP) as otto:
        for (_, subject), reason in zip(people, _REASONS, strict=True):
            olga.visit(f"/people/{subject}/erase")
            olga.type("Why they are erased", reason)
            olga.press("Ask another operator")
        otto.visit("/four-eyes")
        otto.press_first("Grant: erase")
        _keep(otto, "four-eyes", blank, (1280, 900), "light")


def _take(
    world: World, blank: Phone, names: dict[str, Scheme], size: tuple[int, int], ending: str, options: dict[str, Any]
) -> None:
    pages = console_pages(world)
    with world.visitor("operator", **options) as olga:
        for name, scheme in names.items():
            olga.phone.open(olga.base + pages[name])
            _keep(olga, f"{name}{ending}", blank, size, scheme)


def _keep(olga: Console, name: str, blank: Phone, size: tuple[int, int], scheme: Scheme) -> None:
    olga.phone.look(*size, scheme)
    tall = int(olga.phone.run(olga.phone.page.evaluate("document.documentElement.scrollHeight")))
    olga.phone.look(size[0], max(size[1], min(tall, _TALLEST)), scheme)
    path = PICTURES / f"{name}.png"
    path.write_bytes(smaller(olga.phone.run(olga.phone.page.screenshot(animations="disabled")), blank))
    sys.stdout.write(f"{path.relative_to(TESTS.parent)} {path.stat().st_size // 1024} KB\n")


if __name__ == "__main__":
    main()
