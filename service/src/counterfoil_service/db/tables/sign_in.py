# SPDX-License-Identifier: Apache-2.0
"""What sign-ins are made of: applications, people, logins, mail, sessions, devices, and the keys behind them."""

from sqlalchemy import Index, Table, func, text

from counterfoil_service.db.tables.columns import integer, key, metadata, octets, words

applications = Table(
    "applications",
    metadata,
    key("id"),
    words("name"),
    words("scopes"),
    words("audiences"),
    words("dpop"),
    words("fingerprint"),
    integer("created_at"),
    words("secret_hash", null=True),
    words("redirect_uris"),
    words("new_devices"),
    integer("same_device_only"),
    integer("mail_code"),
    words("colour", null=True),
    words("logo_text", null=True),
)

users = Table(
    "users",
    metadata,
    key("id"),
    octets("mailbox", unique=True),
    words("address"),
    integer("created_at"),
    integer("verified_at", null=True),
    integer("disabled_at", null=True),
    integer("invited_at", null=True),
)


def _newest_first(name: str, where: str) -> None:
    """For a page of the people that are in this state, of whom there may be few among many."""
    condition = text(where)
    Index(
        f"ix_users_{name}_created_at",
        users.c.created_at,
        users.c.id,
        sqlite_where=condition,
        postgresql_where=condition,
    )


# How operators look for people: by the beginning of an address in whatever case, and the newest first. PostgreSQL has
# the first one COLLATE "C", as only byte by byte all that begins alike stands together; SQLite compares so anyway.
Index("ix_users_address", func.lower(users.c.address))
Index("ix_users_created_at", users.c.created_at, users.c.id)
_newest_first("verified", "disabled_at IS NULL AND verified_at IS NOT NULL")
_newest_first("unverified", "disabled_at IS NULL AND verified_at IS NULL AND invited_at IS NULL")
_newest_first("invited", "disabled_at IS NULL AND verified_at IS NULL AND invited_at IS NOT NULL")
_newest_first("disabled", "disabled_at IS NOT NULL")

logins = Table(
    "logins",
    metadata,
    key("id"),
    words("application_id"),
    words("state"),
    integer("decoy"),
    octets("device_code_hash", unique=True),
    octets("link_hash", unique=True),
    octets("user_code_hash"),
    integer("misses"),
    octets("mailbox"),
    words("address"),
    words("jkt", null=True),
    words("device_label", null=True),
    words("fingerprint", null=True),
    words("scope"),
    words("audience"),
    octets("source_range"),
    integer("poll_interval"),
    integer("created_at"),
    integer("expires_at"),
    integer("approved_at", null=True),
    integer("completed_at", null=True),
    words("session_id", null=True),
    integer("given_up"),
    words("redirect_uri", null=True),
    words("redirect_state", null=True),
    words("code_challenge", null=True),
    integer("codes_minted"),
    octets("browser", null=True),
    words("approved_by", null=True),
    words("code_jkt", null=True),
    words("country", null=True),
    words("place", null=True),
    words("mail_code_hash", null=True),
    integer("mail_code_misses"),
    words("language", null=True),
    integer("relayed_at", null=True),
    integer("reported_at", null=True),
    integer("known_device", null=True),
)

# Spelt as the statements spell it: SQLite uses a partial index only where it recognises the very same term.
_open = text("state IN ('approved', 'pending')")
# The backstop of [R42]: two requests of one key that race past the lock cannot both stay open.
Index(
    "uq_logins_one_pending",
    logins.c.application_id,
    logins.c.jkt,
    unique=True,
    sqlite_where=text("state = 'pending' AND jkt IS NOT NULL"),
    postgresql_where=text("state = 'pending' AND jkt IS NOT NULL"),
)
# By id, too, where several end at once: the console turns its pages by both.
Index("ix_logins_open_expires_at", logins.c.expires_at, logins.c.id, sqlite_where=_open, postgresql_where=_open)
# What the sweeper deletes by age: a login that gave a session leaves with it.
_unused, _refused = text("state IN ('cancelled', 'expired')"), text("state IN ('denied', 'locked')")
Index("ix_logins_unused_expires_at", logins.c.expires_at, sqlite_where=_unused, postgresql_where=_unused)
Index("ix_logins_refused_expires_at", logins.c.expires_at, sqlite_where=_refused, postgresql_where=_refused)
# Without limit are the decoys of a mailbox, and the logins that a key gives up: budgets count past both.
Index("ix_logins_mailbox_decoy_created_at", logins.c.mailbox, logins.c.decoy, logins.c.created_at)
Index("ix_logins_browser", logins.c.browser, sqlite_where=_open, postgresql_where=_open)
Index("ix_logins_jkt_given_up_created_at", logins.c.jkt, logins.c.given_up, logins.c.created_at)
Index("ix_logins_source_range_created_at", logins.c.source_range, logins.c.created_at)

mailings = Table("mailings", metadata, octets("mailbox"), integer("mailed_at"))
Index("ix_mailings_mailbox_mailed_at", mailings.c.mailbox, mailings.c.mailed_at)
Index("ix_mailings_mailed_at", mailings.c.mailed_at)

