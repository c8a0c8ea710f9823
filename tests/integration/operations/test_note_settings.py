# SPDX-License-Identifier: Apache-2.0
"""A change of settings is an event, which names what changed and tells no value (R122)."""

from typing import Any

import msgspec
import pytest

from counterfoil_service.operations.note_settings import note_settings
from counterfoil_service.settings import Secret, Settings
from counterfoil_service.settings.sinks import read_sinks
from support import acting
from support.stage import Stage

KEY = "whsec_" + "A" * 32


async def noted(stage: Stage) -> list[str]:
    return [row[0] for row in await stage.rows("SELECT fields FROM audit_events WHERE name = 'settings.changed'")]


async def start_again(stage: Stage, **changes: Any) -> Settings:
    settings = msgspec.structs.replace(stage.service.services.settings, **changes)
    await stage.database.write(note_settings, settings)
    return settings


async def test_the_first_start_and_every_one_with_the_same_settings_say_nothing(stage: Stage) -> None:
    await start_again(stage)
    await start_again(stage)
    assert await noted(stage) == []


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"link_ttl": 300}, "LINK_TTL"),
        ({"sign_up": "invited", "audit_delay": 9}, "AUDIT_DELAY SIGN_UP"),
        ({"mail_url": Secret("smtp://me:hunter2@mail.example")}, "MAIL_URL"),
        ({"audit_sinks": read_sinks(f"https://siem.example/#{KEY}")}, "AUDIT_SINKS"),
        ({"audit_retention": 40 * 86_400}, "AUDIT_RETENTION"),
    ],
)
async def test_a_start_with_others_names_them_once(stage: Stage, changes: dict[str, Any], names: str) -> None:
    await start_again(stage, **changes)
    await start_again(stage, **changes)
    assert await noted(stage) == [f'{{"names":"{names}"}}']
    await start_again(stage)
    assert len(await noted(stage)) == 2


async def test_a_secret_that_alone_changes_within_a_setting_is_noticed_and_not_kept(stage: Stage) -> None:
    await start_again(stage, audit_sinks=read_sinks(f"https://siem.example/#{KEY}"))
    await start_again(stage, audit_sinks=read_sinks(f"https://siem.example/#{KEY[:-1]}B"))
    assert len(await noted(stage)) == 2
    everything = str(await acting.snapshot(stage))
    assert KEY[6:] not in everything
    assert "siem" not in everything
