# SPDX-License-Identifier: Apache-2.0
"""One login's events as the console tells them, and what of whatever they name can still be looked at."""

import msgspec

from counterfoil_service.core.application import Application
from counterfoil_service.db import applications, audit, logins, operators
from counterfoil_service.db.audit import StoredEvent
from counterfoil_service.db.engine import ReadTransaction


class StoryView(msgspec.Struct, frozen=True):
    """`kept`: the login itself is not deleted yet. `staff` are the addresses of all who have a role, by their ids."""

    events: list[StoredEvent]
    staff: dict[str, str]
    application_id: str | None
    application: Application | None
    kept: bool

    def __repr__(self) -> str:
        return f"StoryView(events={len(self.events)})"


async def describe_story(tx: ReadTransaction, seal_key: bytes, login_id: str) -> StoryView:
    """All of it as of one moment; without events where the log knows no such login."""
    events = await audit.of_login(tx, seal_key, login_id)
    application_id = next((each.event.application_id for each in events if each.event.application_id), None)
    return StoryView(
        events,
        await operators.staff_addresses(tx),
        application_id,
        None if application_id is None else await applications.get(tx, application_id),
        await logins.get(tx, login_id) is not None,
    )
