# SPDX-License-Identifier: Apache-2.0
"""seal the audit log: a place for each event, tiles, checkpoints."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_UNSEALED, _SEALED = sa.text("leaf_index IS NULL"), sa.text("leaf_index IS NOT NULL")


def _integer() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # A leaf keeps milliseconds: what is below them would be the one thing of an event that nothing covers.
    op.execute("UPDATE audit_events SET time = time / 1000 * 1000")
    op.add_column("audit_events", sa.Column("leaf_index", _integer(), nullable=True))
    op.create_index(
        "ix_audit_events_unsealed",
        "audit_events",
        ["position"],
        sqlite_where=_UNSEALED,
        postgresql_where=_UNSEALED,
    )
    op.create_index(
        "uq_audit_events_leaf_index",
        "audit_events",
        ["leaf_index"],
        unique=True,
        sqlite_where=_SEALED,
        postgresql_where=_SEALED,
    )
    op.create_table(
        "log_tiles",
        sa.Column("level", _integer(), autoincrement=False, nullable=False),
        sa.Column("tile", _integer(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "tile", name=op.f("pk_log_tiles")),
    )
    op.create_table(
        "checkpoints",
        sa.Column("size", _integer(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("time", _integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_checkpoints")),
    )


def downgrade() -> None:
    op.drop_table("checkpoints")
    op.drop_table("log_tiles")
    op.drop_index("uq_audit_events_leaf_index", table_name="audit_events")
    op.drop_index("ix_audit_events_unsealed", table_name="audit_events")
    with op.batch_alter_table("audit_events") as batch_op:
        batch_op.drop_column("leaf_index")
