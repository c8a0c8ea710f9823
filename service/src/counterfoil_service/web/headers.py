# SPDX-License-Identifier: Apache-2.0
"""Headers that every answer carries, errors of the router among them: hooks run where middleware does not."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from counterfoil_service.crypto.nonces import Nonces
from counterfoil_service.db.engine import Clock
from counterfoil_service.settings import Settings

_ALWAYS = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HSTS = "max-age=31536000"
Hook = Callable[[Message, Scope], Coroutine[Any, Any, None]]


def content_security_policy(style_hash: str) -> str:
    """Nothing but our own stylesheet and forms that go back to us [R30, R31]."""
    return (
        f"default-src 'none'; style-src '{style_hash}'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )


def security_headers(settings: Settings, style_hash: str, nonces: Nonces, clock: Clock) -> Hook:
    """A `before_send` hook; the OAuth endpoints' answers carry a fresh nonce too (RFC 9449 §8.2)."""
    issuer = urlsplit(settings.public_url)
    always = {**_ALWAYS, "Content-Security-Policy": content_security_policy(style_hash)}
    if issuer.scheme == "https":
        always["Strict-Transport-Security"] = _HSTS
    oauth = f"{issuer.path}/oauth/"

    async def add(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        headers = MutableScopeHeaders.from_message(message)
        headers.update(always)
        headers.setdefault("Cache-Control", "no-store")
        if scope["path"].startswith(oauth):
            headers["DPoP-Nonce"] = nonces.current(clock())

    return add
