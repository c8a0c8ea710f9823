# SPDX-License-Identifier: Apache-2.0
"""Hundreds of random steps on the real database, each compared with the pure model of `support/model.py`.

A failure prints its seed and the trail of steps; run it again with that seed in SEEDS. `tests/fuzz` has hypothesis look
for shorter ones.
"""

import random

from support.model import Model
from support.model_world import REACHED, World, emptied
from support.stage import Stage

SEEDS = range(1, 13)
LEAST = 4
"""So many are walked at least, and then others until every kind of event was met."""
STEPS = 160
CALM = {"ask": 6, "open": 2, "approve": 5, "miss": 6, "reject": 1, "cancel": 1, "steal": 1, "collect": 7, "reissue": 2}
CALM |= {"sweep": 1, "wait": 4, "here": 6, "redeem": 9, "refresh": 2}
EVENTFUL = CALM | {
    "refresh": 8,
    "steal_token": 2,
    "revoke": 1,
    "report": 2,
    "disable": 2,
    "enable": 5,
    "erase": 1,
    "seal": 2,
}
"""With operators, thieves and renewals, of which each leaves fewer logins to go on with."""


async def test_whatever_happens_the_database_does_what_the_model_does(stage: Stage) -> None:
    reached: set[str] = set()
    for seed in SEEDS:
        if seed > LEAST and reached == REACHED:
            break
        await emptied(stage)
        chance, actions = random.Random(seed), EVENTFUL if seed % 2 else CALM
        world = World(stage, chance, Model(stage.clock()))
        try:
            for _ in range(STEPS):
                await world.act(chance.choices(list(actions), list(actions.values()))[0])
        except BaseException as error:
            error.add_note(f"seed {seed}, after:\n" + "\n".join(world.trail))
            raise
        reached |= world.reached
    assert reached == REACHED, "the walk no longer meets every event"
