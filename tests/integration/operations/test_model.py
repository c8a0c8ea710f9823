# SPDX-License-Identifier: Apache-2.0
"""Hundreds of random steps on the real database, each compared with the pure model of `support/model.py`.

A failure prints its seed and the trail of steps; run it again with that seed in SEEDS. `tests/fuzz` has hypothesis look
for shorter ones.
"""

import random

from support.model import Model
from support.model_world import REACHED, World, emptied
from support.stage import Stage

SEEDS = [1, 2, 3]
STEPS = 280
ACTIONS = {
    "ask": 12,
    "open": 3,
    "approve": 9,
    "miss": 10,
    "reject": 2,
    "cancel": 2,
    "steal": 2,
    "report": 2,
    "collect": 11,
}
ACTIONS |= {
    "here": 9,
    "redeem": 14,
    "refresh": 9,
    "reissue": 3,
    "steal_token": 2,
    "revoke": 1,
    "disable": 1,
    "enable": 2,
}
ACTIONS |= {"erase": 1, "sweep": 2, "seal": 2, "wait": 8}


async def test_whatever_happens_the_database_does_what_the_model_does(stage: Stage) -> None:
    reached: set[str] = set()
    for seed in SEEDS:
        await emptied(stage)
        chance = random.Random(seed)
        world = World(stage, chance, Model(stage.clock()))
        try:
            for _ in range(STEPS):
                await world.act(chance.choices(list(ACTIONS), list(ACTIONS.values()))[0])
        except BaseException as error:
            error.add_note(f"seed {seed}, after:\n" + "\n".join(world.trail))
            raise
        reached |= world.reached
    assert reached == REACHED, "the walk no longer meets every event"