outbox = Table(
    "outbox",
    metadata,
    key("id"),
    words("login_id"),
    words("kind"),
    words("state"),
    words("recipient"),
    octets("sealed_secret", null=True),
    integer("attempts"),
    integer("due_at"),
    integer("created_at"),
    integer("ended_at", null=True),
    words("session_id", null=True),
    words("provider", null=True),
    words("delivery", null=True),
)
_queued = text("state = 'queued'")
Index("ix_outbox_login_id", outbox.c.login_id)
Index("ix_outbox_due_at", outbox.c.due_at, sqlite_where=_queued, postgresql_where=_queued)
_over = text("ended_at IS NOT NULL")
Index("ix_outbox_ended_at", outbox.c.ended_at, sqlite_where=_over, postgresql_where=_over)

# Addresses that took no mail, or whose owners called it unwanted: none is sent there until an operator lifts it.
suppressions = Table(
    "suppressions",
    metadata,
    octets("mailbox", primary_key=True),
    words("address"),
    words("reason"),
    words("provider"),
    words("mail_id"),
    integer("created_at"),
)
Index("ix_suppressions_created_at", suppressions.c.created_at)

# What providers told us already: they tell it again.
mail_reports = Table("mail_reports", metadata, octets("report_hash", primary_key=True), integer("received_at"))
Index("ix_mail_reports_received_at", mail_reports.c.received_at)

sessions = Table(
    "sessions",
    metadata,
    key("id"),
    words("user_id"),
    words("application_id"),
    words("login_id"),
    words("jkt", null=True),
    words("scope"),
    words("audience"),
    words("amr"),
    integer("auth_time"),
    integer("created_at"),
    integer("last_used_at"),
    words("device_id", null=True),
    octets("notice_hash", null=True, unique=True),
    integer("ended_at", null=True),
    integer("changed_at", null=True),
)
_lives = text("ended_at IS NULL")
Index("ix_sessions_application_id", sessions.c.application_id)
Index("ix_sessions_user_id", sessions.c.user_id)
Index("ix_sessions_login_id", sessions.c.login_id)
Index("ix_sessions_live_last_used_at", sessions.c.last_used_at, sqlite_where=_lives, postgresql_where=_lives)
Index("ix_sessions_ended_at", sessions.c.ended_at, sqlite_where=_over, postgresql_where=_over)
Index("ix_sessions_live_created_at", sessions.c.created_at, sqlite_where=_lives, postgresql_where=_lives)

# `key_id` is the thumbprint of a device's key; for a browser, the hash of its cookie.
devices = Table(
    "devices",
    metadata,
    key("id"),
    words("user_id"),
    words("application_id"),
    words("key_id"),
    words("label", null=True),
    words("state"),
    integer("first_seen_at"),
    integer("last_seen_at"),
    words("fingerprint", null=True),
    words("told", null=True),
    integer("told_at", null=True),
)
Index("uq_devices_owner", devices.c.user_id, devices.c.application_id, devices.c.key_id, unique=True)
# By when they came: an index on when they were seen last would cost every refresh.
_told = text("told IS NOT NULL")
Index("ix_devices_first_seen_at", devices.c.first_seen_at, devices.c.id)
Index(
    "ix_devices_told_first_seen_at", devices.c.first_seen_at, devices.c.id, sqlite_where=_told, postgresql_where=_told
)

authorization_codes = Table(
    "authorization_codes",
    metadata,
    octets("code_hash", primary_key=True),
    words("login_id"),
    words("application_id"),
    words("user_id", null=True),
    words("device_id", null=True),
    words("redirect_uri"),
    words("code_challenge"),
    words("jkt", null=True),
    words("scope"),
    words("audience"),
    words("amr"),
    integer("auth_time"),
    integer("expires_at"),
    integer("used_at", null=True),
    words("session_id", null=True),
)
Index("ix_authorization_codes_login_id", authorization_codes.c.login_id)
Index("ix_authorization_codes_expires_at", authorization_codes.c.expires_at)

# A browser's session: the cookie's hash leads to an ordinary session.
cookies = Table("cookies", metadata, octets("cookie_hash", primary_key=True), words("session_id"))
Index("ix_cookies_session_id", cookies.c.session_id)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    octets("token_hash", primary_key=True),
    words("session_id"),
    words("state"),
    integer("created_at"),
)
Index("ix_refresh_tokens_session_id", refresh_tokens.c.session_id)

proofs = Table("proofs", metadata, octets("replay_key", primary_key=True), integer("expires_at"))
Index("ix_proofs_expires_at", proofs.c.expires_at)

mailbox_keys = Table(
    "mailbox_keys",
    metadata,
    octets("mailbox", primary_key=True),
    octets("sealed_key"),
    integer("created_at"),
    integer("mail_code_misses"),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    key("kid"),
    words("algorithm"),
    octets("sealed_private_key"),
    integer("created_at"),
    integer("active_at"),
    integer("retired_at", null=True),
)

secrets = Table("secrets", metadata, key("name"), octets("value"))
