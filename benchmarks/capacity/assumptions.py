# SPDX-License-Identifier: Apache-2.0
"""What nobody can measure here: how people behave, how full machines may be, what they cost. All can be changed."""

from collections.abc import Iterable

import msgspec

MEANINGS = {
    "sign_ins": "sign-ins of a user in a month, each on a device of their own or after a session ended",
    "abandoned": "links asked for in vain, for each sign-in",
    "waiting_seconds": "from the request to the approval, on average",
    "held": "share of waiting desktops whose polls are held; the others ask every 5 s",
    "active_hours": "hours of a month in which an application of the user calls an API",
    "checks": "calls of `userinfo` for each renewal; APIs that verify tokens by the key set need none",
    "peak": "the busiest hour against the average of the month",
    "replica_share": "of a core that a replica may use in that hour",
    "postgresql_share": "of its cores that PostgreSQL may use in that hour",
    "sealer_share": "of the time that the one sealer of a log may work in that hour",
    "spare_replicas": "replicas of each deployment beyond what the load needs",
    "database_copies": "PostgreSQL servers with all data: a primary and its standbys",
    "retention_days": "how long used logins and ended sessions are kept (`LOGIN_RETENTION`)",
    "log_months": "how long the audit log is kept (`AUDIT_RETENTION`)",
    "wal_days": "how long PostgreSQL's own log is kept for recovery",
    "core_hour": "price of one core for one hour",
    "gb_month": "price of one GB of disk for one month",
}


class Assumptions(msgspec.Struct, frozen=True):
    """`MEANINGS` says what each is. Prices are in one currency, whichever."""

    sign_ins: float = 4
    abandoned: float = 0.25
    waiting_seconds: float = 60
    held: float = 0.95
    active_hours: float = 20
    checks: float = 0
    peak: float = 5
    replica_share: float = 0.5
    postgresql_share: float = 0.5
    sealer_share: float = 0.7
    spare_replicas: float = 1
    database_copies: float = 2
    retention_days: float = 30
    log_months: float = 12
    wal_days: float = 3
    core_hour: float = 0.04
    gb_month: float = 0.10

    @property
    def shares(self) -> tuple[float, float, float]:
        """How busy replicas, PostgreSQL and the sealer may be."""
        return self.replica_share, self.postgresql_share, self.sealer_share

    def but(self, changes: Iterable[str]) -> "Assumptions":
        """With others, each as NAME=NUMBER; `ValueError` names what is not known or makes no sense."""
        values: dict[str, float] = {}
        for change in changes:
            name, equals, value = change.partition("=")
            if name not in MEANINGS or not equals:
                raise ValueError(f"{change!r}: NAME=NUMBER with one of {', '.join(MEANINGS)}")
            values[name] = float(value)
            if not 0 <= values[name] < float("inf"):
                raise ValueError(f"{change!r}: a number of 0 or more")
        found = msgspec.structs.replace(self, **values)
        if not (found.held <= 1 <= found.peak and 0 < min(found.shares) <= max(found.shares) <= 1):
            raise ValueError("`held` is at most 1, `peak` at least 1, and every `…_share` more than 0 and at most 1")
        return found
