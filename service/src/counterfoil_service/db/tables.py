# SPDX-License-Identifier: Apache-2.0
"""Every table. Times are whole microseconds since 1970 UTC, flags are 0 and 1: the same value on both engines."""

from typing import Any

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, LargeBinary, MetaData, Table, Text, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite gives rowid behaviour to INTEGER alone.
_Int = BigInteger().with_variant(Integer(), "sqlite")


def _key(name: str) -> "Column[str]":
    return Column(name, Text, primary_key=True)


def _text(name: str, *, null: bool = False) -> "Column[str]":
    return Column(name, Text, nullable=null)


def _int(name: str, *, null: bool = False) -> "Column[int]":
    return Column(name, _Int, nullable=null)


def _bytes(name: str, *, null: bool = False, **options: Any) -> "Column[bytes]":
    return Column(name, LargeBinary, nullable=null, **options)


applications = Table(
    "applications",
    metadata,
    _key("id"),
    _text("name"),
    _text("scopes"),
    _text("audiences"),
    _text("dpop"),
    _text("fingerprint"),
    _int("created_at"),
    _text("secret_hash", null=True),
    _text("redirect_uris"),
    _text("new_devices"),
    _int("same_device_only"),
    _int("mail_code"),
)

users = Table(
    "users",
    metadata,
    _key("id"),
    _bytes("mailbox", unique=True),
    _text("address"),
    _int("created_at"),
    _int("verified_at", null=True),
    _int("disabled_at", null=True),
    _int("invited_at", null=True),
)

logins = Table(
    "logins",
    metadata,
    _key("id"),
    _text("application_id"),
    _text("state"),
    _int("decoy"),
    _bytes("device_code_hash", unique=True),
    _bytes("link_hash", unique=True),
    _bytes("user_code_hash"),
    _int("misses"),
    _bytes("mailbox"),
    _text("address"),
    _text("jkt", null=True),
    _text("device_label", null=True),
    _text("fingerprint", null=True),
    _text("scope"),
    _text("audience"),
    _bytes("source_range"),
    _int("poll_interval"),
    _int("created_at"),
    _int("expires_at"),
    _int("approved_at", null=True),
    _int("completed_at", null=True),
    _text("session_id", null=True),
    _int("given_up"),
    _text("redirect_uri", null=True),
    _text("redirect_state", null=True),
    _text("code_challenge", null=True),
    _int("codes_minted"),
    _bytes("browser", null=True),
    _text("approved_by", null=True),
    _text("code_jkt", null=True),
    _text("country", null=True),
    _text("place", null=True),
    _text("mail_code_hash", null=True),
    _int("mail_code_misses"),
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
Index("ix_logins_open_mailbox", logins.c.mailbox, sqlite_where=_open, postgresql_where=_open)
Index("ix_logins_open_expires_at", logins.c.expires_at, sqlite_where=_open, postgresql_where=_open)
Index("ix_logins_browser", logins.c.browser, sqlite_where=_open, postgresql_where=_open)
Index("ix_logins_jkt_created_at", logins.c.jkt, logins.c.created_at)
Index("ix_logins_source_range_created_at", logins.c.source_range, logins.c.created_at)

mailings = Table("mailings", metadata, _bytes("mailbox"), _int("mailed_at"))
Index("ix_mailings_mailbox_mailed_at", mailings.c.mailbox, mailings.c.mailed_at)
Index("ix_mailings_mailed_at", mailings.c.mailed_at)

outbox = Table(
    "outbox",
    metadata,
    _key("id"),
    _text("login_id"),
    _text("kind"),
    _text("state"),
    _text("recipient"),
    _bytes("sealed_secret", null=True),
    _int("attempts"),
    _int("due_at"),
    _int("created_at"),
    _int("ended_at", null=True),
    _text("session_id", null=True),
)
_queued = text("state = 'queued'")
Index("ix_outbox_login_id", outbox.c.login_id)
Index("ix_outbox_due_at", outbox.c.due_at, sqlite_where=_queued, postgresql_where=_queued)

sessions = Table(
    "sessions",
    metadata,
    _key("id"),
    _text("user_id"),
    _text("application_id"),
    _text("login_id"),
    _text("jkt", null=True),
    _text("scope"),
    _text("audience"),
    _text("amr"),
    _int("auth_time"),
    _int("created_at"),
    _int("last_used_at"),
    _text("device_id", null=True),
    _bytes("notice_hash", null=True, unique=True),
    _int("ended_at", null=True),
    _int("changed_at", null=True),
)
_lives = text("ended_at IS NULL")
Index("ix_sessions_application_id", sessions.c.application_id)
Index("ix_sessions_user_id", sessions.c.user_id)
Index("ix_sessions_login_id", sessions.c.login_id)
Index("ix_sessions_live_last_used_at", sessions.c.last_used_at, sqlite_where=_lives, postgresql_where=_lives)
Index("ix_sessions_live_created_at", sessions.c.created_at, sqlite_where=_lives, postgresql_where=_lives)

# `key_id` is the thumbprint of a device's key; for a browser, the hash of its cookie.
devices = Table(
    "devices",
    metadata,
    _key("id"),
    _text("user_id"),
    _text("application_id"),
    _text("key_id"),
    _text("label", null=True),
    _text("state"),
    _int("first_seen_at"),
    _int("last_seen_at"),
    _text("fingerprint", null=True),
    _text("told", null=True),
    _int("told_at", null=True),
)
Index("uq_devices_owner", devices.c.user_id, devices.c.application_id, devices.c.key_id, unique=True)

authorization_codes = Table(
    "authorization_codes",
    metadata,
    _bytes("code_hash", primary_key=True),
    _text("login_id"),
    _text("application_id"),
    _text("user_id", null=True),
    _text("device_id", null=True),
    _text("redirect_uri"),
    _text("code_challenge"),
    _text("jkt", null=True),
    _text("scope"),
    _text("audience"),
    _text("amr"),
    _int("auth_time"),
    _int("expires_at"),
    _int("used_at", null=True),
    _text("session_id", null=True),
)
Index("ix_authorization_codes_login_id", authorization_codes.c.login_id)
Index("ix_authorization_codes_expires_at", authorization_codes.c.expires_at)

# A browser's session: the cookie's hash leads to an ordinary session.
cookies = Table("cookies", metadata, _bytes("cookie_hash", primary_key=True), _text("session_id"))
Index("ix_cookies_session_id", cookies.c.session_id)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    _bytes("token_hash", primary_key=True),
    _text("session_id"),
    _text("state"),
    _int("created_at"),
)
Index("ix_refresh_tokens_session_id", refresh_tokens.c.session_id)

