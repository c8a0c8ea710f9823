# SPDX-License-Identifier: Apache-2.0
"""`links list` and `links relay`, each in a process of its own beside a service that answers."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from counterfoil_service.settings import Secret
from integration.test_commands_people import TIME, Operator
from support.stage import OpenStage, Stage
from support.way_home import REGISTERED, home_fields

ADA, BOB = "ada@example.com", "bob@example.com"


@pytest.fixture
async def stage(open_stage: OpenStage, sqlite_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """A service without mail, on the clock of the commands."""
    async with open_stage(sqlite_url, tmp_path, mail_url=Secret("none:")) as opened:
        opened.clock.now = time.time_ns() // 1000
        yield opened


@pytest.fixture
def operator(stage: Stage, tmp_path: Path) -> Operator:
    return Operator(stage, tmp_path)


async def test_who_waits_is_listed_and_relayed_a_link_that_signs_in(operator: Operator) -> None:
    stage = operator.stage
    assert await operator.told("links", "list") == "Nobody waits for a link.\n"
    asked = await stage.start(device_label="Ada's laptop")
    (waits,) = await operator.json("links", "list")
    assert (waits["login_id"], waits["email"], waits["device"]) == (asked.login_id, ADA, "Ada's laptop")
    assert (waits["application"], waits["client_id"], waits["mail"]) == ("Desk App", "desk-app", "queued")
    assert 0 <= waits["age"] < 60
    assert waits["relayed_at"] is None
    assert all(TIME.fullmatch(waits[name]) for name in ("asked_at", "expires_at"))
    table = await operator.told("links", "list")
    assert all(each in table for each in (asked.login_id, ADA, "Ada's laptop", " s "))

    given = await operator.json("links", "relay", asked.login_id, "--reason", "she called")
    assert (given["login_id"], given["email"]) == (asked.login_id, ADA)
    assert given["expires_at"] == waits["expires_at"]
    (waits,) = await operator.json("links", "list")
    assert waits["mail"] == "relayed"
    assert TIME.fullmatch(waits["relayed_at"])
    assert (await stage.decide(given["link"].rpartition("/")[2], "approve", asked.user_code)).status_code == 200
    assert (await stage.poll(asked)).status_code == 200
    assert await operator.json("links", "list") == []
    story = await operator.told("audit", "explain", asked.login_id)
    assert "an operator may relay the link" in story
    assert "A new link was given by hand, by a command: “she called”." in story
    assert given["link"] not in story


async def test_a_link_is_shown_once_and_a_second_is_refused(operator: Operator) -> None:
    asked = await operator.stage.start()
    told = await operator.told("links", "relay", asked.login_id, "--reason", "she called")
    assert told.startswith("link, shown this once: https://id.example/l/")
    assert ADA in told
    assert "there is but one" in await operator.refused("links", "relay", asked.login_id, "--reason", "again")


async def test_the_operator_is_told_what_the_person_does_next_which_for_some_is_to_type_nothing(
    operator: Operator,
) -> None:
    stage = operator.stage
    typing = await stage.start()
    told = await operator.told("links", "relay", typing.login_id, "--reason", "she called")
    assert "Never ask for the code on their device: they type it after the link." in told
    assert "takes no code" not in told

    await stage.add_application("vault", name="Vault", redirect_uris=REGISTERED, same_device_only=True)
    asked = await stage.start(BOB, None, client_id="vault", **home_fields())
    told = await operator.told("links", "relay", asked.login_id, "--reason", "he called")
    assert "It takes no code: they must open it on the computer, or in the browser, where they asked." in told
    assert "type" not in told
    assert "Give it to the owner of bob@example.com" in told


async def test_of_two_operators_at_once_one_is_given_a_link(operator: Operator) -> None:
    asked = await operator.stage.start()
    command = ("links", "relay", asked.login_id, "--reason", "she called", "--json")
    both: list[Any] = await asyncio.gather(*(operator.told(*command) for _ in range(2)), return_exceptions=True)
    assert sorted(isinstance(each, str) for each in both) == [False, True]
    assert "there is but one" in str(next(each for each in both if not isinstance(each, str)))


async def test_without_a_reason_or_for_a_decoy_or_for_nobody_there_is_no_link(operator: Operator) -> None:
    asked = await operator.stage.start()
    assert "reason: 1 to 200" in await operator.refused("links", "relay", asked.login_id, "--reason", " ")
    assert "links list" in await operator.refused("links", "relay", "01KAG0Q3W4M9T6E2X8D5B7N1CV", "--reason", "x")
    for _ in range(3):
        decoy = await operator.stage.start()
    assert "decoy" in await operator.refused("links", "relay", decoy.login_id, "--reason", "she called")
    assert sorted(each["mail"] for each in await operator.json("links", "list")) == ["decoy"] + ["queued"] * 3


async def test_whom_nobody_invited_is_no_user_and_is_seen_to_wait_as_a_decoy(
    open_stage: OpenStage, sqlite_url: str, tmp_path: Path
) -> None:
    async with open_stage(sqlite_url, tmp_path, mail_url=Secret("none:"), sign_up="invited") as stage:
        stage.clock.now = time.time_ns() // 1000
        await stage.start()
        operator = Operator(stage, tmp_path)
        assert await operator.json("users", "list") == []
        assert [each["mail"] for each in await operator.json("links", "list")] == ["decoy"]


async def test_who_waits_is_among_the_users_unverified_and_a_decoy_is_not(operator: Operator) -> None:
    stage = operator.stage
    await operator.told("users", "invite", BOB)
    await operator.told("users", "disable", BOB)
    await stage.start(BOB)
    first, second = await stage.start(), await stage.start()
    bob, ada = await operator.json("users", "list")
    assert (bob["email"], bob["state"]) == (BOB, "disabled")
    assert (ada["email"], ada["state"], ada["subject"], ada["sessions"]) == (ADA, "unverified", None, 0)
    assert "only waits for a link" in await operator.refused("users", "disable", ADA)
    assert await stage.count("users") == 1, "a stranger's request makes no user"

    await operator.told("links", "relay", second.login_id, "--reason", "she called")
    ada, _ = await operator.json("users", "list")
    assert (ada["email"], ada["state"]) == (ADA, "unverified")
    assert ada["subject"]
    assert "not verified yet" in await operator.refused("users", "invite", ADA)
    assert first.login_id in str(await operator.json("links", "list"))
