# SPDX-License-Identifier: Apache-2.0
"""The life of a session."""

from typing import Final

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_catalogue.entry import (
    ACTING,
    AUTHENTICATION_OTHER,
    CALLED,
    CALLER,
    LOGOFF,
    LOGON,
    Entry,
    Field,
    example,
)

SESSIONS: Final[dict[EventName, Entry]] = {
    EventName.SESSION_CREATED: Entry(
        purpose="The person is signed in: a session began. The one event that counts as a successful sign-in.",
        activity=LOGON,
        example=example(EventName.SESSION_CREATED, "lakps"),
    ),
    EventName.SESSION_REFRESHED: Entry(
        purpose="The device renewed its tokens.",
        reasons=("lost_answer",),
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.SESSION_REFRESHED, "lakps"),
    ),
    EventName.SESSION_REUSE_DETECTED: Entry(
        purpose="A code or token that was used already came again: the session is ended.",
        fields={"at": Field("redeem where it was a browser's code", values=("redeem",))},
        reasons=("refresh_token", "code"),
        personal=CALLER,
        activity=AUTHENTICATION_OTHER,
        alert=True,
        example=example(
            EventName.SESSION_REUSE_DETECTED, "lakps", outcome="failure", reason="refresh_token", personal=CALLED
        ),
    ),
    EventName.SESSION_KEY_MISMATCH: Entry(
        purpose="A session's token came with another key: refused, nothing changed.",
        fields={"at": Field("where it was tried: a refresh, or a revocation", values=("token", "revoke"))},
        reasons=("other_key",),
        personal=CALLER,
        activity=AUTHENTICATION_OTHER,
        alert=True,
        example=example(
            EventName.SESSION_KEY_MISMATCH,
            "lakps",
            outcome="failure",
            reason="other_key",
            fields={"at": "token"},
            personal=CALLED,
        ),
    ),
    EventName.SESSION_ENDED: Entry(
        purpose="A session is over; its tokens are worth nothing any more.",
        fields=ACTING,
        reasons=(
            *("ended_by_person", "revoked", "signed_in_again", "idle", "lifetime"),
            *("revoked_by_operator", "user_disabled", "user_erased", "application_removed"),
            *("role_given", "role_removed"),
            *("reported", "reported_by_person", "reuse_detected", "fingerprint_mismatch"),
            *("device_forgotten", "forgotten_by_operator"),
        ),
        activity=LOGOFF,
        example=example(EventName.SESSION_ENDED, "laps", reason="ended_by_person"),
    ),
}
