# SPDX-License-Identifier: Apache-2.0
"""The growth benchmark's history is what a sweeper leaves, alike at every size; verdict and picture are its."""

from collections import Counter
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from benchmarks.growth.__main__ import BENCHMARK
from benchmarks.growth.backlog import KINDS, Backlog
from benchmarks.growth.figures import Figures, judged_growth
from benchmarks.growth.filling import columns
from benchmarks.growth.history import DAY, SPAN, History
from benchmarks.growth.picture import picture
from benchmarks.harness.figures import EngineSeries, Series
from counterfoil_service.core.login import State
from counterfoil_service.crypto.keys import Keys
from support.plans import GROWING

NOW = 1_795_000_000_000_000
KEYS = Keys(bytes(32))
SIZE = 3_000
UNFILLED = {"alert_pushes", "alerts", "checkpoints", "event_counts", "log_tiles"}
"""No request reads them."""


def history_of(size: int) -> History:
    return History(size, NOW, KEYS)


def tables_of(history: History) -> dict[str, list[Any]]:
    return {table: list(rows) for table, rows in history.rows()}


def figures_of(small: list[float], large: list[float], *, judged: bool = True) -> Figures:
    cpu = Series("request", "send", "µs", {10: small, 1000: large}, judged=judged)
    clock = Series("took", "send", "µs", {10: [900.0], 1000: [950.0]})
    disk = Series("disk", "database", "bytes/login", {10: [4_000.0], 1000: [2_500.0]})
    return Figures("a machine", [10, 1000], 50, 20, 12.0, [EngineSeries("sqlite", "SQLite 3", [cpu, clock, disk])])


def test_the_history_fills_every_table_that_grows_and_that_a_request_reads() -> None:
    tables = tables_of(history_of(SIZE))
    assert set(tables) == GROWING - UNFILLED
    for table, rows in tables.items():
        assert rows, table
        assert {len(row) for row in rows} == {len(columns(table))}
        assert len({row[0] for row in rows}) == len(rows) or table == "mailings"


def test_what_retention_would_have_deleted_is_not_there() -> None:
    tables = tables_of(history_of(SIZE))
    logins = [dict(zip(columns("logins"), row, strict=True)) for row in tables["logins"]]
    assert min(login["created_at"] for login in logins) > NOW - SPAN
    old = [login["state"] for login in logins if login["created_at"] < NOW - DAY]
    assert set(old) == {State.CONSUMED, State.DENIED, State.LOCKED}
    assert all(row[1] > NOW - DAY - SPAN // SIZE for row in tables["mailings"])
    assert all(row[1] > NOW for row in tables["proofs"])


def test_tokens_are_those_of_sessions_that_live_and_sessions_those_of_logins_that_were_used() -> None:
    tables = tables_of(history_of(SIZE))
    used = {row[0] for row in tables["logins"] if row[2] == State.CONSUMED}
    assert {row[3] for row in tables["sessions"]} == used
    living = {row[0] for row in tables["sessions"] if row[13] is None}
    assert {row[1] for row in tables["refresh_tokens"]} == living
    assert 0.4 < len(living) / len(used) < 0.6
    assert {row[1] for row in tables["sessions"]} <= {row[0] for row in tables["users"]}
    assert {row[11] for row in tables["sessions"]} <= {row[0] for row in tables["devices"]}


def test_a_history_is_the_same_each_time_and_its_shares_are_those_of_every_size() -> None:
    assert tables_of(history_of(50)) == tables_of(history_of(50))
    small, large = (Counter(history_of(size).state(number) for number in range(size)) for size in (SIZE, 5 * SIZE))
    for state in (State.CONSUMED, State.DENIED, State.LOCKED):
        assert small[state] / SIZE == pytest.approx(large[state] / SIZE / 5, abs=0.01)


def test_the_backlog_has_as_many_rows_of_each_kind_whatever_the_size() -> None:
    counted = [Counter[str]() for _ in range(2)]
    for counter, size in zip(counted, (100, SIZE), strict=True):
        for table, rows in Backlog(history_of(size), 7).rows():
            counter[table] += len(list(rows))
    assert counted[0] == counted[1]
    assert counted[0]["logins"] == 7 * len(KINDS)
    assert counted[0]["audit_events"] == 7


@pytest.mark.parametrize(("large", "steep"), [([15.0, 14.0, 16.0], 0), ([15.0, 15.2, 15.4], 1)])
def test_growth_beyond_the_limit_is_too_steep(large: list[float], steep: int) -> None:
    assert len(figures_of([10.0, 10.0, 10.0], large).too_steep) == steep
    assert figures_of([10.0, 10.0, 10.0], large, judged=False).too_steep == []


def test_a_batch_is_held_against_the_second_largest_size() -> None:
    rounds = {10: [10.0, 10.0], 100: [20.0, 40.0], 1000: [26.0, 56.0]}
    assert judged_growth(Series("batch", "delete", "µs", rounds)) == pytest.approx(1.35)
    assert judged_growth(Series("request", "send", "µs", rounds)) == pytest.approx(4.1)


@pytest.mark.parametrize(("second", "steep"), [(100_000, 1), (10_000, 0)])
def test_a_batch_is_judged_only_where_its_rows_lie_alone(second: int, steep: int) -> None:
    rounds = {1_000: [1.0], second: [2.0], 1_000_000: [20.0]}
    engine = EngineSeries("sqlite", "SQLite 3", [Series("batch", "delete", "µs", rounds, judged=True)])
    assert len(Figures("a machine", sorted(rounds), 50, 20, 12.0, [engine]).too_steep) == steep


def test_what_the_documentation_shows_is_as_it_must_be() -> None:
    assert BENCHMARK.kind.read(BENCHMARK.documented).too_steep == []


def test_the_picture_is_an_image_that_says_in_words_what_it_shows() -> None:
    root = ET.fromstring(picture(figures_of([10.0], [12.0])))  # noqa: S314 - our own
    said = "Cost at 1,000 logins against 10, 1.5 at the most. SQLite: send 1.20."
    assert root.attrib["aria-label"] == said
