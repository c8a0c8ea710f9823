# SPDX-License-Identifier: Apache-2.0
"""The figures as tables, for a terminal and for docs/performance.md."""

import statistics
from collections.abc import Callable, Sequence

from benchmarks.harness.figures import number, one_run
from benchmarks.harness.page import table
from benchmarks.replicas.figures import Cost, Figures, Loaded, Round, ceiling

LOADS = ["behind nginx, on PostgreSQL", "replicas", "answers/s", "kept up at most", "p50 ms", "p99 ms"]
COSTS = ["CPU, µs", "replicas", "nginx", "PostgreSQL", "together", "WAL bytes"]
KEPT = ["left in the database by", "entries of the log", "bytes of the log", "bytes of all else"]


def tables(figures: Figures) -> str:
    """All of them, and what stands below."""
    shown = [
        table(LOADS, [row for load in figures.loads for row in _loads(load, figures.processors)]),
        table(["two replicas ÷ one", "answers/s", "CPU of a request"], [_ratios(load) for load in figures.loads]),
        table(COSTS, [*_load_costs(figures.loads), *_whole_costs(figures)]),
        table(KEPT, [_kept(figures, number_) for number_ in range(len(figures.wholes))]),
        _words(figures),
    ]
    return "\n\n".join(shown)


def _loads(load: Loaded, processors: int) -> list[list[str]]:
    return [
        [
            load.name,
            str(count),
            _spread([each.per_second for each in rounds]),
            _middle(rounds, lambda each: ceiling(each, processors)),
            _middle(rounds, lambda each: each.p50 / 1000),
            _middle(rounds, lambda each: each.p99 / 1000),
        ]
        for count, rounds in ((1, load.one), (2, load.two))
    ]


def _ratios(load: Loaded) -> list[str]:
    return [load.name, _ratio(load.faster), _ratio(load.dearer)]


def _ratio(rounds: Sequence[float]) -> str:
    return f"{statistics.median(rounds):.2f} ({min(rounds):.2f} to {max(rounds):.2f})"


def _load_costs(loads: Sequence[Loaded]) -> list[list[str]]:
    return [
        _cost(f"{load.name}, {words}", Cost.middle([each.cost for each in rounds]))
        for load in loads
        for words, rounds in (("one replica", load.one), ("two", load.two))
    ]


def _whole_costs(figures: Figures) -> list[list[str]]:
    return [_cost(f"{whole.name}, whole, two", Cost.middle(whole.costs)) for whole in figures.wholes]


def _cost(name: str, cost: Cost) -> list[str]:
    return [name, *(number(round(part)) for part in (cost.replicas, cost.nginx, cost.postgresql, cost.total, cost.wal))]


def _kept(figures: Figures, place: int) -> list[str]:
    whole = figures.wholes[place]
    parts = zip(*((kept.entries, kept.log_bytes, kept.other_bytes) for kept in whole.kept), strict=True)
    return [whole.name, *(number(statistics.median(part)) for part in parts)]


def _words(figures: Figures) -> str:
    woken, memory = figures.woken, figures.bytes_each / 2**20
    return (
        f"Approved at one replica, answered by the other: p50 {woken.p50:.1f} ms, p99 {woken.p99:.1f} ms,"
        f" longest {woken.longest:.1f} ms of {woken.count:,}."
        f" A replica that nobody asks uses {figures.idle:.2f} % of a core and {memory:.0f} MiB."
        f" {one_run(figures.seconds, f'{figures.machine}, {figures.about}')}"
    )


def _middle(rounds: Sequence[Round], of: Callable[[Round], float]) -> str:
    return number(round(statistics.median(map(of, rounds)), 1))


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"
