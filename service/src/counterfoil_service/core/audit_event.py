# SPDX-License-Identifier: Apache-2.0
"""The closed list of audit event names and the shape of one event.

An event is written in the transaction of the change that it records, one row each. `fields` are public to every auditor
and never personal; `personal` is sealed under a key of the mailbox, so that it can be made unreadable later.
"""

from collections.abc import Mapping
from enum import StrEnum, unique
from typing import Literal

import msgspec


@unique
class EventName(StrEnum):
    """noun.past_participle; a silent rename would break every auditor's filter."""

    LOGIN_REQUESTED = "login.requested"
    LOGIN_SUPERSEDED = "login.superseded"
    LOGIN_LINK_OPENED = "login.link_opened"
    LOGIN_CODE_MISMATCH = "login.code_mismatch"
    LOGIN_LOCKED = "login.locked"
    LOGIN_APPROVED = "login.approved"
    LOGIN_CODE_ISSUED = "login.code_issued"
    LOGIN_CODE_REFUSED = "login.code_refused"
    LOGIN_APPROVAL_REFUSED = "login.approval_refused"
    LOGIN_DENIED = "login.denied"
    LOGIN_REPORTED = "login.reported"
    LOGIN_CANCELLED = "login.cancelled"
    LOGIN_EXPIRED = "login.expired"
    LOGIN_COMPLETED = "login.completed"
    LOGIN_REISSUED = "login.reissued"
    LOGIN_KEY_MISMATCH = "login.key_mismatch"
    LOGIN_FINGERPRINT_MISMATCH = "login.fingerprint_mismatch"
    LOGIN_ILLEGAL_TRANSITION = "login.illegal_transition"
    MAIL_QUEUED = "mail.queued"
    MAIL_SENT = "mail.sent"
    MAIL_DEFERRED = "mail.deferred"
    MAIL_DELIVERED = "mail.delivered"
    MAIL_BOUNCED = "mail.bounced"
    MAIL_COMPLAINED = "mail.complained"
    MAIL_FAILED = "mail.failed"
    MAIL_SUPPRESSED = "mail.suppressed"
    MAILBOX_FLOODED = "mailbox.flooded"
    LIMIT_REFUSED = "limit.refused"
    LINK_RELAYED = "link.relayed"
    SUPPRESSION_ADDED = "suppression.added"
    SUPPRESSION_LIFTED = "suppression.lifted"
    WEBHOOK_REFUSED = "webhook.refused"
    SESSION_CREATED = "session.created"
    SESSION_REFRESHED = "session.refreshed"
    SESSION_REUSE_DETECTED = "session.reuse_detected"
    SESSION_KEY_MISMATCH = "session.key_mismatch"
    SESSION_ENDED = "session.ended"
    DEVICE_FIRST_SEEN = "device.first_seen"
    DEVICE_CHANGED = "device.changed"
    DEVICE_REFUSED = "device.refused"
    DEVICE_ENROLLED = "device.enrolled"
    DEVICE_FORGOTTEN = "device.forgotten"
    USER_CREATED = "user.created"
    USER_VERIFIED = "user.verified"
    USER_INVITED = "user.invited"
    USER_DISABLED = "user.disabled"
    USER_ENABLED = "user.enabled"
    USER_ERASED = "user.erased"
    APPLICATION_ADDED = "application.added"
    APPLICATION_CHANGED = "application.changed"
    APPLICATION_REMOVED = "application.removed"
    OPERATOR_ADDED = "operator.added"
    OPERATOR_REMOVED = "operator.removed"
    OPERATOR_LINK_ISSUED = "operator.link_issued"
    OPERATOR_LINK_USED = "operator.link_used"
    OPERATOR_SIGNED_IN = "operator.signed_in"
    AUDIT_READ = "audit.read"
    AUDIT_EXPORTED = "audit.exported"
    AUDIT_PRUNED = "audit.pruned"
    AUDIT_CHECKPOINT_FAILED = "audit.checkpoint_failed"
    AUDIT_SINK_FAILED = "audit.sink_failed"
    ALERT_ACKNOWLEDGED = "alert.acknowledged"
    CONSOLE_VIEWED = "console.viewed"
    FOUR_EYES_REQUESTED = "four_eyes.requested"
    FOUR_EYES_GRANTED = "four_eyes.granted"
    FOUR_EYES_DECLINED = "four_eyes.declined"
    KEY_ROTATED = "key.rotated"
    SETTINGS_CHANGED = "settings.changed"


PERSONAL_FIELDS = frozenset({"address", "browser", "device_label", "source", "stated_reason", "user_agent"})
"""Every name that `personal` may hold: each has its purpose and its end in docs/reference/personal-data.json [R111]."""


class AuditEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened. Absent references are None; `reason` is a code, not prose."""

    name: EventName
    outcome: Literal["success", "failure"] = "success"
    reason: str | None = None
    login_id: str | None = None
    application_id: str | None = None
    session_id: str | None = None
    subject: str | None = None
    jkt: str | None = None
    fields: Mapping[str, str | int] = {}
    personal: Mapping[str, str] = {}
