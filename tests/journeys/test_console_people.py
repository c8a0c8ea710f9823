# SPDX-License-Identifier: Apache-2.0
"""An operator at work with people: found, shut out, signed out, erased; and what danger asks for first."""

from counterfoil_client import Client, MemoryStore
from journeys.conftest import OpenDesktop
from journeys.console_world import World
from journeys.desktop import CLIENT_ID
from support.mailserver import MailServer
from support.phone import Phone


def test_an_operator_signs_in_by_mail_and_lands_where_they_wanted(world: World) -> None:
    with world.newcomer("operator", "/people?show=disabled") as olga:
        assert olga.phone.heading == "People"
        assert set(olga.cells(2)) == {"disabled"}
        olga.follow("Verified")
        assert len(olga.cells(1)) == 50
        first = olga.cells(1)
        olga.follow("Older")
        assert olga.cells(1)[0] not in first


def test_a_person_is_found_shut_out_and_let_in_again(world: World) -> None:
    address, subject = world.living()
    with world.visitor("operator", "/people") as olga:
        olga.type("Find a person", address[:5])
        olga.press("Search")
        assert all(each.startswith(address[:5]) for each in olga.cells(1))
        olga.type("Find a person", address)
        olga.press("Search")
        assert olga.phone.heading == address
        assert subject in olga.phone.page.url
        assert address not in olga.phone.page.url, "no address ever stands in a URL"

        olga.press("Disable")
        assert "disabled" in olga.message.lower()
        assert olga.shows("No active sessions.")
        olga.press("Enable")
        assert olga.shows("verified")


def test_sessions_that_an_operator_ends_are_over_at_the_device(
    world: World, mail: MailServer, phone: Phone, desktop: OpenDesktop, address: str
) -> None:
    device = desktop(world.service)
    asked = device.ask(address)
    phone.approve(mail.letter_to(address).link, asked.user_code)
    session = asked.session()
    assert device.sub(session)
    with world.visitor("operator", f"/people/{session.subject}") as olga:
        assert olga.shows("Ada's laptop")
        assert not olga.phone.run(olga.button("End all sessions").is_visible()), "one press ends nothing"
        olga.open("End all sessions…")
        olga.press("End all sessions")
        assert olga.shows("No active sessions.")
        assert device.is_out(session)


def test_erasing_takes_the_address_typed_and_a_fresh_sign_in(world: World) -> None:
    address, subject = world.living()
    with world.visitor("operator", f"/people/{subject}") as olga:
        olga.follow("Erase…")
        assert olga.shows("What stays")
        olga.type("Type the address to confirm", f"not-{address}")
        olga.press("Erase for good")
        assert olga.phone.heading == f"Erase {address}"
        assert olga.shows("address"), "what is wrong stands at the field"
        olga.type("Type the address to confirm", address)
        olga.press("Erase for good")
        assert "erased" in olga.message.lower()
        olga.visit(f"/people/{subject}", 404)


def test_mail_goes_again_to_an_address_that_is_no_longer_suppressed(world: World) -> None:
    address, subject = world.living()
    world.bounce(subject)
    with world.visitor("operator", f"/people/{subject}") as olga:
        assert olga.shows("No mail goes to this address")
        olga.type("Why mail may go there again", " ")
        olga.press("Lift the suppression")
        assert olga.shows("No mail goes to this address"), "not without a reason"
        olga.type("Why mail may go there again", "they have a new provider")
        olga.press("Lift the suppression")
        assert "goes to this address again" in olga.message
        assert not olga.shows("No mail goes to this address")
        before = len(world.mail.letters_to(address))
        with Client(world.service.public_url, CLIENT_ID, store=MemoryStore()) as device:
            login = device.start_login(address)
            assert world.mail.wait_for(address, before + 1)
            login.cancel()


def test_danger_asks_who_signed_in_long_ago_to_do_so_again_and_leads_back(world: World) -> None:
    _, subject = world.living()
    address = world.hire()
    with world.newcomer("operator", f"/people/{subject}", address=address) as olga:
        world.grow_old()
        olga.visit(f"/people/{subject}")
        assert olga.shows("You signed in more than five minutes ago")
        olga.phone.press("Disable")
        assert olga.phone.heading == "Sign in"
        assert "prompt=login" in olga.phone.page.url
        olga.come_in(olga.ask(address))
        assert "press once more" in olga.message
        assert olga.shows("verified"), "nothing was changed yet"
        olga.press("Disable")
        assert "Disabled" in olga.message


def test_an_auditor_sees_a_person_and_can_press_nothing(world: World) -> None:
    address, subject = world.living()
    with world.visitor("auditor", f"/people/{subject}") as grace:
        assert grace.phone.heading == address
        buttons = grace.phone.run(grace.phone.page.get_by_role("button").all_inner_texts())
        assert buttons == [], "auditors read"
        grace.visit(f"/people/{subject}/erase")
        assert grace.shows("Only operators erase")
