# SPDX-License-Identifier: Apache-2.0
"""What was measured, read from the figures of the other benchmarks; all of it on PostgreSQL."""

from pathlib import Path

import msgspec

from benchmarks.audit.figures import Figures as AuditFigures
from benchmarks.harness.figures import Engine
from benchmarks.replicas.figures import Cost
from benchmarks.replicas.figures import Figures as ReplicaFigures

SIGN_IN, RENEWAL, ASK, POLL, USERINFO = "sign in", "renew tokens", "ask for a link", "poll", "userinfo"
_KIB = 1024


class Constants(msgspec.Struct, frozen=True):
    """Costs of a request, or of a whole sign-in with its mail, sealed; what each leaves; what the rest takes.

    `…_entries` are those of the audit log, `…_bytes` of a sign-in or renewal all other rows. `waiter_bytes` is None
    where nothing measured it.
    """

    sign_in: Cost
    ask: Cost
    poll: Cost
    renewal: Cost
    userinfo: Cost
    sign_in_entries: float
    renewal_entries: float
    sign_in_bytes: float
    renewal_bytes: float
    entry_bytes: float
    seal_microseconds: float
    replica_bytes: float
    waiter_bytes: float | None
    machine: str


def read_constants(folder: Path) -> Constants:
    """From docs/performance; `FileNotFoundError` or `ValueError` where figures are missing."""
    replicas, audit = ReplicaFigures.read(folder / "replicas.json"), AuditFigures.read(folder / "audit.json")
    loads = {load.name: Cost.middle([each.cost for each in load.two]) for load in replicas.loads}
    wholes = {whole.name: whole for whole in replicas.wholes}
    missing = {ASK, POLL, USERINFO} - loads.keys() | {SIGN_IN, RENEWAL} - wholes.keys()
    if missing:
        raise ValueError(f"replicas.json has no figures of {', '.join(sorted(missing))}")
    sign_in, renewal = wholes[SIGN_IN], wholes[RENEWAL]
    return Constants(
        sign_in=Cost.middle(sign_in.costs),
        ask=loads[ASK],
        poll=loads[POLL],
        renewal=Cost.middle(renewal.costs),
        userinfo=loads[USERINFO],
        sign_in_entries=sign_in.kept[-1].entries,
        renewal_entries=renewal.kept[-1].entries,
        sign_in_bytes=max(kept.other_bytes for kept in sign_in.kept),
        renewal_bytes=max(kept.other_bytes for kept in renewal.kept),
        entry_bytes=_of_log(audit, "together"),
        seal_microseconds=_of_log(audit, "seal, 1,000 at a time"),
        replica_bytes=replicas.bytes_each,
        waiter_bytes=_of_waiting(folder / "waiting.json"),
        machine=replicas.machine,
    )


def _of_log(figures: AuditFigures, name: str) -> float:
    """At the largest log."""
    size = max(figures.sizes)
    for engine in figures.engines:
        for series in engine.series:
            if (engine.engine, series.name) == ("postgresql", name):
                return series.median(size)
    raise ValueError(f"audit.json has no {name!r} on PostgreSQL")


def _of_waiting(path: Path) -> float | None:
    """The dearest of all numbers of desktops that were held."""
    if not path.exists():
        return None
    engines = msgspec.json.decode(path.read_bytes(), type=_Waiting).engines
    return max(size.held.kib_each * _KIB for each in engines if each.engine == "postgresql" for size in each.sizes)


class _Held(msgspec.Struct):
    kib_each: float


class _Size(msgspec.Struct):
    held: _Held


class _Engine(msgspec.Struct):
    engine: Engine
    sizes: list[_Size]


class _Waiting(msgspec.Struct):
    """As much of the figures of waiting desktops as is needed here."""

    engines: list[_Engine]
