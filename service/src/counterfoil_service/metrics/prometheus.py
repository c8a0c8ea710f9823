# SPDX-License-Identifier: Apache-2.0
"""What one process counts. Every label has a closed list of values: none is a path, an address, an id or a token.

Of several processes of one `serve` the counts lie in files that whoever is asked adds up: prometheus-client takes that
way where PROMETHEUS_MULTIPROC_DIR is set before it is loaded.
"""

import contextlib
import platform
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Final, get_args

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.budget import Budgets
from counterfoil_service.core.event_buckets import DAY
from counterfoil_service.core.event_tally import Counted, Kind
from counterfoil_service.core.funnel import STEPS
from counterfoil_service.observing import Answered, MailOutcome, Observer, Worker

ELSEWHERE: Final = "-"
"""The route of a request that no route takes."""
REQUEST_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
MAIL_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0)
_STATUSES: Final = ("1xx", "2xx", "3xx", "4xx", "5xx")
_UNANSWERED: Final = "none"

_STEP_OF: Final = {event.value: step for step, events in STEPS.items() for event in events}
_ENDS: Final = {
    EventName.LOGIN_DENIED.value: "denied",
    EventName.LOGIN_EXPIRED.value: "expired",
    EventName.LOGIN_LOCKED.value: "locked",
    EventName.LOGIN_CANCELLED.value: "cancelled",
    EventName.LOGIN_SUPERSEDED.value: "superseded",
}
_EVENTS: Final = frozenset(name.value for name in EventName)


class Metrics(Observer):
    """Counts into `registry`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves it untyped
        self._routes = frozenset[str]()
        self._requests = Counter("counterfoil_requests", "Requests answered", ["route", "status"], registry=registry)
        self._seconds = Histogram(
            "counterfoil_request_seconds",
            "From a request to the head of its answer; held polls are left out",
            ["route"],
            buckets=REQUEST_BUCKETS,
            registry=registry,
        )
        self._refused = Counter(
            "counterfoil_limit_refusals", "Requests refused as a budget was used up", ["budget"], registry=registry
        )
        self._logins = Counter(
            "counterfoil_logins", "Logins that came to a step or an end, counted as it is sealed", ["step"],
            registry=registry,
        )  # fmt: skip
        self._events = Counter(
            "counterfoil_events", "Events of the audit log, counted as they are sealed", ["event"], registry=registry
        )
        self._mail = Counter(
            "counterfoil_mail_attempts", "Mails handed to a provider, and what it said", ["provider", "outcome"],
            registry=registry,
        )  # fmt: skip
        self._mail_seconds = Histogram(
            "counterfoil_mail_attempt_seconds",
            "From asking a provider to its word",
            ["provider"],
            buckets=MAIL_BUCKETS,
            registry=registry,
        )
        self._rounds = Counter(
            "counterfoil_worker_rounds", "Pieces of work of each kind of worker", ["worker", "outcome"],
            registry=registry,
        )  # fmt: skip
        self._worked = Counter("counterfoil_worker_seconds", "Time that they took", ["worker"], registry=registry)
        build = Gauge(
            "counterfoil_build_info", "What runs here", ["version", "python"], registry=registry,
            multiprocess_mode="livemostrecent",
        )  # fmt: skip
        build.labels(version("counterfoil-service"), platform.python_version()).set(1)

    def begin(self, routes: Collection[str], providers: Sequence[str]) -> None:
        """At nothing, as a rate cannot be told of the first of a kind that nobody has seen before.

        `routes` are all templates of paths there are, `providers` all names of mail providers.
        """
        self._routes = frozenset(routes)
        for name in sorted(_EVENTS):
            self._events.labels(name)
        for step in (*STEPS, *_ENDS.values()):
            self._logins.labels(step)
        for budget in Budgets.__struct_fields__:
            self._refused.labels(budget)
        for worker in get_args(Worker):
            self._worked.labels(worker)
            for outcome in ("done", "failed"):
                self._rounds.labels(worker, outcome)
        for provider in providers:
            for outcome in get_args(MailOutcome):
                self._mail.labels(provider, outcome)

    def answered(self, request: Answered) -> None:
        """Count it by its route's template, and by the class of its status."""
        route = request.route if request.route in self._routes else ELSEWHERE
        self._requests.labels(route, status_class(request.status)).inc()
        if request.seconds is not None:
            self._seconds.labels(route).observe(request.seconds)
        if request.budget in Budgets.__struct_fields__:
            self._refused.labels(request.budget).inc()

    def handed_over(self, provider: str, outcome: MailOutcome, seconds: float) -> None:
        """Count the attempt, and how long it took."""
        self._mail.labels(provider, outcome).inc()
        self._mail_seconds.labels(provider).observe(seconds)

    def sealed(self, counts: Mapping[Kind, Counted]) -> None:
        """Add what was added to the counts of days: each event is in one of them."""
        for kind, counted in counts.items():
            if kind.width != DAY or kind.name not in _EVENTS:
                continue
            self._events.labels(kind.name).inc(counted.events)
            if step := _STEP_OF.get(kind.name):
                self._logins.labels(step).inc(counted.logins)
            elif end := _ENDS.get(kind.name):
                self._logins.labels(end).inc(counted.events)

    @contextlib.contextmanager
    def round(self, worker: Worker) -> Iterator[None]:
        """Count it, and how it went."""
        began, outcome = time.perf_counter(), "failed"
        try:
            yield
            outcome = "done"
        finally:
            self._rounds.labels(worker, outcome).inc()
            self._worked.labels(worker).inc(time.perf_counter() - began)


def status_class(status: int) -> str:
    """`2xx` and the like; `none` where the caller had gone before there was any."""
    place = status // 100 - 1
    return _STATUSES[place] if 0 <= place < len(_STATUSES) else _UNANSWERED
