# SPDX-License-Identifier: Apache-2.0
"""The model's tables in docs/performance.md: what it comes to, and all that it assumes."""

from collections.abc import Callable, Sequence

import msgspec

from benchmarks.capacity.assumptions import MEANINGS, Assumptions
from benchmarks.capacity.constants import Constants
from benchmarks.capacity.model import Needs, needs
from benchmarks.harness.page import table

_MILLION, _TEN = 1_000_000, 10
_ROWS: Sequence[tuple[str, Callable[[Needs], str]]] = (
    ("sign-ins a second in the busiest hour", lambda need: _number(need.rates.sign_ins)),
    ("requests in vain a second", lambda need: _number(need.rates.abandoned)),
    ("polls a second", lambda need: _number(need.rates.polls)),
    ("renewals of tokens a second", lambda need: _number(need.rates.renewals)),
    ("desktops whose polls are held at one moment", lambda need: _number(need.rates.waiting)),
    ("events a second", lambda need: _number(need.rates.events)),
    ("the one sealer of one log would be busy for", lambda need: f"{100 * need.sealing:,.0f} %"),
    ("**deployments**, each with a log of its own", lambda need: f"{need.deployments:,}"),
    ("**replicas** (a core each)", lambda need: f"{need.replicas:,}"),
    ("cores for nginx, without TLS", lambda need: f"{need.nginx_cores:,}"),
    ("**cores of PostgreSQL** (primaries)", lambda need: f"{need.postgresql_cores:,}"),
    ("memory of all replicas, GB", lambda need: "not measured" if need.memory_gb is None else _number(need.memory_gb)),
    ("audit log on disk, GB", lambda need: _number(need.log_gb)),
    ("all other rows on disk, GB", lambda need: _number(need.rows_gb)),
    ("WAL kept, GB", lambda need: _number(need.wal_gb)),
    ("WAL of one deployment in the busiest hour, MB/s", lambda need: _number(need.wal_rate / 1e6)),
    ("mails a month (links, notices of new devices), not in the price", lambda need: _number(need.mails)),
    ("cores, price of a month", lambda need: _number(need.cores_cost)),
    ("disk, price of a month", lambda need: _number(need.disk_cost)),
    ("**together**", lambda need: _number(need.cost)),
    ("for a million users", lambda need: _number(need.cost * _MILLION / need.users)),
)


def shown(users: Sequence[int], constants: Constants, assumed: Assumptions) -> str:
    """A column for each number of users, and every assumption by its name."""
    columns = [needs(each, constants, assumed) for each in users]
    head = ["users in a month", *(f"{each:,}" for each in users)]
    come_to = table(head, [[name, *(of(need) for need in columns)] for name, of in _ROWS])
    assumptions = table(
        ["assumed", "value", "what it is"],
        [[f"`{name}`", f"{value:g}", MEANINGS[name]] for name, value in msgspec.structs.asdict(assumed).items()],
    ).replace("| ---: | ---: |", "| ---: | --- |", 1)
    return f"{come_to}\n\n{assumptions}\n\nFrom figures of this machine: {constants.machine}."


def _number(value: float) -> str:
    if value >= _TEN or value == 0:
        return f"{value:,.0f}"
    return f"{value:.2g}"
