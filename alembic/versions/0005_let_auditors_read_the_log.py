# SPDX-License-Identifier: Apache-2.0
"""let auditors read the log: indexes in the order of a page, operators, sinks, witnesses, leases, retention."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_PAGES = {
    "name": None,
    "application_id": "application_id IS NOT NULL",
    "subject": "subject IS NOT NULL",
    "jkt": "jkt IS NOT NULL",
    "source_prefix": "source_prefix IS NOT NULL",
    "outcome": "outcome = 'failure'",
}
_LOCATED = "source_prefix IS NOT NULL"
# In the order in which operations write to these tables, so that a migration and a request never wait for each other.
_INDEXES: list[tuple[str, str, list[str], str | None]] = [
    ("ix_logins_unused_expires_at", "logins", ["expires_at"], "state IN ('cancelled', 'expired')"),
    ("ix_logins_refused_expires_at", "logins", ["expires_at"], "state IN ('denied', 'locked')"),
    ("ix_outbox_ended_at", "outbox", ["ended_at"], "ended_at IS NOT NULL"),
    ("ix_sessions_ended_at", "sessions", ["ended_at"], "ended_at IS NOT NULL"),
]
_AUDIT_INDEXES = [
    ("ix_audit_events_time", "audit_events", ["time", "position"], None),
    *(
        (f"ix_audit_events_{name}_time", "audit_events", [name, "time", "position"], where)
        for name, where in _PAGES.items()
    ),
    ("ix_audit_events_located_time", "audit_events", ["time"], _LOCATED),
    ("ix_audit_events_located_mailbox", "audit_events", ["mailbox"], _LOCATED),
]


def _integer() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _create(indexes: list[tuple[str, str, list[str], str | None]]) -> None:
    for name, table, columns, where in indexes:
        condition = None if where is None else sa.text(where)
        op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    _create(_INDEXES)
    op.add_column("audit_events", sa.Column("source_prefix", sa.Text(), nullable=True))
    _create(_AUDIT_INDEXES)
    op.create_table(
        "cosignatures",
        sa.Column("witness", sa.Text(), nullable=False),
        sa.Column("size", _integer(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("time", _integer(), nullable=False),
        sa.PrimaryKeyConstraint("witness", name=op.f("pk_cosignatures")),
    )
    op.create_table(
        "audit_sinks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_index", _integer(), nullable=False),
        sa.Column("attempts", _integer(), nullable=False),
        sa.Column("due_at", _integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", _integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_audit_sinks")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", _integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "operators",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", _integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operators")),
        sa.UniqueConstraint("mailbox", name=op.f("uq_operators_mailbox")),
    )
    op.create_table(
        "operator_tokens",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("operator_id", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _integer(), nullable=False),
        sa.Column("last_used_at", _integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_operator_tokens_token_hash")),
    )
    op.create_index("ix_operator_tokens_operator_id", "operator_tokens", ["operator_id"])


def downgrade() -> None:
    for table in ("operator_tokens", "operators", "leases", "audit_sinks", "cosignatures"):
        op.drop_table(table)
    for name, table, _, _ in (*_INDEXES, *_AUDIT_INDEXES):
        op.drop_index(name, table_name=table)
    with op.batch_alter_table("audit_events") as batch_op:
        batch_op.drop_column("source_prefix")
