# SPDX-License-Identifier: Apache-2.0
"""Middleware for any ASGI application: nothing behind it is reached without a good token and proof."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias, final

from counterfoil_client.resource._admission import Scope, admit, caller_of
from counterfoil_client.resource.caller import Needs
from counterfoil_client.resource.refusals import NotAuthorized
from counterfoil_client.resource.server import ResourceServer

__all__ = ["ProtectedApp", "caller_of"]

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_POLICY_VIOLATION = 1008


@final
class ProtectedApp:
    """Lets requests through to `app` that `resource` accepts; handlers find the caller at `scope["counterfoil"]`.

    Answers refusals itself, and adds a fresh `DPoP-Nonce` to answers where nonces are required. Preflights of CORS
    carry no token: put the middleware that answers them around this one. WebSockets are refused, as a browser cannot
    send a proof with one.
    """

    def __init__(self, app: App, resource: ResourceServer, *, needs: Needs | None = None) -> None:
        self._app = app
        self._resource = resource
        self._needs = needs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        else:
            raise ValueError("only http can be protected")

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await admit(self._resource, scope, self._needs)
        except NotAuthorized as refusal:
            await _answer(refusal, send)
        else:
            await self._app(scope, receive, self._renewing(send))

    def _renewing(self, send: Send) -> Send:
        nonce = self._resource.nonce()
        if nonce is None:
            return send

        async def renewed(message: Message) -> None:
            if message["type"] == "http.response.start":
                lines = [line for line in message.get("headers", ()) if line[0].lower() != b"dpop-nonce"]
                message = {**message, "headers": [*lines, (b"dpop-nonce", nonce.encode("ascii"))]}
            await send(message)

        return renewed


async def _answer(refusal: NotAuthorized, send: Send) -> None:
    body = json.dumps(refusal.body).encode("ascii")
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **refusal.headers}
    lines = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
