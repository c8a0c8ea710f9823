# SPDX-License-Identifier: Apache-2.0
"""open the console: alerts, counts of events, acts that need two, bookmarks, ways in, and how people are looked for."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _integer() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _words(name: str, *, null: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), nullable=null)


def _number(name: str, *, null: bool = False) -> "sa.Column[int]":
    return sa.Column(name, _integer(), nullable=null)


def _partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


_STATES = {
    "verified": "disabled_at IS NULL AND verified_at IS NOT NULL",
    "unverified": "disabled_at IS NULL AND verified_at IS NULL AND invited_at IS NULL",
    "invited": "disabled_at IS NULL AND verified_at IS NULL AND invited_at IS NOT NULL",
    "disabled": "disabled_at IS NOT NULL",
}


_OPEN_LOGINS = "state IN ('approved', 'pending')"


def upgrade() -> None:
    _alerts()
    op.add_column("audit_sinks", _number("failing_since", null=True))
    op.add_column("audit_sinks", _number("told_at", null=True))
    _counts()
    _operators()
    _people()
    op.drop_index("ix_logins_open_expires_at", table_name="logins")
    _partial("ix_logins_open_expires_at", "logins", ["expires_at", "id"], _OPEN_LOGINS)
    op.create_index("ix_devices_first_seen_at", "devices", ["first_seen_at", "id"])
    _partial("ix_devices_told_first_seen_at", "devices", ["first_seen_at", "id"], "told IS NOT NULL")


def downgrade() -> None:
    op.drop_index("ix_logins_open_expires_at", table_name="logins")
    _partial("ix_logins_open_expires_at", "logins", ["expires_at"], _OPEN_LOGINS)
    for name in ("ix_devices_told_first_seen_at", "ix_devices_first_seen_at"):
        op.drop_index(name, table_name="devices")
    for name in (*(f"{state}_created_at" for state in reversed(_STATES)), "created_at", "address"):
        op.drop_index(f"ix_users_{name}", table_name="users")
    for table in ("operator_links", "saved_searches", "four_eyes", "event_counts", "alert_pushes", "alerts"):
        op.drop_table(table)
    with op.batch_alter_table("audit_sinks") as batch_op:
        batch_op.drop_column("told_at")
        batch_op.drop_column("failing_since")


def _people() -> None:
    """By the beginning of an address in whatever case, byte by byte as SQLite compares anyway; and the newest first."""
    by_bytes = "" if op.get_context().dialect.name == "sqlite" else ' COLLATE "C"'
    op.create_index("ix_users_address", "users", [sa.text(f"(lower(address){by_bytes})")])
    op.create_index("ix_users_created_at", "users", ["created_at", "id"])
    for state, where in _STATES.items():
        _partial(f"ix_users_{state}_created_at", "users", ["created_at", "id"], where)


def _alerts() -> None:
    op.create_table(
        "alerts",
        *(_words("id"), _words("kind"), _words("about"), _words("reason", null=True), _words("login_id", null=True)),
        *(_words("application_id", null=True), _words("session_id", null=True), _words("subject", null=True)),
        *(_number("times"), _number("raised_at"), _number("last_at"), _number("acknowledged_at", null=True)),
        *(_words("acknowledged_by", null=True), _words("acknowledged_why", null=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    _partial("uq_alerts_unseen", "alerts", ["kind", "about"], "acknowledged_at IS NULL", unique=True)
    _partial("ix_alerts_subject", "alerts", ["subject"], "acknowledged_why IS NOT NULL")
    _partial("ix_alerts_login_id", "alerts", ["login_id"], "acknowledged_why IS NOT NULL")
    op.create_index("ix_alerts_last_at", "alerts", ["last_at", "id"])
    op.create_index("ix_alerts_kind_last_at", "alerts", ["kind", "last_at", "id"])
    _partial("ix_alerts_unseen_last_at", "alerts", ["last_at", "id"], "acknowledged_at IS NULL")
    _partial("ix_alerts_unseen_kind_last_at", "alerts", ["kind", "last_at", "id"], "acknowledged_at IS NULL")
    _partial("ix_alerts_acknowledged_at", "alerts", ["acknowledged_at"], "acknowledged_at IS NOT NULL")
    op.create_table(
        "alert_pushes",
        *(_words("id"), _words("alert_id"), _words("target"), _words("state"), _number("attempts")),
        *(_number("due_at"), _number("created_at"), _number("ended_at", null=True), _words("problem", null=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_pushes")),
    )
    op.create_index("ix_alert_pushes_alert_id", "alert_pushes", ["alert_id"])
    _partial("ix_alert_pushes_due_at", "alert_pushes", ["target", "due_at"], "state = 'queued'")


def _counts() -> None:
    op.create_table(
        "event_counts",
        sa.Column("width", _integer(), autoincrement=False, nullable=False),
        sa.Column("bucket", _integer(), autoincrement=False, nullable=False),
        *(_words("name"), _words("application_id"), _words("outcome"), _words("provider")),
        *(_number("events"), _number("logins")),
        sa.PrimaryKeyConstraint(
            *("width", "bucket", "name", "application_id", "outcome", "provider"), name=op.f("pk_event_counts")
        ),
    )


def _operators() -> None:
    op.create_table(
        "four_eyes",
        *(_words("id"), _words("act"), _words("target"), _words("reason"), _words("requested_by")),
        *(_number("requested_at"), _number("expires_at"), _words("decided_by", null=True)),
        *(_number("decided_at", null=True), _number("granted", null=True), _number("used_at", null=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_four_eyes")),
    )
    op.create_index("ix_four_eyes_act_target", "four_eyes", ["act", "target"])
    op.create_index("ix_four_eyes_expires_at", "four_eyes", ["expires_at"])
    op.create_table(
        "saved_searches",
        *(_words("id"), _words("operator_id"), _words("name"), _words("query"), _number("created_at")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_searches")),
    )
    op.create_index("uq_saved_searches_name", "saved_searches", ["operator_id", "name"], unique=True)
    op.create_table(
        "operator_links",
        sa.Column("link_hash", sa.LargeBinary(), nullable=False),
        *(_words("operator_id"), _number("created_at"), _number("expires_at"), _number("used_at", null=True)),
        sa.PrimaryKeyConstraint("link_hash", name=op.f("pk_operator_links")),
    )
    op.create_index("ix_operator_links_operator_id", "operator_links", ["operator_id"])
