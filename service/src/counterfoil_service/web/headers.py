# SPDX-License-Identifier: Apache-2.0
"""Headers that every answer carries, errors of the router among them: hooks run where middleware does not."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from urllib.parse import urlsplit

from litestar.types import Message, Scope

from counterfoil_service.crypto.nonces import Nonces
from counterfoil_service.db.engine import Clock
from counterfoil_service.settings import Settings
from counterfoil_service.web.challenges import takes_access_token

_ALWAYS = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HSTS = "max-age=31536000"
Hook = Callable[[Message, Scope], Coroutine[Any, Any, None]]


def content_security_policy(*style_hashes: str, way_home: str | None = None) -> str:
    """Nothing but our own stylesheets and forms that go back to us, or on to where one login may return [R30, R31]."""
    form_action = "'self'" if way_home is None else f"'self' {way_home}"
    styles = " ".join(f"'{each}'" for each in style_hashes)
    return (
        f"default-src 'none'; style-src {styles}; img-src 'self'; form-action {form_action}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )


def security_headers(settings: Settings, style_hashes: Sequence[str], nonces: Nonces, clock: Clock) -> Hook:
    """A `before_send` hook; where proofs are taken answers carry a fresh nonce too (RFC 9449 §8.2)."""
    issuer = urlsplit(settings.public_url)
    always = _encoded(_ALWAYS | ({"Strict-Transport-Security": _HSTS} if issuer.scheme == "https" else {}))
    policy = content_security_policy(*style_hashes)
    defaults = _encoded({"Cache-Control": "no-store", "Content-Security-Policy": policy})
    oauth = f"{issuer.path}/oauth/"

    async def add(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        headers = [each for each in message["headers"] if each[0].lower() not in always]
        there = {name.lower() for name, _ in headers}
        headers += [each for each in defaults.items() if each[0] not in there]
        headers += always.items()
        if scope["path"].startswith(oauth) or takes_access_token(scope, settings):
            headers.append((b"dpop-nonce", nonces.current(clock()).encode()))
        message["headers"] = headers

    return add


def _encoded(headers: dict[str, str]) -> dict[bytes, bytes]:
    return {name.lower().encode(): value.encode() for name, value in headers.items()}
