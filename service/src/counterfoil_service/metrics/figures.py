# SPDX-License-Identifier: Apache-2.0
"""The worker that looks up how things stand: queues, the log, alerts. Whoever asks for figures asks no database.

All replicas show the same of what is in the database; take the maximum, and not the sum.
"""

import logging
from collections.abc import Callable
from typing import Final

import msgspec
from prometheus_client import CollectorRegistry, Gauge

from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.login import SECOND
from counterfoil_service.db.engine import Clock, Database
from counterfoil_service.operations.describe_load import Load, describe_load
from counterfoil_service.stopping import Stopping
from counterfoil_service.waiting import Hub

LOOK_SECONDS: Final = 10

log = logging.getLogger(__name__)


class _Shown(msgspec.Struct, frozen=True):
    """A figure: its name, what it is, and whether processes of one `serve` each have their own, to be added up."""

    name: str
    help: str
    own: bool = False


_SHOWN: Final = (
    _Shown("held_polls", "Polls that wait for somebody's decision", own=True),
    _Shown("database_queue", "Calls that use the database or wait for it, in this process", own=True),
    _Shown("mail_queue", "Mails that have not left yet"),
    _Shown("mail_queue_due", "Those of them that are for no later moment"),
    _Shown("mail_queue_oldest_seconds", "For how long the oldest of these is due"),
    _Shown("push_queue", "Alerts on their way to where operators want them"),
    _Shown("push_queue_oldest_seconds", "For how long the oldest of these is due"),
    _Shown("alerts_unseen", "Alerts that nobody has acknowledged"),
    _Shown("log_unsealed", "Events that have no place in the audit log yet; 10000 stands for more"),
    _Shown("log_unsealed_oldest_seconds", "For how long the oldest of these is waiting"),
    _Shown("log_size", "Entries under the newest checkpoint"),
    _Shown("log_checkpoint_timestamp_seconds", "When that was signed, since 1970; 0 before the first"),
    _Shown("sink_behind", "Sealed entries that the sink of the log furthest behind has not got"),
    _Shown("mail_circuits_open", "Mail providers that this process leaves alone for now", own=True),
    _Shown("figures_timestamp_seconds", "When these figures were looked up, since 1970"),
)


class Figures:
    """Satisfies a worker's interface. `circuits_open` is how many mail providers rest."""

    def __init__(
        self, registry: CollectorRegistry, database: Database, hub: Hub, circuits_open: Callable[[], int], clock: Clock
    ) -> None:
        self._database, self._hub, self._circuits_open, self._clock = database, hub, circuits_open, clock
        self._stopping = Stopping()
        self._gauges = {
            each.name: Gauge(
                f"counterfoil_{each.name}",
                each.help,
                registry=registry,
                multiprocess_mode="livesum" if each.own else "livemostrecent",
            )
            for each in _SHOWN
        }

    def stop(self) -> None:
        """Look no more."""
        self._stopping.ask()

    async def run(self) -> None:
        """Until stopped. Where the database does not answer the figures stay, and the moment of the look with them."""
        while not self._stopping.asked():
            try:
                await self.look()
            except Refusal:
                log.warning("no figures were looked up: the database does not answer")
            except Exception:
                log.exception("the worker of figures met an error and goes on")
            await self._stopping.rest(LOOK_SECONDS)

    async def look(self) -> None:
        """Once."""
        self._set("held_polls", len(self._hub))
        self._set("database_queue", self._database.in_use())
        self._set("mail_circuits_open", self._circuits_open())
        now = self._clock()
        load = await self._database.read(describe_load, now)
        for name, figure in _figures(load, now).items():
            self._set(name, figure)
        self._set("figures_timestamp_seconds", now / SECOND)

    def _set(self, name: str, figure: float) -> None:
        self._gauges[name].set(figure)


def _figures(load: Load, now: int) -> dict[str, float]:
    checkpoint = load.checkpoint
    return {
        "mail_queue": load.mail.waiting,
        "mail_queue_due": load.mail.due,
        "mail_queue_oldest_seconds": _age(load.mail.oldest, now),
        "push_queue": load.pushes.waiting,
        "push_queue_oldest_seconds": _age(load.pushes.oldest, now),
        "alerts_unseen": load.alerts,
        "log_unsealed": load.unsealed,
        "log_unsealed_oldest_seconds": _age(load.oldest_unsealed, now),
        "log_size": checkpoint.size if checkpoint else 0,
        "log_checkpoint_timestamp_seconds": checkpoint.time / SECOND if checkpoint else 0,
        "sink_behind": load.furthest_behind,
    }


def _age(since: int | None, now: int) -> float:
    return 0 if since is None else max(0, now - since) / SECOND
