# SPDX-License-Identifier: Apache-2.0
"""The bytes that our SDK sends, without the SDK: one of it for each of 19,000 desktops would be what is measured."""

from collections.abc import Sequence
from urllib.parse import urlencode

from benchmarks.harness.wrk import request_bytes

METADATA = "/.well-known/oauth-authorization-server"
ASK = "/oauth/device_authorization"
TOKEN = "/oauth/token"  # noqa: S105 - a path
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
LONGEST_HOLD = 25
"""Seconds for which the SDK asks to be held."""

Pairs = Sequence[tuple[str, str]]
_COMMON = {"Connection": "keep-alive", "User-Agent": "counterfoil-client/0.1.0", "Accept-Encoding": "identity"}


def discover(address: str) -> bytes:
    """The first question of every client."""
    return request_bytes(address + METADATA, "GET", {**_COMMON, "Accept": "application/json"})


def ask_form(client_id: str, email: str, label: str, fingerprint: str) -> str:
    """What a device says when it asks for a link."""
    return urlencode(
        [("client_id", client_id), ("login_hint", email), ("device_label", label), ("device_fingerprint", fingerprint)]
    )


def poll_form(client_id: str, device_code: str, fingerprint: str) -> str:
    """What it says in each poll."""
    return urlencode([
        ("grant_type", GRANT),
        ("client_id", client_id),
        ("device_code", device_code),
        ("device_fingerprint", fingerprint),
    ])  # fmt: skip


def post(url: str, proof: str, form: str, hold: int = 0) -> bytes:
    """A form with a proof; `hold` is for how many seconds the answer may be held, as `wait()` asks for it."""
    headers = {**_COMMON, "Accept": "application/json", "DPoP": proof}
    if hold:
        headers["Prefer"] = f"wait={hold}"
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return request_bytes(url, "POST", headers, form)
