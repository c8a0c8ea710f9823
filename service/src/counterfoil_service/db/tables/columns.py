# SPDX-License-Identifier: Apache-2.0
"""How a column is written: times are whole microseconds since 1970 UTC, flags are 0 and 1, on both engines alike."""

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite gives rowid behaviour to INTEGER alone.
Int = BigInteger().with_variant(Integer(), "sqlite")


def key(name: str) -> "Column[str]":
    """A text that is the primary key."""
    return Column(name, Text, primary_key=True)


def words(name: str, *, null: bool = False) -> "Column[str]":
    """A text."""
    return Column(name, Text, nullable=null)


def integer(name: str, *, null: bool = False) -> "Column[int]":
    """A 64-bit integer."""
    return Column(name, Int, nullable=null)


def octets(name: str, *, null: bool = False, **options: Any) -> "Column[bytes]":
    """Bytes; `options` are those of `Column`."""
    return Column(name, LargeBinary, nullable=null, **options)
