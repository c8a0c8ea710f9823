# SPDX-License-Identifier: Apache-2.0
"""find a mailbox's logins, over ones too: an erasure blanks them all, and budgets count those of the last hour."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('approved', 'pending')")


def upgrade() -> None:
    op.create_index("ix_logins_mailbox_created_at", "logins", ["mailbox", "created_at"])
    op.drop_index("ix_logins_open_mailbox", table_name="logins")


def downgrade() -> None:
    op.create_index("ix_logins_open_mailbox", "logins", ["mailbox"], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.drop_index("ix_logins_mailbox_created_at", table_name="logins")
