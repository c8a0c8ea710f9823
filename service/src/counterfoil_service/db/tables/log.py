# SPDX-License-Identifier: Apache-2.0
"""The audit log: its events, its tree, and who else has a part in it."""

from sqlalchemy import Column, Identity, Index, Table, text

from counterfoil_service.db.tables.columns import Int, integer, key, metadata, octets, words

audit_events = Table(
    "audit_events",
    metadata,
    Column("position", Int, Identity(), primary_key=True),
    octets("id"),
    integer("time"),
    words("name"),
    words("outcome"),
    words("reason", null=True),
    words("login_id", null=True),
    words("application_id", null=True),
    words("session_id", null=True),
    words("subject", null=True),
    words("jkt", null=True),
    words("fields"),
    octets("sealed", null=True),
    octets("mailbox", null=True),
    integer("leaf_index", null=True),
    words("source_prefix", null=True),
)
Index("ix_audit_events_login_id", audit_events.c.login_id)


def _newest_first(name: str, where: str | None) -> None:
    """For a page of the events that share this column's value: read from the index in the page's own order."""
    condition = None if where is None else text(where)
    Index(
        f"ix_audit_events_{name}_time",
        audit_events.c[name],
        audit_events.c.time,
        audit_events.c.position,
        sqlite_where=condition,
        postgresql_where=condition,
    )


Index("ix_audit_events_time", audit_events.c.time, audit_events.c.position)
_newest_first("name", None)
_newest_first("application_id", "application_id IS NOT NULL")
_newest_first("subject", "subject IS NOT NULL")
_newest_first("jkt", "jkt IS NOT NULL")
_newest_first("source_prefix", "source_prefix IS NOT NULL")
_newest_first("outcome", "outcome = 'failure'")
# What the sweeper takes out after thirty days, and an erasure at once.
_located = text("source_prefix IS NOT NULL")
Index("ix_audit_events_located_time", audit_events.c.time, sqlite_where=_located, postgresql_where=_located)
Index("ix_audit_events_located_mailbox", audit_events.c.mailbox, sqlite_where=_located, postgresql_where=_located)
# The sealer gives each event its place in the log once it is committed; until then it has none.
_unsealed, _sealed = text("leaf_index IS NULL"), text("leaf_index IS NOT NULL")
Index("ix_audit_events_unsealed", audit_events.c.position, sqlite_where=_unsealed, postgresql_where=_unsealed)
Index(
    "uq_audit_events_leaf_index",
    audit_events.c.leaf_index,
    unique=True,
    sqlite_where=_sealed,
    postgresql_where=_sealed,
)

# The log as C2SP tlog-tiles keep it: up to 256 hashes of 32 bytes a tile.
log_tiles = Table(
    "log_tiles",
    metadata,
    Column("level", Int, primary_key=True, autoincrement=False),
    Column("tile", Int, primary_key=True, autoincrement=False),
    octets("hashes"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", Int, primary_key=True, autoincrement=False),
    octets("root"),
    integer("time"),
    words("note"),
)

# What witnesses add to a checkpoint: one signature line each, of the latest checkpoint that a witness has seen.
cosignatures = Table(
    "cosignatures",
    metadata,
    key("witness"),
    integer("size"),
    words("line"),
    integer("time"),
)

# The log is the outbox of its sinks: a sink's row says which entry it gets next.
audit_sinks = Table(
    "audit_sinks",
    metadata,
    key("name"),
    integer("next_index"),
    integer("attempts"),
    integer("due_at"),
    words("problem", null=True),
    integer("created_at"),
    integer("failing_since", null=True),
    integer("told_at", null=True),
)
