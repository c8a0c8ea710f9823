# SPDX-License-Identifier: Apache-2.0
"""Every page of the console, by what it shows: an address below `/console`, of things that are in the database."""

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import quote

from benchmarks.console.past import Past
from counterfoil_service.web.console.audit_query import utc
from support.stage import Stage

_SPANS: Final = ("hour", "day", "week")


class Look(NamedTuple):
    """At an address, or for what is typed into its field."""

    address: str
    who: str | None = None


async def pages_of(stage: Stage, past: Past) -> Mapping[str, Look]:
    """In the order of the menu."""
    pages = {name: Look(address) for name, address in (await _addresses(stage, past)).items()}
    somebody = past.who(past.size // 2).address
    searches = {
        "searching for a person": Look("/people", somebody),
        "searching by how it begins": Look("/people", somebody[:3]),
        "searching for logins": Look("/logins", somebody),
    }
    return pages | searches


async def _addresses(stage: Stage, past: Past) -> Mapping[str, str]:
    person = await _one(stage, "SELECT user_id FROM sessions WHERE ended_at IS NULL ORDER BY id LIMIT 1 OFFSET 50")
    device = await _one(stage, "SELECT id FROM devices WHERE told IS NOT NULL ORDER BY id LIMIT 1")
    alert = await _one(stage, "SELECT id FROM alerts WHERE subject IS NOT NULL ORDER BY id LIMIT 1")
    operator = await _one(stage, "SELECT id FROM operators LIMIT 1")
    entries = int(await _one(stage, "SELECT max(leaf_index) FROM audit_events"))
    consumed = next(number for number in range(past.size // 2, past.size) if past.lives(number))
    subject = past.who(consumed).subject
    return {
        **{f"overview, last {span}": f"?window={span}" for span in _SPANS},
        "alerts that wait": "/alerts",
        "alerts, all": "/alerts?show=all",
        "an alert": f"/alerts/{alert}",
        "logins that wait": "/logins",
        "one person's logins": f"/logins?of={subject}",
        "a login": f"/logins/{past.login(past.size - 1).id}",
        "people, newest": "/people",
        "people, disabled": "/people?show=disabled",
        "a person": f"/people/{person}",
        "erase a person": f"/people/{person}/erase",
        "devices, newest": "/devices",
        "devices that differ": "/devices?show=differing",
        "a device": f"/devices/{device}",
        "applications": "/applications",
        "a new application": "/applications/new",
        "an application": "/applications/app-03",
        "audit, newest": "/audit",
        "audit, failures of one application": "/audit?outcome=failure&application_id=app-03",
        "audit, one person": f"/audit?subject={quote(subject)}",
        "audit, last thirty days": f"/audit?since={utc(past.created_at(0))}&until={utc(past.now)}",
        "audit, alerts": "/audit?name=session.reuse_detected",
        "audit, a rare event": "/audit?name=operator.added",
        "audit, a name and a person": f"/audit?name=session.created&subject={quote(subject)}",
        "a login's story": f"/audit/logins/{past.login(consumed).id}",
        "an entry, with its proof": f"/audit/entries/{entries // 3}",
        "operators": "/operators",
        "an operator": f"/operators/{operator}",
    }


async def _one(stage: Stage, sql: str) -> str:
    return str((await stage.rows(sql))[0][0])
