# SPDX-License-Identifier: Apache-2.0
"""Several statements as one text for PostgreSQL, where the way there and back costs more than most statements do.

Texts are made once for each combination that occurs; there are some dozens of them.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from counterfoil_service.db.prepared import Statement

_PLACE = re.compile(r"\$([0-9]+)")
_INSERT = re.compile(r"(INSERT INTO \S+ \([^)]*\)) VALUES (\(.*?\))(| ON CONFLICT.*)", re.DOTALL)


@lru_cache(maxsize=256)
def gathered(statements: tuple[Statement, ...]) -> str:
    """One row: for each statement an array of its rows, or null where it has none."""
    texts, places = list[str](), 0
    for number, statement in enumerate(statements):
        sql, count = statement.text("postgresql")
        texts.append(f"q{number} AS ({_shifted(sql, places)})")
        places += count
    arrays = ", ".join(f"(SELECT array_agg(q{number}) FROM q{number})" for number in range(len(texts)))  # noqa: S608 - texts of our own
    return f"WITH {', '.join(texts)} SELECT {arrays}"


@lru_cache(maxsize=256)
def inserted(groups: tuple[tuple[Statement, int], ...], *, notifies: bool) -> str:
    """All inserts at once, so many rows by each: those of one statement in their order. Then the notices, if any."""
    texts, places = list[str](), 0
    for statement, rows in groups:
        sql, count = statement.text("postgresql")
        head, row, tail = _parts(sql)
        values = ", ".join(_shifted(row, places + number * count) for number in range(rows))
        texts.append(f"{head} VALUES {values}{tail}")
        places += rows * count
    if notifies:
        last = f"SELECT pg_notify(${places + 1}::text, login) FROM unnest(${places + 2}::text[]) AS login"  # noqa: S608
    else:
        last = texts.pop()
    written = ", ".join(f"w{number} AS ({text})" for number, text in enumerate(texts))
    return f"WITH {written} {last}" if texts else last


def _parts(sql: str) -> Sequence[str]:
    match = _INSERT.fullmatch(sql)
    if match is None:
        raise ValueError(f"not an insert of one row by parameters: {sql}")
    return match.groups()


def _shifted(sql: str, places: int) -> str:
    """The same with its parameters counted on from there."""
    return _PLACE.sub(lambda match: f"${int(match[1]) + places}", sql) if places else sql
