# SPDX-License-Identifier: Apache-2.0
"""let sessions live: devices, authorization codes, cookies, redirects."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LIVES = sa.text("ended_at IS NULL")
_OPEN = sa.text("state IN ('approved', 'pending')")
# What a first release knew of a device stands in its sessions.
_DEVICES_SO_FAR = """
    INSERT INTO devices (id, user_id, application_id, key_id, label, state, first_seen_at, last_seen_at)
    SELECT min(id), user_id, application_id, jkt, NULL, 'known', min(created_at), max(created_at)
    FROM sessions WHERE jkt IS NOT NULL GROUP BY user_id, application_id, jkt
"""
_DEVICE_OF_SESSION = """
    UPDATE sessions SET last_used_at = created_at, device_id = (
        SELECT devices.id FROM devices WHERE devices.user_id = sessions.user_id
        AND devices.application_id = sessions.application_id AND devices.key_id = sessions.jkt
    )
"""


def _integer() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_tables()
    with op.batch_alter_table("applications") as batch_op:
        batch_op.add_column(sa.Column("redirect_uris", sa.Text(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("new_devices", sa.Text(), nullable=False, server_default="notify"))
    with op.batch_alter_table("logins") as batch_op:
        batch_op.add_column(sa.Column("redirect_uri", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("redirect_state", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("code_challenge", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("codes_minted", _integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("browser", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("approved_by", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("code_jkt", sa.Text(), nullable=True))
    op.create_index("ix_logins_browser", "logins", ["browser"], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.add_column("outbox", sa.Column("session_id", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("invited_at", _integer(), nullable=True))
    _alter_sessions()
    # Until now a typed user code was the one way to approve.
    op.execute("UPDATE logins SET approved_by = 'user_code' WHERE approved_at IS NOT NULL")
    op.execute(_DEVICES_SO_FAR)
    op.execute(_DEVICE_OF_SESSION)


def _create_tables() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("first_seen_at", _integer(), nullable=False),
        sa.Column("last_seen_at", _integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
    )
    op.create_index("uq_devices_owner", "devices", ["user_id", "application_id", "key_id"], unique=True)
    op.create_table(
        "authorization_codes",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("login_id", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("device_id", sa.Text(), nullable=True),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("code_challenge", sa.Text(), nullable=False),
        sa.Column("jkt", sa.Text(), nullable=True),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("amr", sa.Text(), nullable=False),
        sa.Column("auth_time", _integer(), nullable=False),
        sa.Column("expires_at", _integer(), nullable=False),
        sa.Column("used_at", _integer(), nullable=True),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_authorization_codes")),
    )
    op.create_index("ix_authorization_codes_expires_at", "authorization_codes", ["expires_at"])
    op.create_index("ix_authorization_codes_login_id", "authorization_codes", ["login_id"])
    op.create_table(
        "cookies",
        sa.Column("cookie_hash", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("cookie_hash", name=op.f("pk_cookies")),
    )
    op.create_index("ix_cookies_session_id", "cookies", ["session_id"])


def _alter_sessions() -> None:
    op.drop_index("ix_sessions_jkt", table_name="sessions")
    with op.batch_alter_table("sessions") as batch_op:
        batch_op.add_column(sa.Column("last_used_at", _integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("device_id", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("notice_hash", sa.LargeBinary(), nullable=True))
        batch_op.create_unique_constraint("uq_sessions_notice_hash", ["notice_hash"])
    for column in ("user_id", "login_id"):
        op.create_index(f"ix_sessions_{column}", "sessions", [column])
    for column in ("last_used_at", "created_at"):
        op.create_index(
            f"ix_sessions_live_{column}", "sessions", [column], sqlite_where=_LIVES, postgresql_where=_LIVES
        )


def downgrade() -> None:
    for column in ("live_created_at", "live_last_used_at", "login_id", "user_id"):
        op.drop_index(f"ix_sessions_{column}", table_name="sessions")
    with op.batch_alter_table("sessions") as batch_op:
        batch_op.drop_constraint("uq_sessions_notice_hash", type_="unique")
        for column in ("notice_hash", "device_id", "last_used_at"):
            batch_op.drop_column(column)
    op.create_index("ix_sessions_jkt", "sessions", ["jkt"])
    with op.batch_alter_table("users") as batch_op:
        batch_op.drop_column("invited_at")
    with op.batch_alter_table("outbox") as batch_op:
        batch_op.drop_column("session_id")
    op.drop_index("ix_logins_browser", table_name="logins")
    with op.batch_alter_table("logins") as batch_op:
        for column in ("code_jkt", "approved_by", "browser", "codes_minted", "code_challenge"):
            batch_op.drop_column(column)
        for column in ("redirect_state", "redirect_uri"):
            batch_op.drop_column(column)
    with op.batch_alter_table("applications") as batch_op:
        for column in ("new_devices", "redirect_uris"):
            batch_op.drop_column(column)
    for table in ("cookies", "authorization_codes", "devices"):
        op.drop_table(table)
