# SPDX-License-Identifier: Apache-2.0
"""`just bench` in small and without peers: it runs to its end, and every figure that it judges by is there."""

import pytest

from benchmarks.harness.figures import Engine
from benchmarks.sign_in.figures import Figures
from benchmarks.sign_in.run import Plan, measured

PLAN = Plan(rounds=1, seconds=1, rate=4_000, starts=1, sign_ins=3, few=1_000, many=3_000, peers=frozenset())


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_it_measures_every_request_and_whole_sign_ins(engine: Engine) -> None:
    found = measured(PLAN, [engine], lambda _what: None)
    figures = Figures("a machine", "2026-11-28", 1.0, found.versions, found.loads, found.sign_ins, found.starts)
    requests = {load.request for load in figures.loads if load.service == f"counterfoil-{engine}"}
    assert requests == {"send", "send without proof", "poll", "who am I"}
    assert all(rate > 0 for load in figures.loads for rate in load.per_second)
    assert {(each.service, each.live) for each in figures.sign_ins} == {
        (f"counterfoil-{engine}", PLAN.few),
        (f"counterfoil-{engine}", PLAN.many),
        (f"counterfoil-{engine}, mail written", PLAN.few),
    }
    floor = "send ÷ bare Litestar handler, SQLite" if engine == "sqlite" else "send ÷ pgbench, the same statements"
    assert floor in {ratio.name for ratio in figures.ratios}
    assert figures.versions[engine]
