# SPDX-License-Identifier: Apache-2.0
"""Time tells a decoy apart as little as anything else: the two-sample KS test of decisions.md, "Decoys".

How it stands a shared machine and yet sees a branch that is a fifth slower:

* Real and decoy requests alternate in random order within one run, so whatever else the machine does meets both alike.
* Each request has a mailbox, a key and a network of its own: the rows that one gathers would slow it down.
* What is timed is the operation inside its transaction. The commit and the hop between threads are most of the noise,
  and can differ by nothing but what is written, which `test_decoys.py` compares statement by statement.
* decisions.md asks for three runs out of three, on a quiet machine. Each run fails by chance once in a hundred, and
  neighbours may add to that; a real difference fails every run. So one run of three has to pass here. When this was
  written a fifth gave p below 1e-10 in each of twelve runs (a tenth: below 1e-3), so a planted one must fail at once.
"""

import random
import statistics
import time
from typing import Any

import pytest
from scipy.stats import ks_2samp

from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations import start_login as module
from counterfoil_service.operations.link_request import StartLogin
from counterfoil_service.operations.start_login import start_login
from support import acting
from support.stage import Stage

PAIRS, WARM_UP, RUNS = 200, 20, 3
ENOUGH = 0.01
SLOWER = 0.20


async def measured(stage: Stage, run: str) -> tuple[list[float], list[float]]:
    """Seconds of each real request and of each decoy, in one run."""
    order, times = random.Random(run), {False: list[float](), True: list[float]()}

    async def timed(tx: Transaction, command: StartLogin, context: Context) -> float:
        began = time.perf_counter()
        await start_login(tx, command, context)
        return time.perf_counter() - began

    names = [(disabled, f"{run}{number:03}{int(disabled)}") for number in range(PAIRS + WARM_UP) for disabled in times]
    for disabled, name in names:
        await acting.add_user(stage, f"{name}@example.com", disabled=disabled)
    for number in range(PAIRS + WARM_UP):
        for decoy, name in order.sample(names[2 * number : 2 * number + 2], 2):
            seconds = await stage.database.write(timed, acting.command(f"{name}@example.com", name, source_range=name))
            if number >= WARM_UP:
                times[decoy].append(seconds)
    ((decoys,),) = await acting.query(
        stage, "SELECT sum(decoy) FROM logins WHERE decoy = 1 AND address LIKE :run", run=f"{run}%"
    )
    assert decoys == PAIRS + WARM_UP
    return times[False], times[True]


def likeness(times: tuple[list[float], list[float]]) -> float:
    """The p value: small when the two were hardly drawn from one distribution."""
    return float(ks_2samp(*times).pvalue)


async def test_a_decoy_takes_the_time_of_a_real_login(stage: Stage) -> None:
    found: list[float] = []
    while len(found) < RUNS and max(found, default=0) <= ENOUGH:
        found.append(likeness(await measured(stage, f"run{len(found)}-")))
    assert max(found) > ENOUGH, f"three runs out of three tell decoys apart: p = {found}"


async def test_a_decoy_that_took_a_fifth_longer_would_be_noticed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    real, _ = await measured(stage, "clean-")
    longer = statistics.median(real) * SLOWER
    plain: Any = module._queue_mail

    async def slow(tx: Transaction, login: Any, link_secret: str, decoy: str | None, context: Context) -> None:
        await plain(tx, login, link_secret, decoy, context)
        until = time.perf_counter() + (longer if decoy else 0)
        while time.perf_counter() < until:
            pass

    monkeypatch.setattr(module, "_queue_mail", slow)
    assert likeness(await measured(stage, "slow-")) < ENOUGH
