# SPDX-License-Identifier: Apache-2.0
"""An auditor at the console: follows the log live, narrows it, reads a story, and takes along a proof that holds."""

import json
from pathlib import Path

import metamorphic_log
import pytest
from playwright.async_api import Locator

from counterfoil_service.core.leaf import parse_leaf
from counterfoil_service.core.merkle import leaf_hash
from counterfoil_service.core.tlog_proof import TlogProof
from journeys.conftest import OpenDesktop
from journeys.console_browser import Console
from journeys.console_world import World
from support.background import wait_until
from support.mailserver import MailServer
from support.phone import Phone

SEALED_WITHIN = 15
OF_A_MILLION_ENTRIES = 300
"""Seconds, for commands that read them all."""


def test_what_happens_is_seen_as_it_happens_and_its_proof_holds_elsewhere(
    world: World, mail: MailServer, phone: Phone, desktop: OpenDesktop, address: str, tmp_path: Path
) -> None:
    with world.visitor("auditor", "/audit") as grace:
        wait_until(lambda: grace.shows("Live: "), "the live tail")
        asked = desktop(world.service).ask(address)
        wait_until(lambda: grace.shows(f"asked for a link for {address}"), "the request", SEALED_WITHIN)
        phone.approve(mail.letter_to(address).link, asked.user_code)
        assert asked.session().subject
        wait_until(lambda: grace.shows("session.created"), "the session", SEALED_WITHIN)
        wait_until(
            lambda: grace.phone.run(grace.phone.page.locator("#tail-state").inner_text()).endswith("events"), "words"
        )
        grace.look()

        grace.visit(f"/audit/logins/{asked.login_id}")
        assert grace.shows("The device proved its key and collected the login.")
        grace.follow_first("Entry")
        assert grace.shows("This entry is under checkpoint")
        wait_until(
            lambda: grace.shows("This browser computed the same root, and the signature by the key below fits."), "it"
        )
        _holds(world, grace)
    _offline(world, tmp_path)


def _holds(world: World, grace: Console) -> None:
    """By a verifier that shares no code with the service."""
    proof = TlogProof.parse(grace.downloads("Download the proof").decode())
    leaf = grace.downloads("Download the entry")
    assert parse_leaf(leaf).login_id
    index = int(grace.phone.page.url.rpartition("/")[2])
    key = json.loads(world.service.told("audit", "checkpoint", "--json"))["key"]
    metamorphic_log.checkpoint_verify_inclusion(proof.note, [key], index, leaf_hash(leaf), list(proof.hashes))
    with pytest.raises(metamorphic_log.VerifyError):
        metamorphic_log.checkpoint_verify_inclusion(proof.note, [key], index, leaf_hash(b"no"), list(proof.hashes))


def _offline(world: World, folder: Path) -> None:
    """As the page says that anybody can."""
    key = json.loads(world.service.told("audit", "checkpoint", "--json"))["key"]
    log = str(folder / "log")
    for command in (("export", "--format", "tiles", "--folder", log), ("verify", "--folder", log, "--key", key)):
        done = world.service.cli("audit", *command, seconds=OF_A_MILLION_ENTRIES)
        assert done.returncode == 0, done.stderr


def test_the_time_line_is_narrowed_by_dragging_over_it_and_back_by_the_browser(world: World) -> None:
    with world.visitor("auditor", "/audit") as grace:
        everything = _counted(grace)
        grace.phone.run(_dragged(grace, 0.45, 0.7))
        assert "since=" in grace.phone.page.url
        assert "until=" in grace.phone.page.url
        grace.look()
        narrowed = _counted(grace)
        assert 0 < narrowed < everything
        assert grace.value("From (UTC)")
        grace.phone.run(grace.phone.page.go_back())
        assert _counted(grace) >= everything


async def _dragged(grace: Console, start: float, end: float) -> None:
    page = grace.phone.page
    box = await page.locator("svg[data-timeline]").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    await page.mouse.move(box["x"] + start * box["width"], middle)
    await page.mouse.down()
    await page.mouse.move(box["x"] + (start + end) / 2 * box["width"], middle)
    await page.mouse.move(box["x"] + end * box["width"], middle)
    async with page.expect_navigation():
        await page.mouse.up()


def _counted(grace: Console) -> int:
    heading = grace.phone.run(grace.phone.page.locator("#timeline-heading").inner_text())
    return int(heading.split()[0].replace(",", ""))


def test_filters_stand_in_the_address_are_kept_and_what_they_show_is_exported(world: World) -> None:
    with world.visitor("auditor", "/audit") as grace:
        grace.phone.run(_chosen(grace.phone.page.get_by_label("Event", exact=True), "login.locked"))
        grace.press("Show")
        assert "name=login.locked" in grace.phone.page.url
        events = grace.phone.run(grace.phone.page.locator("#events [data-part=name]").all_inner_texts())
        assert set(events) == {"login.locked"}
        grace.type("Name", "locked for good")
        grace.press("Keep")
        grace.visit("/audit")
        grace.follow("locked for good")
        assert "name=login.locked" in grace.phone.page.url
        lines = grace.downloads_by("Download").splitlines()
        assert len(lines) >= len(events)
        assert all(b"login.locked" in line for line in lines)
        grace.press("Remove: locked for good")
        assert not grace.shows("Kept searches")


async def _chosen(field: Locator, value: str) -> None:
    await field.select_option(value)


def test_a_filter_that_nobody_can_mean_says_what_is_wrong_at_its_field(world: World) -> None:
    with world.visitor("auditor") as grace:
        grace.visit("/audit?source=nowhere", 422)
        field = grace.phone.page.get_by_label("Address or network", exact=True)
        assert grace.phone.run(field.get_attribute("aria-invalid")) == "true"
        assert grace.value("Address or network") == "nowhere"
