# SPDX-License-Identifier: Apache-2.0
"""The sum itself: from users in a month to cores, memory, disk and money. Pure."""

import math

import msgspec

from benchmarks.capacity.assumptions import Assumptions
from benchmarks.capacity.constants import Constants
from benchmarks.replicas.figures import Cost
from counterfoil_service.core.grant import ACCESS_TOKEN_SECONDS

LINK_SECONDS = 600
"""How long an abandoned desktop waits for its link: the default of `LINK_TTL`."""

HELD_SECONDS, INTERVAL_SECONDS = 25, 5
"""What a held poll lasts, and the pause between plain ones."""

WAITERS_PER_REPLICA = 10_000
FEWEST_REPLICAS = 2
_HOURS = 730
_MONTH = _HOURS * 3600
_GB = 1e9


class Rates(msgspec.Struct, frozen=True):
    """A second in the busiest hour; `waiting` are desktops whose polls are held at one moment."""

    sign_ins: float
    abandoned: float
    polls: float
    renewals: float
    checks: float
    events: float
    waiting: float


class Needs(msgspec.Struct, frozen=True):
    """For all deployments together, but for `wal_rate`, bytes a second of the busiest hour of one of them.

    `deployments`: events of one log are sealed one batch after another, so a log takes only so many. Cores and replicas
    are whole numbers; disk is that of one copy of the database, in GB, with all that is kept. `mails` are of a month: a
    link for each request, and a notice for each sign-in, as those that were measured were of new devices.
    """

    users: float
    rates: Rates
    sealing: float
    deployments: int
    replicas: int
    nginx_cores: int
    postgresql_cores: int
    memory_gb: float | None
    log_gb: float
    rows_gb: float
    wal_gb: float
    wal_rate: float
    mails: float
    cores_cost: float
    disk_cost: float

    @property
    def cost(self) -> float:
        """Of a month, without mail and traffic."""
        return self.cores_cost + self.disk_cost


def rates_of(users: float, assumed: Assumptions, constants: Constants) -> Rates:
    """Each sign-in waits for as long as people take; what is abandoned waits for as long as its link lives."""
    sign_ins = users * assumed.sign_ins * assumed.peak / _MONTH
    abandoned = sign_ins * assumed.abandoned
    desktops = sign_ins * assumed.waiting_seconds + abandoned * LINK_SECONDS
    renewals = users * assumed.active_hours * 3600 / ACCESS_TOKEN_SECONDS * assumed.peak / _MONTH
    events = (sign_ins + abandoned) * constants.sign_in_entries + renewals * constants.renewal_entries
    return Rates(
        sign_ins=sign_ins,
        abandoned=abandoned,
        polls=desktops * (assumed.held / HELD_SECONDS + (1 - assumed.held) / INTERVAL_SECONDS),
        renewals=renewals,
        checks=renewals * assumed.checks,
        events=events,
        waiting=desktops * assumed.held,
    )


def needs(users: float, constants: Constants, assumed: Assumptions) -> Needs:
    """Everything is rounded up for each deployment, and abandoned requests leave as much as sign-ins do."""
    rates = rates_of(users, assumed, constants)
    sealing = rates.events * constants.seal_microseconds / 1e6
    deployments = max(1, math.ceil(sealing / assumed.sealer_share))
    load = _load(rates, constants)
    by_load, by_waiters = load.replicas / assumed.replica_share, rates.waiting / WAITERS_PER_REPLICA
    replicas = deployments * max(
        FEWEST_REPLICAS, math.ceil(max(by_load, by_waiters) / deployments) + math.ceil(assumed.spare_replicas)
    )
    nginx = deployments * _cores(load.nginx / deployments, assumed.replica_share)
    postgresql = deployments * _cores(load.postgresql / deployments, assumed.postgresql_share)
    requests = (rates.sign_ins + rates.abandoned) * _MONTH / assumed.peak
    renewals = rates.renewals * _MONTH / assumed.peak
    log = rates.events * _MONTH / assumed.peak * constants.entry_bytes * assumed.log_months
    kept = assumed.retention_days * 24 / _HOURS
    rows = (requests * constants.sign_in_bytes + renewals * constants.renewal_bytes) * kept
    wal = load.wal / assumed.peak * assumed.wal_days * 86_400
    disk_gb = ((log + rows) * assumed.database_copies + wal) / _GB
    cores = replicas + nginx + postgresql * assumed.database_copies
    return Needs(
        users=users,
        rates=rates,
        sealing=sealing,
        deployments=deployments,
        replicas=replicas,
        nginx_cores=nginx,
        postgresql_cores=postgresql,
        memory_gb=_memory(replicas, rates.waiting, constants),
        log_gb=log / _GB,
        rows_gb=rows / _GB,
        wal_gb=wal / _GB,
        wal_rate=load.wal / deployments,
        mails=requests + rates.sign_ins * _MONTH / assumed.peak,
        cores_cost=cores * _HOURS * assumed.core_hour,
        disk_cost=disk_gb * assumed.gb_month,
    )


def _load(rates: Rates, constants: Constants) -> Cost:
    """Cores that are busy in the busiest hour, and bytes a second of PostgreSQL's own log."""
    parts = [
        (rates.sign_ins, constants.sign_in),
        (rates.abandoned, constants.ask),
        (rates.polls, constants.poll),
        (rates.renewals, constants.renewal),
        (rates.checks, constants.userinfo),
    ]
    return Cost(
        replicas=sum(rate * cost.replicas for rate, cost in parts) / 1e6,
        nginx=sum(rate * cost.nginx for rate, cost in parts) / 1e6,
        postgresql=sum(rate * cost.postgresql for rate, cost in parts) / 1e6,
        wal=sum(rate * cost.wal for rate, cost in parts),
    )


def _cores(busy: float, share: float) -> int:
    return max(1, math.ceil(busy / share))


def _memory(replicas: int, waiting: float, constants: Constants) -> float | None:
    """Of all replicas; PostgreSQL's is whatever it is given."""
    if constants.waiter_bytes is None:
        return None
    return (replicas * constants.replica_bytes + waiting * constants.waiter_bytes) / _GB
