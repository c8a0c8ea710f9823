# SPDX-License-Identifier: Apache-2.0
"""What the console keeps: alerts and who was told, counts of events, acts that wait for a second person, bookmarks."""

from sqlalchemy import Column, Index, Table, Text, text

from counterfoil_service.db.tables.columns import Int, integer, key, metadata, octets, words

# One row for as long as nobody has acknowledged it: the same thing about the same `about` again only counts.
alerts = Table(
    "alerts",
    metadata,
    key("id"),
    words("kind"),
    words("about"),
    words("reason", null=True),
    words("login_id", null=True),
    words("application_id", null=True),
    words("session_id", null=True),
    words("subject", null=True),
    integer("times"),
    integer("raised_at"),
    integer("last_at"),
    integer("acknowledged_at", null=True),
    words("acknowledged_by", null=True),
    words("acknowledged_why", null=True),
)
_unseen = text("acknowledged_at IS NULL")
Index("uq_alerts_unseen", alerts.c.kind, alerts.c.about, unique=True, sqlite_where=_unseen, postgresql_where=_unseen)
_typed = text("acknowledged_why IS NOT NULL")
Index("ix_alerts_subject", alerts.c.subject, sqlite_where=_typed, postgresql_where=_typed)
Index("ix_alerts_login_id", alerts.c.login_id, sqlite_where=_typed, postgresql_where=_typed)
Index("ix_alerts_last_at", alerts.c.last_at, alerts.c.id)
Index("ix_alerts_kind_last_at", alerts.c.kind, alerts.c.last_at, alerts.c.id)
Index("ix_alerts_unseen_last_at", alerts.c.last_at, alerts.c.id, sqlite_where=_unseen, postgresql_where=_unseen)
Index(
    "ix_alerts_unseen_kind_last_at",
    *(alerts.c.kind, alerts.c.last_at, alerts.c.id),
    sqlite_where=_unseen,
    postgresql_where=_unseen,
)
_seen = text("acknowledged_at IS NOT NULL")
Index("ix_alerts_acknowledged_at", alerts.c.acknowledged_at, sqlite_where=_seen, postgresql_where=_seen)

# The outbox of alerts: `target` is where the operator wants them, by a name that holds no secret.
alert_pushes = Table(
    "alert_pushes",
    metadata,
    key("id"),
    words("alert_id"),
    words("target"),
    words("state"),
    integer("attempts"),
    integer("due_at"),
    integer("created_at"),
    integer("ended_at", null=True),
    words("problem", null=True),
)
_queued = text("state = 'queued'")
Index("ix_alert_pushes_alert_id", alert_pushes.c.alert_id)
Index(
    "ix_alert_pushes_due_at",
    *(alert_pushes.c.target, alert_pushes.c.due_at),
    sqlite_where=_queued,
    postgresql_where=_queued,
)

# Written as events are sealed: how many of a kind in the `width` microseconds from `bucket` on, and of how many logins
# they were the first of their step. No application and no mail provider are the empty text, as a key needs one.
event_counts = Table(
    "event_counts",
    metadata,
    Column("width", Int, primary_key=True, autoincrement=False),
    Column("bucket", Int, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("application_id", Text, primary_key=True),
    Column("outcome", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    integer("events"),
    integer("logins"),
)

# What one operator asks for and another must grant. `granted` is null while nobody has decided.
four_eyes = Table(
    "four_eyes",
    metadata,
    key("id"),
    words("act"),
    words("target"),
    words("reason"),
    words("requested_by"),
    integer("requested_at"),
    integer("expires_at"),
    words("decided_by", null=True),
    integer("decided_at", null=True),
    integer("granted", null=True),
    integer("used_at", null=True),
)
Index("ix_four_eyes_act_target", four_eyes.c.act, four_eyes.c.target)
Index("ix_four_eyes_expires_at", four_eyes.c.expires_at)

saved_searches = Table(
    "saved_searches", metadata, key("id"), words("operator_id"), words("name"), words("query"), integer("created_at")
)
Index("uq_saved_searches_name", saved_searches.c.operator_id, saved_searches.c.name, unique=True)

# The way in where no mail is sent: used once, by whoever stands at the service's own machine.
operator_links = Table(
    "operator_links",
    metadata,
    octets("link_hash", primary_key=True),
    words("operator_id"),
    integer("created_at"),
    integer("expires_at"),
    integer("used_at", null=True),
)
Index("ix_operator_links_operator_id", operator_links.c.operator_id)
