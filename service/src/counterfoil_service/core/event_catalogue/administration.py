# SPDX-License-Identifier: Apache-2.0
"""People, applications, keys and the log itself: what operators do, and what follows of itself."""

from typing import Final

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_catalogue.entry import (
    AUTHENTICATION_OTHER,
    PREAUTH,
    STAFF,
    Entry,
    Field,
    example,
)

_OPERATOR: Final = Field("the operator's id, or cli for a command on the service's own machine")
_WHOM: Final = Field("the id of whose role it is")
_GRANTED_BY: Final = Field("the id of the second operator, where COUNTERFOIL_FOUR_EYES asks for one")
_ROLE: Final = Field("what the operator may do", values=("operator", "auditor"))
_FILTERS: Final = Field("what was asked for; of address ranges only that one was named")
_EXAMPLE_OPERATOR: Final = "01KAG0T4B7C9D2F5H8K1M4P7RS"
_EXAMPLE_GRANT: Final = "01KAG0T5Z3Y6X9W2V5T8S1R4QP"

ADMINISTRATION: Final[dict[EventName, Entry]] = {
    EventName.USER_CREATED: Entry(
        purpose="A mailbox signed in first, was relayed a link, or came in by an operator's link: a user was made.",
        reasons=("link_relayed", "operator_link"),
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
        fields={"operator": _OPERATOR},
        personal=frozenset({"address"}),
        activity=AUTHENTICATION_OTHER,
        example=example(
            EventName.USER_INVITED, "p", fields={"operator": "cli"}, personal={"address": "ada@example.com"}
        ),
    ),
    EventName.USER_DISABLED: Entry(
        purpose="An operator shut the person out; sessions and open logins ended.",
        fields={"operator": _OPERATOR},
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.USER_DISABLED, "p", fields={"operator": _EXAMPLE_OPERATOR}),
    ),
    EventName.USER_ENABLED: Entry(
        purpose="An operator let the person in again.",
        fields={"operator": _OPERATOR},
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.USER_ENABLED, "p", fields={"operator": _EXAMPLE_OPERATOR}),
    ),
    EventName.USER_ERASED: Entry(
        purpose="The key of the mailbox was destroyed: what was sealed under it cannot be read any more.",
        fields={"operator": _OPERATOR, "granted_by": _GRANTED_BY},
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.USER_ERASED, "p", fields={"operator": _EXAMPLE_OPERATOR}),
    ),
    EventName.LINK_RELAYED: Entry(
        purpose="An operator was given a new link for a login that waits; the one before is dead.",
        fields={"operator": _OPERATOR, "granted_by": _GRANTED_BY},
        personal=frozenset({"stated_reason"}),
        seen_by=STAFF,
        activity=PREAUTH,
        example=example(
            EventName.LINK_RELAYED,
            "lakp",
            fields={"operator": "cli"},
            personal={"stated_reason": "the mail server of example.com is down; she called"},
        ),
    ),
    EventName.APPLICATION_ADDED: Entry(
        purpose="An operator registered an application.",
        fields={
            "name": Field("what people read"),
            "confidential": Field("1 where it has a secret", "number", (0, 1)),
            "operator": _OPERATOR,
        },
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(
            EventName.APPLICATION_ADDED, "a", fields={"name": "Desk App", "confidential": 0, "operator": "cli"}
        ),
    ),
    EventName.APPLICATION_CHANGED: Entry(
        purpose="An operator changed how an application looks, where it may send people and tokens, or its secret.",
        fields={"names": Field("what was changed, by a space between"), "operator": _OPERATOR},
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(
            EventName.APPLICATION_CHANGED, "a", fields={"names": "colour logo_text", "operator": _EXAMPLE_OPERATOR}
        ),
    ),
    EventName.APPLICATION_REMOVED: Entry(
        purpose="An operator removed an application; its open logins and sessions ended.",
        fields={"operator": _OPERATOR},
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.APPLICATION_REMOVED, "a", fields={"operator": "cli"}),
    ),
    EventName.OPERATOR_ADDED: Entry(
        purpose="Somebody may run the service or read its log from now on, or got a further token for it.",
        fields={
            "operator": _WHOM,
            "role": _ROLE,
            "token": Field("the id of the token, where one was made"),
            "by": _OPERATOR,
        },
        personal=frozenset({"address"}),
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(
            EventName.OPERATOR_ADDED,
            "",
            fields={"operator": _EXAMPLE_OPERATOR, "role": "auditor", "token": _EXAMPLE_GRANT, "by": "cli"},
            personal={"address": "grace@example.com"},
        ),
    ),
    EventName.OPERATOR_REMOVED: Entry(
        purpose="An operator, or one of an operator's tokens, is worth nothing any more.",
        fields={
            "operator": _WHOM,
            "token": Field("the id of the token, where only that was revoked"),
            "by": _OPERATOR,
        },
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.OPERATOR_REMOVED, "", fields={"operator": _EXAMPLE_OPERATOR, "by": "cli"}),
    ),
    EventName.OPERATOR_LINK_ISSUED: Entry(
        purpose="A link that leads into the console once, without mail, was given out on the service's own machine.",
        fields={"operator": _WHOM},
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.OPERATOR_LINK_ISSUED, "", fields={"operator": _EXAMPLE_OPERATOR}),
    ),
    EventName.OPERATOR_LINK_USED: Entry(
        purpose="A browser was signed in to the console by such a link. No mailbox was proved by it.",
        fields={"operator": _WHOM},
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.OPERATOR_LINK_USED, "lasp", fields={"operator": _EXAMPLE_OPERATOR}),
    ),
    EventName.AUDIT_READ: Entry(
        purpose="Somebody read in the log.",
        fields={
            "operator": _OPERATOR,
            "part": Field("what was read", values=("events", "login", "stream", "entries")),
            "filters": _FILTERS,
            "login": Field("the login whose story it was"),
            "from_index": Field("the first entry, of what is read in the log's order", "number"),
        },
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(
            EventName.AUDIT_READ,
            "",
            fields={"operator": _EXAMPLE_OPERATOR, "part": "events", "filters": "outcome=failure&source"},
        ),
    ),
    EventName.AUDIT_EXPORTED: Entry(
        purpose="A copy of the log left the service.",
        fields={
            "operator": _OPERATOR,
            "format": Field("in which form", values=("jsonl", "csv", "ocsf", "ecs", "syslog", "cef", "tiles")),
            "from_index": Field("the first entry, where it was all from there on", "number"),
            "filters": _FILTERS,
        },
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.AUDIT_EXPORTED, "", fields={"operator": "cli", "format": "jsonl", "from_index": 0}),
    ),
    EventName.AUDIT_PRUNED: Entry(
        purpose="The oldest entries were taken out of the log, as the retention policy says; their hashes stay.",
        fields={"below": Field("the first entry that is still there", "number")},
        reasons=("retention", "by_operator"),
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.AUDIT_PRUNED, "", reason="retention", fields={"below": 25_600}),
    ),
    EventName.AUDIT_CHECKPOINT_FAILED: Entry(
        purpose="The log does not continue its last checkpoint: nothing is signed until somebody has looked into it.",
        fields={
            "size": Field("the size of the last checkpoint", "number"),
            "entry": Field("the first entry that does not fit, where it is known", "number"),
        },
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
    EventName.AUDIT_SINK_FAILED: Entry(
        purpose="A receiver of the log takes nothing. Told once; not again before it has taken something.",
        fields={
            "sink": Field("its URL without key and query"),
            "attempts": Field("how often it was tried since it took something", "number"),
        },
        open_reasons="http_NNN, the receiver's status, gone for its 410, or the name of the error",
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        alert=True,
        example=example(
            EventName.AUDIT_SINK_FAILED,
            "",
            outcome="failure",
            reason="http_503",
            fields={"sink": "https://siem.example/events", "attempts": 10},
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
    EventName.SETTINGS_CHANGED: Entry(
        purpose="The service started with other settings than the last time. Values are not told.",
        fields={"names": Field("the variables that changed, without their prefix, by a space between")},
        seen_by=STAFF,
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.SETTINGS_CHANGED, "", fields={"names": "LINK_TTL SIGN_UP"}),
    ),
}
