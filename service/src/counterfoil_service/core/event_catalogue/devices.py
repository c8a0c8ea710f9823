# SPDX-License-Identifier: Apache-2.0
"""What is noticed about a person's devices, and what is done about it."""

from typing import Final

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_catalogue.entry import (
    ACTING,
    AUTHENTICATION_OTHER,
    DEVICE,
    DIFFERENCES,
    EXAMPLE_DEVICE,
    Entry,
    Field,
    example,
)
from counterfoil_service.core.evidence import Band

_ONE: Final = {"device": EXAMPLE_DEVICE}

DEVICES: Final[dict[EventName, Entry]] = {
    EventName.DEVICE_FIRST_SEEN: Entry(
        purpose="A device signs this person in to this application for the first time.",
        fields=DEVICE,
        personal=frozenset({"device_label"}),
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.DEVICE_FIRST_SEEN, "lakp", fields=_ONE, personal={"device_label": "Ada's desk"}),
    ),
    EventName.DEVICE_CHANGED: Entry(
        purpose="A known device looks different from before. Worth a look where `is_new_logon` is 1.",
        fields={
            **DEVICE,
            "at": Field("where it was noticed", values=("sign_in", "refresh")),
            "is_new_logon": Field("1 where it looks like another machine, 0 for drift", "number", (0, 1)),
            "told": Field("1 where a mail tells the person", "number", (0, 1)),
            "score": Field("0 to 100: how much of it is as before", "number"),
            "band": Field("what the score leads to", values=tuple(band.value for band in Band)),
            **DIFFERENCES,
        },
        reasons=("fingerprint_mismatch",),
        activity=AUTHENTICATION_OTHER,
        alert=True,
        example=example(
            EventName.DEVICE_CHANGED,
            "lakps",
            fields={
                **_ONE,
                "at": "refresh",
                "is_new_logon": 1,
                "told": 1,
                "score": 70,
                "band": "notify",
                "differing": "cpu",
                "missing": "os",
            },
        ),
    ),
    EventName.DEVICE_REFUSED: Entry(
        purpose="The application takes known devices only; this one waits to be enrolled.",
        fields=DEVICE,
        reasons=("new_device",),
        personal=frozenset({"device_label"}),
        activity=AUTHENTICATION_OTHER,
        example=example(
            EventName.DEVICE_REFUSED,
            "lakp",
            outcome="failure",
            reason="new_device",
            fields=_ONE,
            personal={"device_label": "Ada's desk"},
        ),
    ),
    EventName.DEVICE_ENROLLED: Entry(
        purpose="A waiting device was let in.",
        fields={**DEVICE, "by": Field("by whom", values=("operator", "known_device")), **ACTING},
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.DEVICE_ENROLLED, "ap", fields={**_ONE, "by": "operator", "operator": "cli"}),
    ),
    EventName.DEVICE_FORGOTTEN: Entry(
        purpose="A device is unknown again, and its sessions are over.",
        fields={**DEVICE, **ACTING},
        reasons=("device_forgotten", "forgotten_by_operator", "reported", "reported_by_person"),
        activity=AUTHENTICATION_OTHER,
        example=example(EventName.DEVICE_FORGOTTEN, "ap", reason="device_forgotten", fields=_ONE),
    ),
}
