# SPDX-License-Identifier: Apache-2.0
"""Where a link is opened: recorded for audit and told in words, never a reason for anything [R37, R145]."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from counterfoil_service.core.story import sentence
from counterfoil_service.operations.erase_user import erase_user
from support.http import execute, is_page
from support.mmdb import BRITAIN, JAPAN, LONDON, TOKYO, write_mmdb
from support.stage import OpenStage, Stage

ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Mobile Safari/537.36"
)
FETCH = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}
SCANNER = "Mozilla/5.0 (compatible; BingPreview/1.0b)"
ASN = {"autonomous_system_organization": "Andrews & Arnold"}


@pytest.fixture
async def world(database_url: str, tmp_path: Path, open_stage: OpenStage) -> AsyncIterator[Stage]:
    """A service with place files; the desktop asks from London."""
    countries = write_mmdb(
        tmp_path / "countries.mmdb", {"81.2.69.0/24": BRITAIN, "133.0.0.0/8": JAPAN, "81.2.70.0/24": BRITAIN}
    )
    networks = write_mmdb(tmp_path / "networks.mmdb", {"81.2.64.0/18": ASN}, "GeoLite2-ASN")
    async with open_stage(database_url, tmp_path, mmdb_files=(countries, networks)) as stage:
        stage.client = _at(stage, LONDON)
        yield stage
        await stage.client.aclose()


def _at(stage: Stage, address: str) -> httpx2.AsyncClient:
    app: Any = stage.client._transport.app  # type: ignore[attr-defined]  # the stage's is an ASGITransport
    transport = httpx2.ASGITransport(app=app, client=(address, 40000))
    return httpx2.AsyncClient(transport=transport, base_url=stage.issuer)


async def opened_at(stage: Stage, address: str, agent: str = ANDROID, **headers: str) -> str:
    """The page, opened elsewhere."""
    secret = await stage.secret()
    stage.clock.advance(34)
    async with _at(stage, address) as phone:
        return is_page(await phone.get(f"/l/{secret}", headers={"User-Agent": agent, **FETCH, **headers}), 200)


async def last(stage: Stage, login_id: str) -> tuple[dict[str, str | int], str]:
    stored = (await stage.events(login_id))[-1]
    return dict(stored.event.fields), sentence(stored.event, stored.personal)


@pytest.mark.parametrize(
    ("address", "nearness", "words", "country"),
    [
        (LONDON, "same_network", "on the same network as the device that asked", "GB"),
        ("81.2.70.9", "same_country", "in the same country as the device that asked", "GB"),
        (TOKYO, "other_country", "in another country than the device that asked", "JP"),
    ],
)
async def test_an_opening_is_told_in_words_to_the_person_and_to_auditors(
    world: Stage, address: str, nearness: str, words: str, country: str
) -> None:
    asked = await world.start()
    page = await opened_at(world, address)
    assert f'<bdi>Chrome on Android</bdi><span class="small quiet">{words}</span>' in page
    assert "United Kingdom, Andrews &amp; Arnold" in page
    fields, told = await last(world, asked.login_id)
    network = {} if country == "JP" else {"network": "Andrews & Arnold"}
    near = {"seconds_since_mail": 34, "nearness": nearness}
    assert fields == {"method": "GET", **near, "country": country, **network}
    where, runs = {"GB": ("the United Kingdom", " (Andrews & Arnold)"), "JP": ("Japan", "")}[country]
    assert told == (
        f"The link was opened (GET) by a person, it seems, on a phone in {where}: "
        f"Chrome on Android at {address}{runs}, 34 s after the mail left, {words}. Opening changes nothing."
    )


async def test_without_place_files_the_page_leaves_the_place_out_and_still_knows_its_own_network(stage: Stage) -> None:
    asked = await stage.start()
    page = await opened_at(stage, "192.0.2.77")
    assert "<dt>From</dt>" not in page
    assert "on the same network as the device that asked" in page
    assert (await last(stage, asked.login_id))[0].get("country") is None
    assert "Chrome on Android</bdi>" in await opened_at(stage, "198.51.100.1"), "nothing to say of where"
    assert "nearness" not in (await last(stage, asked.login_id))[0]


@pytest.mark.parametrize(
    ("headers", "label", "words"),
    [
        ({"User-Agent": SCANNER}, "known_scanner", "a scanner or a previewer"),
        ({"User-Agent": ""}, "no_agent", "does not say what it is"),
        ({"User-Agent": "curl/8.5.0"}, "program", "calls itself a program"),
    ],
)
async def test_what_looks_automated_is_labelled_and_gets_the_same_page(
    world: Stage, headers: dict[str, str], label: str, words: str
) -> None:
    asked = await world.start()
    secret = await world.secret()
    world.clock.advance(34)
    person = is_page(await world.open(secret, **{"User-Agent": ANDROID, **FETCH}), 200)
    machine = is_page(await world.open(secret, **headers), 200)
    fields, told = await last(world, asked.login_id)
    assert fields["automation"] == label
    assert words in told
    assert machine.partition("<form")[2] == person.partition("<form")[2]
    assert (await world.decide(secret, "approve", asked.user_code, headers)).status_code == 200


async def test_where_a_request_came_from_stands_in_its_event(world: Stage) -> None:
    asked = await world.start()
    requested = (await world.events(asked.login_id))[0]
    assert dict(requested.event.fields) == {"country": "GB", "network": "Andrews & Arnold"}
    assert sentence(requested.event, requested.personal).endswith(
        f", from {LONDON} in the United Kingdom (Andrews & Arnold)."
    )


async def test_a_browser_that_sends_less_than_its_name_would_is_labelled(world: Stage) -> None:
    asked = await world.start()
    secret = await world.secret()
    world.clock.advance(34)
    await world.open(secret, **{"User-Agent": ANDROID})
    assert (await last(world, asked.login_id))[0]["automation"] == "no_fetch_metadata"


async def test_an_opening_while_the_mail_is_still_handed_over_is_too_soon(world: Stage) -> None:
    """A gateway may follow the link before it has answered the mail server."""
    asked = await world.start()
    secret = await world.secret()
    await execute(world, "UPDATE outbox SET state = 'queued', ended_at = NULL WHERE kind = 'link'")
    await world.open(secret, **{"User-Agent": ANDROID, **FETCH})
    fields = (await last(world, asked.login_id))[0]
    assert (fields["seconds_since_mail"], fields["automation"]) == (0, "too_soon")
    await execute(world, "UPDATE outbox SET attempts = 0 WHERE kind = 'link'")
    await world.open(secret, **{"User-Agent": ANDROID, **FETCH})
    assert "seconds_since_mail" not in (await last(world, asked.login_id))[0]


async def test_an_opening_before_anybody_could_read_the_mail_is_labelled(world: Stage) -> None:
    asked = await world.start()
    secret = await world.secret()
    await world.open(secret, **{"User-Agent": ANDROID, **FETCH})
    assert (await last(world, asked.login_id))[0]["automation"] == "too_soon"


async def test_being_far_away_refuses_nothing_and_being_near_approves_nothing(world: Stage) -> None:
    asked = await world.start()
    secret = await world.secret()
    async with _at(world, LONDON) as near, _at(world, TOKYO) as far:
        wrong = await near.post("/l", data={"secret": secret, "action": "approve", "user_code": "BBBBBB"})
        assert wrong.status_code == 422
        right = await far.post("/l", data={"secret": secret, "action": "approve", "user_code": asked.user_code})
        assert right.status_code == 200
    events = {each.event.name.value: each.event.fields for each in await world.events(asked.login_id)}
    assert events["login.code_mismatch"]["nearness"] == "same_network"
    assert events["login.approved"]["nearness"] == "other_country"


async def test_addresses_and_agents_are_sealed_and_never_in_open_fields(world: Stage) -> None:
    await world.start()
    await opened_at(world, TOKYO)
    columns = repr(await world.rows("SELECT fields, reason FROM audit_events")) + repr(
        await world.rows("SELECT country, place FROM logins")
    )
    for personal in (TOKYO, LONDON, "Chrome", "Pixel"):
        assert personal not in columns


async def test_no_hint_is_asked_of_the_browser(world: Stage) -> None:
    await world.start()
    answer = await world.open(await world.secret())
    assert not {"accept-ch", "critical-ch"} & {name.lower() for name in answer.headers}


async def test_whoever_is_erased_leaves_no_place(world: Stage) -> None:
    asked = await world.approved()
    assert (await world.poll(asked)).status_code == 200
    await world.database.write(erase_user, "ada@example.com")
    assert await world.rows("SELECT country, place FROM logins") == [(None, None)]
