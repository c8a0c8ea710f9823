# SPDX-License-Identifier: Apache-2.0
"""Where in a whole database something stands."""

from counterfoil_service.db.tables import metadata
from support.stage import Stage


async def holding(stage: Stage, text: str | bytes) -> set[str]:
    """The columns in which this text stands somewhere."""
    sought = text if isinstance(text, bytes) else text.encode()
    found = set()
    for table in metadata.tables.values():
        for row in await stage.rows(f"SELECT {', '.join(table.columns.keys())} FROM {table.name}"):  # noqa: S608 - ours
            for column, value in zip(table.columns.keys(), row, strict=True):
                held = value if isinstance(value, bytes) else str(value).encode()
                if sought in held:
                    found.add(f"{table.name}.{column}")
    return found


async def filled(stage: Stage) -> set[str]:
    """The tables that have a row."""
    return {name for name in metadata.tables if await stage.count(name)}
