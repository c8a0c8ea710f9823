# SPDX-License-Identifier: Apache-2.0
"""A database at any schema, on either engine."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from counterfoil_service.db import migrate
from counterfoil_service.db.open import sqlite_path

T = TypeVar("T")


async def move(url: str, revision: str = "head") -> None:
    """Up or down to a revision."""
    path = sqlite_path(url)
    if path is None:
        await migrate.move_postgresql(url, revision)
    else:
        await asyncio.to_thread(migrate.move, path, revision)


async def look(url: str, question: Callable[[Connection], T]) -> T:
    """Ask something of the database through SQLAlchemy."""
    path = sqlite_path(url)
    if path is not None:
        with migrate.sqlite_engine(path).connect() as connection:
            return question(connection)
    engine = migrate._postgresql_engine(url)
    try:
        async with engine.connect() as opened:
            return await opened.run_sync(question)
    finally:
        await engine.dispose()
