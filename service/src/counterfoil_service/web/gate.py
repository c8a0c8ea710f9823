# SPDX-License-Identifier: Apache-2.0
"""The outermost layer: refuses oversized heads before anything reads them, and writes one log line a request.

The line holds the route's template and never the path: a path may be a link.
"""

import logging
import secrets
import time

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from counterfoil_service.core.errors import ErrorCode
from counterfoil_service.web.wire import OAuthError, Problem

MAX_HEAD_BYTES = 16 * 1024
UNEVENTFUL = "counterfoil_uneventful"
"""In a request's state: it is told to wait, as thousands are each second, and that is worth no line."""

log = logging.getLogger("counterfoil.access")

_TOO_LARGE = "The request line and headers may have 16 KiB at most."


class Gate:
    """Wraps the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        status = 0
        began = time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        if _head_bytes(scope) > MAX_HEAD_BYTES:
            await _refuse(scope, watch)
        else:
            await self._app(scope, receive, watch)
        level = logging.DEBUG if scope.get("state", {}).get(UNEVENTFUL) else logging.INFO
        if log.isEnabledFor(level):
            route, took = scope.get("path_template") or "-", (time.perf_counter() - began) * 1000
            log.log(level, "%s %s %d %.1fms", scope.get("method"), route, status, took)


def _head_bytes(scope: Scope) -> int:
    target = len(scope.get("raw_path") or b"") + len(scope["query_string"])
    return target + sum(len(name) + len(value) + 4 for name, value in scope["headers"])


async def _refuse(scope: Scope, send: Send) -> None:
    code, instance = ErrorCode.REQUEST_TOO_LARGE.value, secrets.token_hex(8)
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
