# SPDX-License-Identifier: Apache-2.0
"""The outermost layer: refuses oversized heads before anything reads them, and writes one log line a request.

The line holds the route's template and never the path: a path may be a link.
"""

import logging
import secrets
import time

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from counterfoil_service.core.errors import ErrorCode
from counterfoil_service.logs import FIELDS, request_in_hand
from counterfoil_service.observing import Answered, Observer
from counterfoil_service.web.wire import OAuthError, Problem

MAX_HEAD_BYTES = 16 * 1024
REQUEST_ID = "counterfoil_request_id"
"""In a request's state: its id, in the error's `instance` and in every line of the log."""
HELD = "counterfoil_held"
"""In a request's state: its caller was kept waiting for what somebody else does, so how long it took says nothing."""
REFUSED_BY = "counterfoil_refused_by"
"""In a request's state: the name of the budget that was used up."""
UNEVENTFUL = "counterfoil_uneventful"
"""In a request's state: it is told to wait, as thousands are each second, and that is worth no line."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})

log = logging.getLogger("counterfoil.access")

_TOO_LARGE = "The request line and headers may have 16 KiB at most."


class Gate:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, observer: Observer | None = None) -> None:
        self._app = app
        self._observer = observer or Observer()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state[REQUEST_ID] = identity = secrets.token_hex(8)
        in_hand = request_in_hand.set(identity)
        status = 0
        began = answered = time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], time.perf_counter()
            await send(message)

        try:
            if _head_bytes(scope) > MAX_HEAD_BYTES:
                await _refuse(scope, watch)
            else:
                await self._app(scope, receive, watch)
            seconds = None if state.get(HELD) or not status else answered - began
            self._done(scope, status, seconds, time.perf_counter() - began)
        finally:
            request_in_hand.reset(in_hand)

    def _done(self, scope: HTTPScope, status: int, seconds: float | None, took: float) -> None:
        state, route = scope["state"], scope.get("path_template") or None
        method = scope["method"] if scope["method"] in _METHODS else "-"
        self._observer.answered(Answered(method, route, status, seconds, state.get(REFUSED_BY)))
        level = logging.DEBUG if state.get(UNEVENTFUL) else logging.INFO
        if log.isEnabledFor(level):
            _tell(level, method, route or "-", status, took * 1000)


def _tell(level: int, method: str, route: str, status: int, took: float) -> None:
    fields = {"method": method, "route": route, "status": status, "milliseconds": round(took, 1)}
    log.log(level, "%s %s %d %.1fms", method, route, status, took, extra={FIELDS: fields})


def _head_bytes(scope: Scope) -> int:
    target = len(scope.get("raw_path") or b"") + len(scope["query_string"])
    return target + sum(len(name) + len(value) + 4 for name, value in scope["headers"])


async def _refuse(scope: Scope, send: Send) -> None:
    code, instance = ErrorCode.REQUEST_TOO_LARGE.value, scope["state"][REQUEST_ID]
    if "/oauth/" in scope["path"]:
        media_type = b"application/json"
        body: msgspec.Struct = OAuthError(error=code, error_description=_TOO_LARGE, instance=instance)
    else:
        media_type = b"application/problem+json"
        body = Problem(
            type="about:blank",
            title="The request is too large",
            status=431,
            detail=_TOO_LARGE,
            instance=instance,
            error=code,
            error_description=_TOO_LARGE,
        )
    encoded = msgspec.json.encode(body)
    await send({"type": "http.response.start", "status": 431, "headers": [
        (b"content-type", media_type),
        (b"content-length", str(len(encoded)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),
    ]})  # fmt: skip
    await send({"type": "http.response.body", "body": encoded, "more_body": False})
