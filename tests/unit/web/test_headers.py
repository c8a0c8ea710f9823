# SPDX-License-Identifier: Apache-2.0
"""The headers of every answer, and which answers carry a nonce."""

from typing import Any

import pytest

from counterfoil_service.crypto.nonces import Nonces
from counterfoil_service.settings import Secret, Settings
from counterfoil_service.web.headers import content_security_policy, security_headers

NOW = 1_795_000_000_000_000


async def _headers(public_url: str, path: str, *sent: tuple[bytes, bytes]) -> dict[str, str]:
    settings = Settings(public_url=public_url, secret_key=Secret("5e" * 32))
    hook = security_headers(settings, "sha256-x", Nonces(bytes(32)), lambda: NOW)
    message: Any = {"type": "http.response.start", "status": 200, "headers": list(sent)}
    scope: Any = {"type": "http", "path": path}
    await hook(message, scope)
    pairs = [(name.decode().lower(), value.decode()) for name, value in message["headers"]]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


@pytest.mark.parametrize(
    ("public_url", "path", "carries"),
    [
        ("https://id.example", "/oauth/token", True),
        ("https://id.example", "/oauth/nothing", True),
        ("https://id.example", "/l/x", False),
        ("https://id.example", "/x/oauth/token", False),
        ("https://id.example/auth", "/auth/oauth/token", True),
        ("https://id.example/auth", "/oauth/token", False),
    ],
)
async def test_the_oauth_endpoints_alone_carry_a_nonce(public_url: str, path: str, carries: bool) -> None:  # noqa: FBT001
    headers = await _headers(public_url, path)
    assert ("dpop-nonce" in headers) is carries
    assert not carries or Nonces(bytes(32)).accepts(headers["dpop-nonce"], NOW)


async def test_only_what_says_otherwise_may_be_stored() -> None:
    assert (await _headers("https://id.example", "/"))["cache-control"] == "no-store"
    kept = await _headers("https://id.example", "/", (b"cache-control", b"public"))
    assert kept["cache-control"] == "public"


async def test_what_a_handler_sets_does_not_weaken_the_policy() -> None:
    headers = await _headers("https://id.example", "/", (b"referrer-policy", b"unsafe-url"))
    assert headers["referrer-policy"] == "no-referrer"


async def test_strict_transport_is_for_https_alone() -> None:
    assert "strict-transport-security" in await _headers("https://id.example", "/")
    assert "strict-transport-security" not in await _headers("http://127.0.0.1:8080", "/")


def test_the_policy_lets_nothing_in_but_our_own_style_and_forms() -> None:
    assert content_security_policy("sha256-x") == (
        "default-src 'none'; style-src 'sha256-x'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )


def test_the_policy_lets_forms_lead_to_one_place_more_where_a_login_may_return() -> None:
    policy = content_security_policy("sha256-x", way_home="http://127.0.0.1:4000")
    assert "; form-action 'self' http://127.0.0.1:4000; " in policy
    assert policy.replace(" http://127.0.0.1:4000", "") == content_security_policy("sha256-x")


async def test_the_body_of_an_answer_is_left_alone() -> None:
    settings = Settings(public_url="https://id.example", secret_key=Secret("5e" * 32))
    hook = security_headers(settings, "sha256-x", Nonces(bytes(32)), lambda: NOW)
    message: Any = {"type": "http.response.body", "body": b"x"}
    scope: Any = {"type": "http", "path": "/oauth/token"}
    await hook(message, scope)
    assert message == {"type": "http.response.body", "body": b"x"}
