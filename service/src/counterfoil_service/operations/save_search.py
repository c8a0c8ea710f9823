# SPDX-License-Identifier: Apache-2.0
"""Keep filters of the audit log under a name: a bookmark of one person, which says nothing to the log."""

from typing import Final

import msgspec

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.identifiers import ulid
from counterfoil_service.db import applications, saved_searches
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.saved_searches import SavedSearch
from counterfoil_service.operations.record_reading import check_staff

MOST: Final = 50
"""Bookmarks of one person."""


class SaveSearch(msgspec.Struct, frozen=True):
    """`application_id` is the one that the query names: only of one that exists it is certain to be no address."""

    operator_id: str
    name: str
    query: str
    application_id: str | None


async def save_search(tx: Transaction, command: SaveSearch, context: Context) -> None:
    """A Refusal, with nothing kept, where the name is taken, there are too many, or it names what is not to be kept."""
    await check_staff(tx, command.operator_id)
    if command.application_id is not None and await applications.get(tx, command.application_id) is None:
        raise Refusal(
            ErrorCode.INVALID_REQUEST,
            "There is no application of this id, so it is not kept: take it out of the filters first.",
        )
    if len(await saved_searches.of_operator(tx, command.operator_id)) >= MOST:
        raise Refusal(ErrorCode.INVALID_REQUEST, f"You keep {MOST} searches, the most there may be: remove one first.")
    search = SavedSearch(
        ulid(context.now, context.entropy), command.operator_id, command.name, command.query, context.now
    )
    if not await saved_searches.keep_search(tx, search):
        raise Refusal(ErrorCode.INVALID_REQUEST, "You have a search of this name: choose another, or remove that one.")
