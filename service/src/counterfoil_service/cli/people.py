# SPDX-License-Identifier: Apache-2.0
"""What the commands about people share: whom a WHO names, and whose a row is."""

from counterfoil_service.core.application import OWN, OWN_ID
from counterfoil_service.db import users
from counterfoil_service.db.engine import Database
from counterfoil_service.operations.find_person import find_person


async def subject_of(database: Database, who: str | None) -> str | None:
    """The subject of an address or subject; None for everybody. A Refusal where there is nobody."""
    if who is None:
        return None
    return (await database.read(find_person, who, database.context().keys)).id


async def addresses(database: Database) -> dict[str, str]:
    """Everybody's, by subject."""
    return {each.user.id: each.user.address for each in await database.read(users.list_all)}


def named(application_id: str, name: str | None) -> str:
    """An application's name; the service's own pages have one without a row."""
    return name or (OWN.name if application_id == OWN_ID else application_id)
