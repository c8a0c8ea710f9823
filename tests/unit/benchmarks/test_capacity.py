# SPDX-License-Identifier: Apache-2.0
"""The capacity model: a sum that can be checked by hand, grows with its users, and hides none of its assumptions."""

from pathlib import Path

import msgspec
import pytest

from benchmarks.capacity.__main__ import MARK, USERS, main
from benchmarks.capacity.assumptions import MEANINGS, Assumptions
from benchmarks.capacity.constants import Constants, read_constants
from benchmarks.capacity.model import Needs, needs, rates_of
from benchmarks.capacity.page import shown
from benchmarks.harness.page import FIGURES, PAGE, with_section
from benchmarks.replicas.figures import Cost

MONTH = 730 * 3600
CONSTANTS = Constants(
    sign_in=Cost(5_000, 200, 2_000, 40_000),
    ask=Cost(2_000, 50, 800, 10_000),
    poll=Cost(300, 30, 50, 0),
    renewal=Cost(800, 40, 500, 4_000),
    userinfo=Cost(400, 40, 60, 0),
    sign_in_entries=12,
    renewal_entries=1,
    sign_in_bytes=5_000,
    renewal_bytes=300,
    entry_bytes=1_300,
    seal_microseconds=40,
    replica_bytes=100e6,
    waiter_bytes=15_000,
    machine="a machine",
)
QUIET = Assumptions().but(["abandoned=0", "active_hours=0", "waiting_seconds=0", "peak=1", "spare_replicas=0"])
"""Sign-ins and nothing else, evenly over the month."""


def at(users: float, **changes: float) -> Needs:
    return needs(users, CONSTANTS, msgspec.structs.replace(Assumptions(), **changes))


def test_a_sum_that_can_be_done_by_hand() -> None:
    need = needs(MONTH, CONSTANTS, msgspec.structs.replace(QUIET, sign_ins=100.0))
    assert need.rates.sign_ins == pytest.approx(100)
    assert need.rates.events == pytest.approx(1_200)
    assert need.sealing == pytest.approx(0.048)
    assert need.deployments == 1
    assert need.replicas == 2
    assert need.nginx_cores == 1
    assert need.postgresql_cores == 1
    assert need.mails == pytest.approx(2 * 100 * MONTH), "a link and a notice"
    assert need.log_gb == pytest.approx(100 * MONTH * 12 * 1_300 * 12 / 1e9)
    assert need.wal_rate == pytest.approx(100 * 40_000)


def test_a_replica_more_than_the_load_needs_and_never_fewer_than_two() -> None:
    busy = needs(MONTH, CONSTANTS, msgspec.structs.replace(QUIET, sign_ins=1_000.0))
    assert busy.replicas == 10, "five cores of work, each core half full"
    spare = needs(MONTH, CONSTANTS, msgspec.structs.replace(QUIET, sign_ins=1_000.0, spare_replicas=1.0))
    assert spare.replicas == 11
    assert needs(1, CONSTANTS, QUIET).replicas == 2


def test_twice_the_users_are_twice_the_load_and_twice_the_disk() -> None:
    one, two = (at(users) for users in (3e7, 6e7))
    for rate in msgspec.structs.fields(one.rates):
        assert getattr(two.rates, rate.name) == pytest.approx(2 * getattr(one.rates, rate.name))
    for name in ("log_gb", "rows_gb", "wal_gb", "disk_cost", "sealing", "mails"):
        assert getattr(two, name) == pytest.approx(2 * getattr(one, name))
    assert two.cost == pytest.approx(2 * one.cost, rel=0.1), "but for what is rounded up"


def test_more_users_never_need_less() -> None:
    before = at(1)
    for power in range(1, 55):
        now = at(1.5**power)
        for name in ("deployments", "replicas", "nginx_cores", "postgresql_cores", "memory_gb", "log_gb", "cost"):
            assert getattr(now, name) >= getattr(before, name), (name, power)
        before = now


