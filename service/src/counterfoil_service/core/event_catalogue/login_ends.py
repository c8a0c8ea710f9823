# SPDX-License-Identifier: Apache-2.0
"""How a login ends, and who came for it with the wrong key, machine or code."""

from typing import Final

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_catalogue.entry import (
    ACTING,
    AUTHENTICATION_OTHER,
    CALLED,
    CALLER,
    DIFFERENCES,
    LOGON,
    OPENED,
    OPENER,
    OPENER_FIELDS,
    STATE,
    Entry,
    Field,
    example,
)

_AT: Final = Field(
    "where it was tried: a poll, the mail code, a cancellation, or the redemption of a browser's code",
    values=("token", "mail_code", "revoke", "redeem"),
)

LOGIN_ENDS: Final[dict[EventName, Entry]] = {
    EventName.LOGIN_COMPLETED: Entry(
        purpose="The device proved its key and collected the login; `session.created` follows.",
        example=example(EventName.LOGIN_COMPLETED, "lakps"),
    ),
    EventName.LOGIN_REISSUED: Entry(
        purpose="The answer was lost, and the same device got fresh tokens of the same session.",
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.LOGIN_REISSUED, "lakps"),
    ),
    EventName.LOGIN_DENIED: Entry(
        purpose="The device does not get the session: the person said no, or a rule did.",
        fields={
            "trigger": Field("what denied it", values=("reject",)),
            "state": STATE,
            **ACTING,
            **OPENER_FIELDS,
        },
        reasons=(
            *("rejected_by_person", "reported", "user_disabled", "user_erased", "operator"),
            *("role_given", "role_removed"),
            *("other_mailbox", "new_device", "application_removed"),
        ),
        personal=OPENER,
        activity=LOGON,
        fails_logon=True,
        example=example(
            EventName.LOGIN_DENIED,
            "lak",
            reason="rejected_by_person",
            fields={"trigger": "reject", "state": "pending", "seconds_since_mail": 41},
            personal=OPENED,
        ),
    ),
    EventName.LOGIN_REPORTED: Entry(
        purpose="A person said “this was not me”: whatever the login gave was taken back.",
        reasons=("reported", "from_notice"),
        personal=OPENER,
        activity=AUTHENTICATION_OTHER,
        alert=True,
        example=example(EventName.LOGIN_REPORTED, "lak", outcome="failure", reason="reported", personal=OPENED),
    ),
    EventName.LOGIN_SUPERSEDED: Entry(
        purpose="A newer request of the same device and application took its place.",
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.LOGIN_SUPERSEDED, "lak"),
    ),
    EventName.LOGIN_CANCELLED: Entry(
        purpose="The device gave the login up.",
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.LOGIN_CANCELLED, "lak"),
    ),
    EventName.LOGIN_EXPIRED: Entry(
        purpose="Nobody approved or collected it in time.",
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.LOGIN_EXPIRED, "lak"),
    ),
    EventName.LOGIN_CODE_REFUSED: Entry(
        purpose="A browser's code came with another redirect URI or PKCE verifier: refused.",
        fields={"at": _AT},
        reasons=("other_redirect", "other_verifier"),
        personal=CALLER,
        alert=True,
        example=example(
            EventName.LOGIN_CODE_REFUSED,
            "lak",
            outcome="failure",
            reason="other_verifier",
            fields={"at": "redeem"},
            personal=CALLED,
        ),
    ),
    EventName.LOGIN_KEY_MISMATCH: Entry(
        purpose="Somebody had the device's code and not its key: refused, nothing changed.",
        fields={"at": _AT},
        reasons=("other_key",),
        personal=CALLER,
        alert=True,
        example=example(
            EventName.LOGIN_KEY_MISMATCH,
            "lak",
            outcome="failure",
            reason="other_key",
            fields={"at": "token"},
            personal=CALLED,
        ),
    ),
    EventName.LOGIN_FINGERPRINT_MISMATCH: Entry(
        purpose="The right key came from another machine: refused, nothing changed.",
        fields={"at": _AT, **DIFFERENCES},
        reasons=("fingerprint_mismatch",),
        personal=CALLER,
        alert=True,
        example=example(
            EventName.LOGIN_FINGERPRINT_MISMATCH,
            "lak",
            outcome="failure",
            reason="fingerprint_mismatch",
            fields={"at": "token", "differing": "cpu product", "missing": "os"},
            personal=CALLED,
        ),
    ),
}
