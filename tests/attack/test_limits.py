# SPDX-License-Identifier: Apache-2.0
"""`just limits`, row by row: whoever uses a budget up is refused, and nobody else is."""

from pathlib import Path

import pytest

from attack.limit_attacks import ATTACKS
from attack.limit_scene import scene
from counterfoil_service.core.budget import Budgets
from counterfoil_service.settings.secret import Secret
from support.redis import RedisServer


@pytest.mark.parametrize("name", ATTACKS)
async def test_the_attacker_is_refused_and_the_owner_served(name: str, database_url: str, tmp_path: Path) -> None:
    async with scene(database_url, tmp_path, ATTACKS[name].budgets) as stage:
        fought = await ATTACKS[name].fight(stage)
    assert fought.refused, fought.heard
    assert fought.served, fought.owner


@pytest.mark.parametrize("name", ["application", "link_opens", "range_tries", "key_polls", "client_secrets"])
async def test_so_it_is_where_replicas_count_together(name: str, sqlite_url: str, tmp_path: Path) -> None:
    with RedisServer(tmp_path) as redis:
        async with scene(sqlite_url, tmp_path, ATTACKS[name].budgets, redis_url=Secret(redis.url)) as stage:
            assert (await ATTACKS[name].fight(stage)).held
            await stage.elsewhere.service.services.shared.close()


def test_every_budget_has_its_row() -> None:
    assert set(ATTACKS) == set(Budgets.__struct_fields__)
