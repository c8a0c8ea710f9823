# SPDX-License-Identifier: Apache-2.0
"""`just audit-attack`, small: an edited log is objected to every time, and the first place that was edited is named."""

from random import Random

from attack.attacked_log import EDITS, AttackedLog
from support.stage import Stage
from support.verifying import grown

PLACES, WHOLE = 8, 2


async def test_every_edit_in_the_database_is_found_and_named(stage: Stage) -> None:
    await grown(stage.database, 200, 100, 150, 150)
    log = await AttackedLog.open(stage.database, WHOLE)
    outcomes = await log.attack(PLACES, Random(5), lambda _: None)
    assert len(outcomes) == len(EDITS) + 2
    assert [each for each in outcomes if each.missed] == []
    assert await log.passes(), "every edit was undone"
