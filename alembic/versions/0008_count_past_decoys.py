# SPDX-License-Identifier: Apache-2.0
"""count past decoys: what strangers ask for without limit lies apart from what a mailbox's budgets count.

So do, at a key, the logins that its device gave up. Each index takes the place of one: none is written more often.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_APART = (("mailbox", "decoy"), ("jkt", "given_up"))


def upgrade() -> None:
    for whose, apart in _APART:
        op.create_index(f"ix_logins_{whose}_{apart}_created_at", "logins", [whose, apart, "created_at"])
        op.drop_index(f"ix_logins_{whose}_created_at", table_name="logins")


def downgrade() -> None:
    for whose, apart in _APART:
        op.create_index(f"ix_logins_{whose}_created_at", "logins", [whose, "created_at"])
        op.drop_index(f"ix_logins_{whose}_{apart}_created_at", table_name="logins")
