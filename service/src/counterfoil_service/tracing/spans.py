# SPDX-License-Identifier: Apache-2.0
"""What spans say: route templates, names of our own functions, statuses, ids of requests; nothing of a caller's.

A trace begins here: `traceparent` of a request is not taken up, or anybody could write into an operator's traces and
have each of their own requests recorded. No exception is recorded, as its text may hold what a person typed.
"""

import contextlib
import threading
from collections.abc import Iterator
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from counterfoil_service.core.errors import Refusal
from counterfoil_service.observing import Observer, Worker

LAST_SPANS_SECONDS: Final = 5
"""How long a process that leaves waits for the collector to take what is left."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER_METHOD: Final = "_OTHER"
_SERVER_ERRORS: Final = 500


class Tracing(Observer):
    """Spans of one process, by this provider."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("counterfoil_service")

    def close(self) -> None:
        """Send what is left; a collector that does not answer loses it."""
        last = threading.Thread(target=self._provider.shutdown, name="counterfoil-last-spans", daemon=True)
        last.start()
        last.join(LAST_SPANS_SECONDS)

    @contextlib.contextmanager
    def round(self, worker: Worker) -> Iterator[None]:
        """A trace of its own."""
        with self._span(f"worker {worker}", SpanKind.INTERNAL, root=True):
            yield

    @contextlib.contextmanager
    def step(self, name: str, system: str) -> Iterator[None]:
        """A call of the database: part of whatever asks for it, and nothing where that is not traced."""
        if not trace.get_current_span().is_recording():
            yield
            return
        with self._span(name, SpanKind.CLIENT) as span:
            span.set_attribute("db.system.name", system)
            span.set_attribute("db.operation.name", name)
            yield

    def around(self, app: ASGIApp, request_id: str) -> ASGIApp:
        """A span for each request; `request_id` is where its id stands in the request's state."""

        async def traced(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP:
                await app(scope, receive, send)
                return
            method = scope["method"] if scope["method"] in _METHODS else _OTHER_METHOD
            with self._span(method, SpanKind.SERVER, root=True) as span:
                span.set_attribute("http.request.method", method)

                async def watch(message: Message) -> None:
                    if message["type"] == "http.response.start":
                        _tell_status(span, message["status"])
                    await send(message)

                await app(scope, receive, watch)
                route = scope.get("path_template")
                if route:
                    span.update_name(f"{method} {route}")
                    span.set_attribute("http.route", route)
                span.set_attribute("counterfoil.request_id", scope["state"][request_id])

        return traced

    @contextlib.contextmanager
    def _span(self, name: str, kind: SpanKind, *, root: bool = False) -> Iterator[Span]:
        with self._tracer.start_as_current_span(
            name,
            context=Context() if root else None,
            kind=kind,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except Refusal:
                raise
            except Exception as error:
                span.set_attribute("error.type", type(error).__qualname__)
                span.set_status(Status(StatusCode.ERROR))
                raise


def _tell_status(span: Span, status: int) -> None:
    span.set_attribute("http.response.status_code", status)
    if status >= _SERVER_ERRORS:
        span.set_attribute("error.type", str(status))
        span.set_status(Status(StatusCode.ERROR))
