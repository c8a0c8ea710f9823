# SPDX-License-Identifier: Apache-2.0
"""Who runs the service and reads its log, and whose turn it is among replicas."""

from sqlalchemy import Index, Table

from counterfoil_service.db.tables.columns import integer, key, metadata, octets, words

# One replica at a time: who holds it may work until then.
leases = Table("leases", metadata, key("name"), words("holder"), integer("until"))

operators = Table(
    "operators",
    metadata,
    key("id"),
    octets("mailbox", unique=True),
    words("address"),
    words("role"),
    integer("created_at"),
)

operator_tokens = Table(
    "operator_tokens",
    metadata,
    key("id"),
    words("operator_id"),
    octets("token_hash", unique=True),
    integer("created_at"),
    integer("last_used_at", null=True),
)
Index("ix_operator_tokens_operator_id", operator_tokens.c.operator_id)
