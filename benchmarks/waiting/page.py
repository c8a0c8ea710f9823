# SPDX-License-Identifier: Apache-2.0
"""The tables: in docs/performance.md, and in the terminal the same text."""

from collections.abc import Callable

from benchmarks.harness.figures import number
from benchmarks.harness.page import table
from benchmarks.waiting.figures import EngineFigures, Figures, Polling, SizeFigures, Times

_NONE = "-"


def tables(figures: Figures) -> str:
    """One for each engine, and what was measured on."""
    return "\n\n".join([*(_engine(engine) for engine in figures.engines), _run(figures)])


def _engine(engine: EngineFigures) -> str:
    head = [engine.about, *(f"{size.desktops:,} desktops" for size in engine.sizes)]
    return table(head, [[name, *(cell(size) for size in engine.sizes)] for name, cell in _ROWS.items()])


def _run(figures: Figures) -> str:
    limit = f"{figures.descriptors:,} descriptors for a process"
    return f"Measured in {figures.seconds:.0f} s: {figures.machine}, {limit}."


def _share(value: float | None) -> str:
    return _NONE if value is None else number(value)


def _spread(times: Times | None, unit: float = 1.0) -> str:
    if times is None:
        return _NONE
    return " / ".join(number(value / unit) for value in (times.p50, times.p99, times.longest))


def _polled(cell: Callable[[Polling], str]) -> Callable[[SizeFigures], str]:
    return lambda size: _NONE if size.polling is None else cell(size.polling)


_ROWS: dict[str, Callable[[SizeFigures], str]] = {
    "memory for each, KiB": lambda size: number(size.held.kib_each),
    "core while nothing happens, %": lambda size: _share(size.held.idle),
    "core while polls are renewed, %": lambda size: _share(size.held.renewing or None),
    "renewals a second": lambda size: _share(size.held.renewals_per_second or None),
    "approval to answer, ms: p50 / p99 / longest": lambda size: _spread(size.held.wake),
    "the first one since the start, ms": lambda size: number(size.held.first),
    "approval to answer beside slow readers, ms": lambda size: _spread(size.slow),
    "SIGTERM: last answer / process gone, s": lambda size: (
        f"{number(size.leaving.answered)} / {number(size.leaving.gone)}"
    ),
    "SIGTERM: held / without answer": lambda size: f"{size.leaving.held:,} / {size.leaving.lost:,}",
    "**polling every 5 s**: core, %": _polled(lambda polling: number(polling.busy)),
    "polls a second: due / answered": _polled(
        lambda polling: f"{number(polling.due_per_second)} / {number(polling.polls_per_second)}"
    ),
    "told to slow down / trouble": _polled(lambda polling: f"{polling.slowed:,} / {polling.trouble:,}"),
    "poll to answer, ms: p50 / p99 / longest": _polled(lambda polling: _spread(polling.answer)),
    "approvals that failed": _polled(lambda polling: f"{polling.failed:,}"),
    "approval to answer, s: p50 / p99 / longest": _polled(lambda polling: _spread(polling.wake, 1e3)),
}
