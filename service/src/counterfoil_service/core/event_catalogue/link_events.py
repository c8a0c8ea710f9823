# SPDX-License-Identifier: Apache-2.0
"""What happens to a login while it is under way: asked for, opened, typed at, approved."""

from typing import Final

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_catalogue.entry import (
    CALLED,
    CALLER,
    LOGON,
    OPENED,
    OPENER,
    OPENER_FIELDS,
    PLACE_FIELDS,
    STATE,
    Entry,
    Field,
    example,
)
from counterfoil_service.core.login import MAX_TRIES

_NEAR: Final = {"seconds_since_mail": 41, "nearness": "same_country", "country": "DE"}
_MISSES: Final = {
    "misses": Field("wrong codes so far, this one counted", "number"),
    "by": Field("mail_code where the digits of the mail were typed into the app that asked", values=("mail_code",)),
    **OPENER_FIELDS,
}

LINK_EVENTS: Final[dict[EventName, Entry]] = {
    EventName.LOGIN_REQUESTED: Entry(
        purpose="An application asked for a link.",
        fields=PLACE_FIELDS,
        personal=CALLER | {"address", "device_label"},
        example=example(
            EventName.LOGIN_REQUESTED,
            "lak",
            fields={"country": "DE", "network": "Example Net"},
            personal={"address": "ada@example.com", "device_label": "Ada's desk", **CALLED},
        ),
    ),
    EventName.LOGIN_LINK_OPENED: Entry(
        purpose="A live link was opened, by a person or a scanner. Opening changes nothing.",
        fields={"method": Field("the HTTP method", values=("GET", "HEAD")), **OPENER_FIELDS},
        personal=OPENER,
        example=example(EventName.LOGIN_LINK_OPENED, "lak", fields={"method": "GET", **_NEAR}, personal=OPENED),
    ),
    EventName.LOGIN_CODE_MISMATCH: Entry(
        purpose="A wrong code was typed, and there are tries left.",
        fields=_MISSES,
        reasons=("wrong_code",),
        personal=OPENER,
        example=example(
            EventName.LOGIN_CODE_MISMATCH,
            "lak",
            outcome="failure",
            reason="wrong_code",
            fields={"misses": 1, **_NEAR},
            personal=OPENED,
        ),
    ),
    EventName.LOGIN_APPROVED: Entry(
        purpose="The person said yes: the device that asked may collect the login.",
        fields={
            "by": Field(
                "how: the device's code, the browser that asked, or the digits of the mail",
                values=("user_code", "same_browser", "mail_code"),
            ),
            **OPENER_FIELDS,
        },
        personal=OPENER,
        example=example(EventName.LOGIN_APPROVED, "lak", fields={"by": "user_code", **_NEAR}, personal=OPENED),
    ),
    EventName.LOGIN_APPROVAL_REFUSED: Entry(
        purpose="A code was typed for an application that signs in on the same device only; it was not looked at.",
        fields=OPENER_FIELDS,
        reasons=("same_device_only",),
        personal=OPENER,
        example=example(
            EventName.LOGIN_APPROVAL_REFUSED,
            "lak",
            outcome="failure",
            reason="same_device_only",
            fields=_NEAR,
            personal=OPENED,
        ),
    ),
    EventName.LOGIN_CODE_ISSUED: Entry(
        purpose="A browser was given an authorization code to carry home to the application.",
        fields={
            "by": Field("browser where one that was signed in here went on to an application", values=("browser",)),
            **OPENER_FIELDS,
        },
        personal=OPENER,
        example=example(
            EventName.LOGIN_CODE_ISSUED, "lak", fields={"nearness": "same_network", "country": "DE"}, personal=OPENED
        ),
    ),
    EventName.LOGIN_ILLEGAL_TRANSITION: Entry(
        purpose="Somebody tried something that the login's state no longer allows; nothing changed.",
        fields={
            "trigger": Field(
                "what was tried",
                values=("approve", "miss", "issue_code", "reject", "report", "cancel"),
            ),
            "state": STATE,
            **OPENER_FIELDS,
        },
        reasons=("dead_link", "already_ended"),
        personal=OPENER,
        example=example(
            EventName.LOGIN_ILLEGAL_TRANSITION,
            "lak",
            outcome="failure",
            reason="dead_link",
            fields={"trigger": "approve", "state": "expired", **_NEAR},
            personal=OPENED,
        ),
    ),
    EventName.LOGIN_LOCKED: Entry(
        purpose="The last wrong code was typed: the login is over.",
        fields=_MISSES,
        reasons=("wrong_code",),
        personal=OPENER,
        activity=LOGON,
        fails_logon=True,
        example=example(
            EventName.LOGIN_LOCKED,
            "lak",
            outcome="failure",
            reason="wrong_code",
            fields={"misses": MAX_TRIES, **_NEAR},
            personal=OPENED,
        ),
    ),
}
