# SPDX-License-Identifier: Apache-2.0
"""Services that are killed while they are busy: `just kill-attack` in small."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from attack.killing import Attack
from attack.letterbox import Letterbox
from attack.victims import victims
from journeys.databases import Databases, Engine
from support.background import LoopThread

KILLS, VISITORS = 3, 4


@pytest.fixture
def letterbox() -> Iterator[Letterbox]:
    """Everybody's mailbox."""
    with Letterbox() as opened:
        yield opened


def test_a_service_that_is_killed_again_and_again_leaves_no_half_of_anything_and_one_log(
    engine: Engine, databases: Databases, letterbox: Letterbox, loop: LoopThread, tmp_path: Path
) -> None:
    services = victims(engine, databases, tmp_path, letterbox)
    outcome = Attack(services, letterbox, loop, visitors=VISITORS, seed="small").run(KILLS)
    assert outcome.kills == KILLS
    assert outcome.promises >= KILLS
    assert outcome.verifications
