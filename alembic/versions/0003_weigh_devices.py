# SPDX-License-Identifier: Apache-2.0
"""weigh devices: fingerprints, where requests come from, codes in the mail."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _integer() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("applications") as batch_op:
        batch_op.add_column(sa.Column("same_device_only", _integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("mail_code", _integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("logins") as batch_op:
        batch_op.add_column(sa.Column("country", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("place", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("mail_code_hash", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("mail_code_misses", _integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("devices") as batch_op:
        batch_op.add_column(sa.Column("fingerprint", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("told", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("told_at", _integer(), nullable=True))
    with op.batch_alter_table("mailbox_keys") as batch_op:
        batch_op.add_column(sa.Column("mail_code_misses", _integer(), nullable=False, server_default="0"))
    op.add_column("sessions", sa.Column("changed_at", _integer(), nullable=True))
    op.create_index("ix_outbox_login_id", "outbox", ["login_id"])
    # The digest that earlier releases kept was not keyed by the service: a login under way goes on by its key alone.
    op.execute("UPDATE logins SET fingerprint = NULL")


def downgrade() -> None:
    op.execute("UPDATE logins SET fingerprint = NULL")
    op.drop_index("ix_outbox_login_id", table_name="outbox")
    with op.batch_alter_table("sessions") as batch_op:
        batch_op.drop_column("changed_at")
    with op.batch_alter_table("mailbox_keys") as batch_op:
        batch_op.drop_column("mail_code_misses")
    with op.batch_alter_table("devices") as batch_op:
        for column in ("told_at", "told", "fingerprint"):
            batch_op.drop_column(column)
    with op.batch_alter_table("logins") as batch_op:
        for column in ("mail_code_misses", "mail_code_hash", "place", "country"):
            batch_op.drop_column(column)
    with op.batch_alter_table("applications") as batch_op:
        for column in ("mail_code", "same_device_only"):
            batch_op.drop_column(column)
