# SPDX-License-Identifier: Apache-2.0
"""Every page of the console by axe, in both lights, on a large screen and on the narrowest one that WCAG asks for."""

from collections.abc import Iterator

import pytest

from journeys.console_browser import NARROW, Console
from journeys.console_gallery import PAGES, console_pages
from journeys.console_world import World

DESKTOP = 1280
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True, scope="session")
"""Pages do not depend on the engine: one is enough."""


@pytest.fixture(scope="module")
def olga(world: World) -> Iterator[Console]:
    """An operator, for all pages in turn."""
    world.hire("auditor")
    with world.visitor() as visitor:
        yield visitor


@pytest.mark.usefixtures("olga")
def test_no_page_is_left_out(world: World) -> None:
    assert list(console_pages(world)) == PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_console_serves_everybody(world: World, olga: Console, name: str) -> None:
    olga.visit(console_pages(world)[name])
    olga.fits(NARROW, "dark")
    olga.fits(DESKTOP, "light")
