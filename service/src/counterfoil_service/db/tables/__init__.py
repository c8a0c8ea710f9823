# SPDX-License-Identifier: Apache-2.0
"""Every table. All are loaded together, so that `metadata` is whole."""

from counterfoil_service.db.tables.columns import metadata
from counterfoil_service.db.tables.console import (
    alert_pushes,
    alerts,
    event_counts,
    four_eyes,
    operator_links,
    saved_searches,
)
from counterfoil_service.db.tables.log import (
    audit_events,
    audit_sinks,
    checkpoints,
    cosignatures,
    log_tiles,
)
from counterfoil_service.db.tables.operation import (
    leases,
    operator_tokens,
    operators,
)
from counterfoil_service.db.tables.sign_in import (
    applications,
    authorization_codes,
    cookies,
    devices,
    logins,
    mail_reports,
    mailbox_keys,
    mailings,
    outbox,
    proofs,
    refresh_tokens,
    secrets,
    sessions,
    signing_keys,
    suppressions,
    users,
)

__all__ = [
    "alert_pushes",
    "alerts",
    "applications",
    "audit_events",
    "audit_sinks",
    "authorization_codes",
    "checkpoints",
    "cookies",
    "cosignatures",
    "devices",
    "event_counts",
    "four_eyes",
    "leases",
    "log_tiles",
    "logins",
    "mail_reports",
    "mailbox_keys",
    "mailings",
    "metadata",
    "operator_links",
    "operator_tokens",
    "operators",
    "outbox",
    "proofs",
    "refresh_tokens",
    "saved_searches",
    "secrets",
    "sessions",
    "signing_keys",
    "suppressions",
    "users",
]