@pytest.mark.parametrize(
    ("name", "dearer"),
    [
        *((name, 1.5) for name in ("sign_ins", "abandoned", "active_hours", "peak", "log_months")),
        *((name, 1.5) for name in ("spare_replicas", "database_copies", "retention_days", "wal_days", "core_hour")),
        *((name, 0.5) for name in ("replica_share", "postgresql_share", "held")),
        *(("gb_month", 2.0), ("sealer_share", 0.1), ("waiting_seconds", 20.0)),
    ],
)
def test_every_assumption_counts(name: str, dearer: float) -> None:
    usual = getattr(Assumptions(), name)
    assert at(1e9, **{name: usual * dearer}).cost > at(1e9).cost
    assert at(1e9, checks=1.0).cost > at(1e9).cost


def test_a_log_that_one_sealer_cannot_keep_up_with_is_split() -> None:
    events = rates_of(1e9, Assumptions(), CONSTANTS).events
    need = at(1e9)
    assert need.sealing == pytest.approx(events * 40e-6)
    assert need.sealing / need.deployments <= Assumptions().sealer_share < need.sealing / (need.deployments - 1)
    assert need.replicas % need.deployments == need.postgresql_cores % need.deployments == 0


def test_desktops_that_wait_are_as_many_as_come_while_one_waits() -> None:
    assumed = msgspec.structs.replace(QUIET, sign_ins=100.0, waiting_seconds=50.0, held=1.0)
    rates = rates_of(MONTH, assumed, CONSTANTS)
    assert rates.waiting == pytest.approx(5_000)
    assert rates.polls == pytest.approx(200)
    assert rates_of(MONTH, msgspec.structs.replace(assumed, held=0.0), CONSTANTS).polls == pytest.approx(1_000)


def test_waiting_desktops_alone_can_ask_for_replicas() -> None:
    free = msgspec.structs.replace(CONSTANTS, poll=Cost(0, 0, 0, 0), sign_in=Cost(0, 0, 0, 0))
    assumed = msgspec.structs.replace(QUIET, sign_ins=100.0, waiting_seconds=600.0, held=1.0)
    assert needs(MONTH, free, assumed).replicas == 6


def test_each_assumption_has_a_meaning_and_stands_in_the_table() -> None:
    assert list(MEANINGS) == [field.name for field in msgspec.structs.fields(Assumptions)]
    tables = shown(USERS, CONSTANTS, Assumptions().but(["peak=7.5"]))
    for name, meaning in MEANINGS.items():
        assert f"| `{name}` |" in tables
        assert meaning in tables
    assert "| `peak` | 7.5 |" in tables
    assert "| users in a month | 1,000,000 | 100,000,000 |" in tables
    assert tables.count("|\n") + 1 > len(MEANINGS)


@pytest.mark.parametrize("change", ["peek=5", "peak", "peak=-1", "peak=nan", "peak=inf", "peak=0.5", "held=2",
                                    "replica_share=0", "sealer_share=1.5", "peak=five"])  # fmt: skip
def test_what_makes_no_sense_is_refused(change: str) -> None:
    with pytest.raises(ValueError, match=r"peak|held|share|five"):
        Assumptions().but([change])


def test_memory_that_was_not_measured_is_not_made_up() -> None:
    tables = shown([1_000_000], msgspec.structs.replace(CONSTANTS, waiter_bytes=None), Assumptions())
    assert "| memory of all replicas, GB | not measured |" in tables


def test_the_command_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--figures", str(tmp_path)]) == 2
    assert "replicas.json" in capsys.readouterr().err
    assert main(["--figures", str(FIGURES), "--set", "peek=1"]) == 2
    assert "NAME=NUMBER" in capsys.readouterr().err


def test_the_documentation_shows_what_the_model_makes_of_the_figures_that_lie_beside_it() -> None:
    page = PAGE.read_text("utf-8")
    assert with_section(page, MARK, shown(USERS, read_constants(FIGURES), Assumptions())) == page
