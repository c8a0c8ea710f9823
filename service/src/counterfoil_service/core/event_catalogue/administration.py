# SPDX-License-Identifier: Apache-2.0
"""People, applications, keys and the log itself: what operators do, and what follows of itself."""

from typing import Final

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_catalogue.entry import AUTHENTICATION_OTHER, STAFF, Entry, Field, example

ADMINISTRATION: Final[dict[EventName, Entry]] = {
    EventName.USER_CREATED: Entry(
        purpose="A mailbox signed in for the first time: a user was made.",
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.USER_CREATED, "lakp"),
    ),
    EventName.USER_VERIFIED: Entry(
        purpose="The person proved the mailbox; it is theirs from now on.",
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.USER_VERIFIED, "lakp"),
    ),
    EventName.USER_INVITED: Entry(
        purpose="An operator lets a mailbox in.",
        personal=frozenset({"address"}),
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.USER_INVITED, "p", personal={"address": "ada@example.com"}),
    ),
    EventName.USER_DISABLED: Entry(
        purpose="An operator shut the person out; sessions and open logins ended.",
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.USER_DISABLED, "p"),
    ),
    EventName.USER_ENABLED: Entry(
        purpose="An operator let the person in again.",
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.USER_ENABLED, "p"),
    ),
    EventName.USER_ERASED: Entry(
        purpose="The key of the mailbox was destroyed: what was sealed under it cannot be read any more.",
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.USER_ERASED, "p"),
    ),
    EventName.APPLICATION_ADDED: Entry(
        purpose="An operator registered an application.",
        fields={
            "name": Field("what people read"),
            "confidential": Field("1 where it has a secret", "number", (0, 1)),
        },
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.APPLICATION_ADDED, "a", fields={"name": "Desk App", "confidential": 0}),
    ),
    EventName.APPLICATION_REMOVED: Entry(
        purpose="An operator removed an application; its open logins and sessions ended.",
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.APPLICATION_REMOVED, "a"),
    ),
    EventName.AUDIT_CHECKPOINT_FAILED: Entry(
        purpose="The log does not continue its last checkpoint: nothing is signed until somebody has looked into it.",
        fields={"size": Field("the size of the last checkpoint", "number")},
        reasons=("inconsistent",),
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        alert=True,
        example=example(
            EventName.AUDIT_CHECKPOINT_FAILED,
            "",
            outcome="failure",
            reason="inconsistent",
            fields={"size": 184_023},
        ),
    ),
    EventName.KEY_ROTATED: Entry(
        purpose="A new key signs access tokens.",
        fields={
            "kid": Field("the key's id, a thumbprint"),
            "algorithm": Field("its algorithm (RFC 7518 §3.1)", values=("ES256", "RS256")),
        },
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(
            EventName.KEY_ROTATED,
            "",
            fields={"kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "algorithm": "ES256"},
        ),
    ),
}
