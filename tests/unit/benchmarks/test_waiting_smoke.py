# SPDX-License-Identifier: Apache-2.0
"""The benchmark of waiting desktops runs, with a handful of them, on both engines."""

import math

import pytest

from benchmarks.harness.figures import Engine
from benchmarks.waiting.run import Plan, measured

HANDFUL = Plan([5], approvals=4, cold=1, asked=1, per_second=20.0, settle=0.2, idle=0.5, renewals=0, warm=0,
               polling=2.0,
               polling_approvals=0, slow=1, slow_approvals=2, questions=8)  # fmt: skip


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_handful_of_desktops_is_held_woken_polled_and_let_go(engine: Engine) -> None:
    told: list[str] = []
    figures = measured(engine, HANDFUL, told.append)
    size = figures.sizes[0]
    assert size.held.wake.count == 3
    assert size.slow is not None
    assert size.slow.count == 2
    assert (size.leaving.held, size.leaving.lost) == (5, 0)
    assert size.polling is not None
    assert size.polling.polls_per_second > 0
    assert size.held.idle is not None
    assert math.isfinite(size.held.idle)
    assert [words.partition(": ")[2][:20] for words in told] == [
        "5 desktops are held", "5 desktops were held", "5 desktops poll",
    ]  # fmt: skip
