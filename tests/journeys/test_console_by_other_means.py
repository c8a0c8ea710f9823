# SPDX-License-Identifier: Apache-2.0
"""The console without script, and with the keyboard alone: everything works, and one sees where one is."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from journeys.conftest import OpenDesktop
from journeys.console_browser import Console
from journeys.console_gallery import console_pages
from journeys.console_world import World
from support.phone import Phone

pytestmark = pytest.mark.parametrize("engine", ["postgresql"], indirect=True, scope="session")
"""Pages do not depend on the engine: one is enough."""

_FOCUSED = """() => {
  const at = document.activeElement;
  const style = getComputedStyle(at);
  const bar = at.querySelector('.hit');
  const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== 'none'
    || bar !== null && getComputedStyle(bar).stroke !== 'none';
  const box = at.getBoundingClientRect();
  const words = at.getAttribute('aria-label') || at.labels?.[0]?.innerText || at.innerText || '';
  return [at.localName, words.trim(), seen && box.width > 0 && box.height > 0];
}"""
_MOST_STOPS = 120


@contextmanager
def plain(world: World, path: str = "") -> Iterator[Console]:
    """An operator's browser that runs no script."""
    with world.visitor("operator", path, script=False) as olga:
        yield olga


def test_an_operator_signs_in_without_script(world: World) -> None:
    with world.newcomer("operator", "/people", script=False) as olga:
        assert olga.phone.heading == "People"


def test_every_page_is_there_without_script(world: World) -> None:
    world.hire("auditor")
    with plain(world) as olga:
        for path in console_pages(world).values():
            olga.visit(path)


def test_people_are_invited_shut_out_signed_out_and_erased_without_script(world: World, address: str) -> None:
    living, subject = world.living()
    with plain(world, "/people") as olga:
        olga.type("Invite somebody", address)
        olga.press("Invite")
        assert olga.phone.heading == address
        olga.visit(f"/people/{subject}")
        olga.press_first("End: ")
        if olga.shows("End all sessions…"):
            olga.open("End all sessions…")
            olga.press("End all sessions")
        assert olga.shows("No active sessions.")
        olga.press("Disable")
        olga.press("Enable")
        olga.open("Forget…")
        olga.press_first("Forget: ")
        olga.follow("Erase…")
        olga.type("Type the address to confirm", living)
        olga.press("Erase for good")
        olga.visit(f"/people/{subject}", 404)


def test_a_link_is_relayed_and_a_login_cancelled_without_script(
    world: World, phone: Phone, desktop: OpenDesktop, address: str
) -> None:
    device = desktop(world.service)
    asked, given_up = device.ask(address), desktop(world.service).ask(f"not-{address}")
    with plain(world, f"/logins/{asked.login_id}") as olga:
        olga.type("Why it goes by hand", "she called")
        olga.press("Make the link, and show it once")
        assert phone.approve(olga.secret, asked.user_code) == 200
        assert asked.session().subject
        olga.visit(f"/logins/{given_up.login_id}")
        olga.press("Cancel this login")
        assert given_up.error() is not None


def test_alerts_are_closed_and_devices_are_forgotten_without_script(world: World) -> None:
    with plain(world, "/alerts?kind=mailbox.flooded") as olga:
        olga.phone.run(olga.phone.page.get_by_role("checkbox").first.check())
        olga.type("Why can it be closed?", "a test of our own")
        olga.press("Acknowledge them")
        olga.visit("/devices?show=differing")
        olga.phone.run(olga.phone.page.locator("tbody th a").last.click())
        olga.open("Forget…")
        olga.press("Forget")
        assert olga.phone.heading == "Devices"


def test_applications_and_roles_are_given_and_taken_without_script(world: World, address: str) -> None:
    client_id = address.partition("@")[0]
    with plain(world, "/applications/new") as olga:
        olga.type("Name", "Plain")
        olga.type("Client id, for good", client_id)
        olga.type("Redirect URIs, one a line", "http://nowhere.example/")
        olga.press("Check the redirect URIs")
        assert olga.shows("Not allowed")
        olga.type("Redirect URIs, one a line", "http://127.0.0.1/callback")
        olga.press("Register it")
        olga.type("Name", "Plainer")
        olga.press("Save the changes")
        olga.type("Type its client id to confirm", client_id)
        olga.press("Remove the application")
        olga.visit("/operators")
        olga.type("E-mail address", address)
        olga.choose("Auditor.")
        olga.press("Give the role")
        olga.follow(address)
        olga.press("Make a token")
        assert olga.secret
        olga.press_first("Revoke the token")
        olga.type("Type the address to confirm", address)
        olga.press("Take the role away")


def test_the_log_is_filtered_kept_and_exported_without_script(world: World) -> None:
    with plain(world, "/audit?outcome=failure") as olga:
        olga.type("Name", "what failed")
        olga.press("Keep")
        olga.press("Remove: what failed")
        assert olga.downloads_by("Download")
        olga.follow_first("Story of event")
        olga.follow_first("Entry")
        assert olga.shows("This entry is under checkpoint")
        assert olga.downloads("Download the proof")


def test_an_operator_works_by_the_keyboard_alone_and_sees_where_they_are(world: World) -> None:
    address, _ = world.living()
    with world.visitor() as olga:
        _to(olga, "Skip to the page")
        _press(olga, "Enter")
        _to(olga, "People", backwards=True)
        _press(olga, "Enter", goes=True)
        _to(olga, "Find a person")
        olga.phone.run(olga.phone.page.keyboard.type(address))
        _press(olga, "Enter", goes=True)
        assert olga.phone.heading == address
        _to(olga, "Disable")
        _press(olga, "Enter", goes=True)
        assert "disabled" in olga.message.lower()
        _to(olga, "Enable")
        _press(olga, "Space", goes=True)
        olga.look()


def test_the_time_line_is_narrowed_by_the_keyboard_alone(world: World) -> None:
    with world.visitor("operator", "/audit") as olga:
        _to(olga, "event", inside=True)
        _press(olga, "ArrowLeft")
        for _ in range(3):
            _press(olga, "Shift+ArrowLeft")
        assert olga.phone.run(olga.phone.page.locator("rect.chosen").count()) == 1
        _press(olga, "Enter", goes=True)
        assert "since=" in olga.phone.page.url
        olga.look()


def _to(olga: Console, words: str, *, backwards: bool = False, inside: bool = False) -> None:
    """Tab until the focus is on what is called so; wherever it stops on the way, one sees it."""
    for _ in range(_MOST_STOPS):
        _press(olga, "Shift+Tab" if backwards else "Tab")
        name, said, seen = olga.phone.run(olga.phone.page.evaluate(_FOCUSED))
        if name == "body":
            continue
        assert seen, f"on {olga.phone.page.url} nobody sees the focus on {name} {said!r}"
        if said == words or (inside and name == "a" and words in said and ":" in said):
            return
    raise AssertionError(f"no Tab leads to {words!r} on {olga.phone.page.url}")


def _press(olga: Console, key: str, *, goes: bool = False) -> None:
    olga.phone.run(_pressed(olga, key, goes=goes))


async def _pressed(olga: Console, key: str, *, goes: bool) -> None:
    if not goes:
        await olga.phone.page.keyboard.press(key)
        return
    async with olga.phone.page.expect_navigation():
        await olga.phone.page.keyboard.press(key)
