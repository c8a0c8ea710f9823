# SPDX-License-Identifier: Apache-2.0
"""follow the mail: who took it and what became of it, addresses that take none, relayed links, languages, looks."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_WORDS = [
    ("applications", "colour"),
    ("applications", "logo_text"),
    ("logins", "language"),
    ("outbox", "provider"),
    ("outbox", "delivery"),
]
_NUMBERS = ("relayed_at", "reported_at", "known_device")


def _integer() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for table, column in _WORDS:
        op.add_column(table, sa.Column(column, sa.Text(), nullable=True))
    for column in _NUMBERS:
        op.add_column("logins", sa.Column(column, _integer(), nullable=True))
    op.create_table(
        "suppressions",
        sa.Column("mailbox", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("mail_id", sa.Text(), nullable=False),
        sa.Column("created_at", _integer(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", name=op.f("pk_suppressions")),
    )
    op.create_index("ix_suppressions_created_at", "suppressions", ["created_at"])
    op.create_table(
        "mail_reports",
        sa.Column("report_hash", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", _integer(), nullable=False),
        sa.PrimaryKeyConstraint("report_hash", name=op.f("pk_mail_reports")),
    )
    op.create_index("ix_mail_reports_received_at", "mail_reports", ["received_at"])


def downgrade() -> None:
    op.drop_table("mail_reports")
    op.drop_table("suppressions")
    for table, column in (*(("logins", column) for column in _NUMBERS), *_WORDS):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column(column)