proofs = Table("proofs", metadata, _bytes("replay_key", primary_key=True), _int("expires_at"))
Index("ix_proofs_expires_at", proofs.c.expires_at)

mailbox_keys = Table(
    "mailbox_keys",
    metadata,
    _bytes("mailbox", primary_key=True),
    _bytes("sealed_key"),
    _int("created_at"),
    _int("mail_code_misses"),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    _key("kid"),
    _text("algorithm"),
    _bytes("sealed_private_key"),
    _int("created_at"),
    _int("active_at"),
    _int("retired_at", null=True),
)

secrets = Table("secrets", metadata, _key("name"), _bytes("value"))

audit_events = Table(
    "audit_events",
    metadata,
    Column("position", _Int, Identity(), primary_key=True),
    _bytes("id"),
    _int("time"),
    _text("name"),
    _text("outcome"),
    _text("reason", null=True),
    _text("login_id", null=True),
    _text("application_id", null=True),
    _text("session_id", null=True),
    _text("subject", null=True),
    _text("jkt", null=True),
    _text("fields"),
    _bytes("sealed", null=True),
    _bytes("mailbox", null=True),
    _int("leaf_index", null=True),
)
Index("ix_audit_events_login_id", audit_events.c.login_id)
# The sealer gives each event its place in the log once it is committed; until then it has none.
_unsealed, _sealed = text("leaf_index IS NULL"), text("leaf_index IS NOT NULL")
Index("ix_audit_events_unsealed", audit_events.c.position, sqlite_where=_unsealed, postgresql_where=_unsealed)
Index(
    "uq_audit_events_leaf_index",
    audit_events.c.leaf_index,
    unique=True,
    sqlite_where=_sealed,
    postgresql_where=_sealed,
)

# The log as C2SP tlog-tiles keep it: up to 256 hashes of 32 bytes a tile.
log_tiles = Table(
    "log_tiles",
    metadata,
    Column("level", _Int, primary_key=True, autoincrement=False),
    Column("tile", _Int, primary_key=True, autoincrement=False),
    _bytes("hashes"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", _Int, primary_key=True, autoincrement=False),
    _bytes("root"),
    _int("time"),
    _text("note"),
)
