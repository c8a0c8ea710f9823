# SPDX-License-Identifier: Apache-2.0
"""Every page of the console by a name, below `/console`, of people and things that a world has."""

from counterfoil_service.core.login import State
from journeys.console_world import World
from journeys.databases import rows

PAGES = ["overview", "overview-week", "alerts", "alerts-of-a-kind", "alert", "logins", "login", "people",
         "people-invited", "person", "person-suppressed", "erase", "devices", "device", "applications",
         "application", "application-new", "audit", "audit-narrowed", "story", "entry",
         "logins-of-one", "operators", "operator"]  # fmt: skip


def console_pages(world: World) -> dict[str, str]:
    """Where each is."""
    past = world.past
    waiting = next(number for number in range(past.size - 1, 0, -1) if past.state(number) is State.PENDING)
    living = next(number for number in range(past.size * 3 // 4, past.size) if past.lives(number))
    person = past.who(living)

    def one(sql: str) -> str:
        return str(rows(world.url, sql)[0][0])

    device = one("SELECT id FROM devices WHERE told IS NOT NULL ORDER BY id LIMIT 1")
    alert = one("SELECT id FROM alerts WHERE session_id IS NOT NULL ORDER BY id LIMIT 1")
    suppressed = one("SELECT u.id FROM users u JOIN suppressions s ON s.mailbox = u.mailbox ORDER BY u.id LIMIT 1")
    approved = one("SELECT leaf_index FROM audit_events WHERE name = 'login.approved' ORDER BY leaf_index LIMIT 1")
    operator = one("SELECT id FROM operators WHERE role = 'auditor' ORDER BY id LIMIT 1")
    return {
        "overview": "",
        "overview-week": "?window=week",
        "alerts": "/alerts",
        "alerts-of-a-kind": "/alerts?kind=device.changed",
        "alert": f"/alerts/{alert}",
        "logins": "/logins",
        "login": f"/logins/{past.login(waiting).id}",
        "people": "/people",
        "people-invited": "/people?show=invited",
        "person": f"/people/{person.subject}",
        "person-suppressed": f"/people/{suppressed}",
        "erase": f"/people/{person.subject}/erase",
        "devices": "/devices",
        "device": f"/devices/{device}",
        "applications": "/applications",
        "application": "/applications/app-03",
        "application-new": "/applications/new",
        "audit": "/audit",
        "audit-narrowed": "/audit?outcome=failure&application_id=app-03",
        "story": f"/audit/logins/{past.login(living).id}",
        "entry": f"/audit/entries/{approved}",
        "logins-of-one": f"/logins?of={person.subject}",
        "operators": "/operators",
        "operator": f"/operators/{operator}",
    }
