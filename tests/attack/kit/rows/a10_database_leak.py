# SPDX-License-Identifier: Apache-2.0
"""A10: everything that the database holds of a login that waits is tried as a link, a code and a token."""

import asyncio
import hashlib
from functools import partial
from typing import Any

import httpx2

from attack.kit.target import Started, Target, b64, word
from attack.kit.verdict import demand
from journeys.databases import rows

ROW = "A10"
ATTACK = "a leaked database is used against logins and sessions that live"
OF_LOGIN = {"logins": "id", "outbox": "login_id", "authorization_codes": "login_id", "audit_events": "login_id"}
OF_SESSION = {"sessions": "id", "refresh_tokens": "session_id"}
SHORTEST = 6


async def attack(target: Target) -> str:
    """Of one login that waits, and one session that lives."""
    url = target.database()
    started = await target.start()
    letter = await target.letter(started)
    session = await target.signed_in()
    found = await asyncio.to_thread(_values, url, OF_LOGIN, started.login_id)
    found |= await asyncio.to_thread(_values, url, OF_SESSION, session["session_id"])
    _look(target, started, found)
    for value in sorted(found):
        await _try(target, value)
    heard = word(await target.poll(started))
    demand(heard == "authorization_pending", f"with what the database holds the login came to {heard}")
    answer = await target.decide(letter.secret, "approve", started.user_code)
    demand(answer.status_code == httpx2.codes.OK, "the login did not survive what was tried")
    return f"{len(found)} stored values, none of them a link, a device code, a token or a bare hash of the code"


def _values(url: str, tables: dict[str, str], key: str) -> set[str]:
    """In every spelling in which a column may be used."""
    found: set[str] = set()
    for table, column in tables.items():
        for row in rows(url, f"SELECT * FROM {table} WHERE {column} = ?", key):  # noqa: S608 - names from above
            for value in row:
                found |= _spellings(value)
    return {value for value in found if len(value) >= SHORTEST}


def _spellings(value: Any) -> set[str]:
    if isinstance(value, memoryview | bytearray | bytes):
        octets = bytes(value)
        return {octets.hex(), b64(octets), octets.decode("latin-1")} if octets else set()
    return {value} if isinstance(value, str) and value.isascii() else set()


def _look(target: Target, started: Started, found: set[str]) -> None:
    """No secret stands there, nor what anybody can compute of the short code."""
    for secret, kind in target.spoken.items():
        demand(not any(secret in value for value in found), f"the database holds a {kind} in clear")
    code = started.user_code.replace("-", "")
    for text in (code, started.login_id + code, code + started.login_id):
        demand(hashlib.sha256(text.encode()).hexdigest() not in found, "the code can be computed from its hash")


async def _try(target: Target, value: str) -> None:
    if value.isascii() and value.isprintable() and "/" not in value and "?" not in value and "#" not in value:
        opened = await target.open(value)
        demand(opened.status_code != httpx2.codes.OK, "a stored value opens as a link")
    for form in (
        {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": value},
        {"grant_type": "refresh_token", "refresh_token": value},
    ):
        sent, device = form | {"client_id": target.client_id}, target.device()
        answer = await target.patiently(partial(device.post, path="/oauth/token", form=sent))
        demand(
            word(answer) in {"invalid_grant", "invalid_request", "slow_down"}, f"a stored value gives {word(answer)}"
        )
