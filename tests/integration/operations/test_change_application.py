# SPDX-License-Identifier: Apache-2.0
"""What of an application may change does, all at once or not at all, and every process hears of it."""

import asyncio
from typing import Any

import pytest

from counterfoil_service.core.errors import Refusal
from counterfoil_service.db import applications
from counterfoil_service.operations.change_application import ChangeApplication, Changed, change_application
from support import acting
from support.stage import Stage


async def change(stage: Stage, **parts: Any) -> Changed:
    return await stage.database.write(change_application, ChangeApplication("desk-app", **parts))


async def names_told(stage: Stage) -> list[str]:
    return [row[0] for row in await stage.rows("SELECT fields FROM audit_events WHERE name = 'application.changed'")]


async def test_a_running_service_that_remembers_it_forgets(stage: Stage) -> None:
    known = stage.service.services.applications
    before = await known.get("desk-app", stage.clock.now)
    assert before is not None
    assert before.name == "Desk App"
    await change(stage, name="Bureau")
    # The clock stands still: nothing but the notice tells of it, which takes its way through PostgreSQL.
    async with asyncio.timeout(10):
        while (found := await known.get("desk-app", stage.clock.now)) == before:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.02)
    assert found is not None
    assert found.name == "Bureau"


async def test_a_login_under_way_goes_on_and_its_page_has_the_new_name(stage: Stage) -> None:
    asked = await stage.start()
    secret = await stage.secret()
    await change(stage, name="Bureau", new_devices="allow")
    assert "Bureau" in (await stage.open(secret)).text
    assert (await stage.decide(secret, "approve", asked.user_code)).status_code == 200
    assert (await stage.poll(asked)).status_code == 200
    assert "mail.queued" not in (await stage.names(asked.login_id))[2:], "no notice of a new device any more"


async def test_what_is_so_already_writes_nothing(stage: Stage) -> None:
    await change(stage, colour="#0B5A45")
    before = await acting.snapshot(stage)
    changed = await change(stage, name="Desk App", colour="#0b5a45", logo_text="", audiences=())
    assert changed.names == ()
    assert await acting.snapshot(stage) == before


async def test_a_refused_part_leaves_the_others_as_they_were(stage: Stage) -> None:
    before = await acting.snapshot(stage)
    with pytest.raises(Refusal, match="logo text"):
        await change(stage, name="Bureau", logo_text="x" * 25)
    assert await acting.snapshot(stage) == before


async def test_changes_of_different_parts_at_once_lose_none_of_them(stage: Stage) -> None:
    for number in range(5):
        await asyncio.gather(
            change(stage, name=f"Name {number}"),
            change(stage, colour=f"#00000{number}"),
            change(stage, logo_text=f"Logo {number}"),
            change(stage, redirect_uris=(f"http://127.0.0.1/{number}",)),
        )
        found = await stage.database.read(applications.get, "desk-app")
        assert found is not None
        assert (found.name, found.colour, found.logo_text) == (f"Name {number}", f"#00000{number}", f"Logo {number}")
        assert found.redirect_uris == (f"http://127.0.0.1/{number}",)
    assert len(await names_told(stage)) == 20


async def test_what_may_not_change_cannot_be_named(stage: Stage) -> None:
    for part in ("id", "scopes", "dpop", "fingerprint", "secret_hash", "same_device_only", "mail_code", "created_at"):
        with pytest.raises(TypeError):
            await change(stage, **{part: None})
