# SPDX-License-Identifier: Apache-2.0
"""A login's course in whole sentences, as an auditor reads them."""

import msgspec
import pytest

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.event_catalogue import CATALOGUE
from counterfoil_service.core.story import sentence

NEAR = "41 s after the mail left, in the same country as the device that asked"
PHONE = {"source": "192.0.2.7", "user_agent": "Mozilla/5.0 (Android 14; Mobile)", "browser": "Firefox on Android"}
CALLED = {"source": "198.51.100.9", "user_agent": "counterfoil-client/0.1"}


def an_event(name: EventName, **changes: object) -> AuditEvent:
    """The catalogue's example; a field that is None is left out."""
    example = CATALOGUE[name].example
    own = {key: changes.pop(key) for key in ("reason", "jkt") if key in changes}
    fields = {key: value for key, value in {**example.fields, **changes}.items() if value is not None}
    return msgspec.structs.replace(example, fields=fields, **own)


@pytest.mark.parametrize(
    ("event", "personal", "words"),
    [
        (
            an_event(EventName.LOGIN_REQUESTED),
            {"address": "ada@example.com", "device_label": "Ada's desk", **CALLED},
            (
                "desk-app asked for a link for ada@example.com on a device that calls itself “Ada's desk”, "
                "from 198.51.100.9 in Germany (Example Net)."
            ),
        ),
        (
            an_event(EventName.LOGIN_REQUESTED),
            {"address": "ada@example.com", "device_label": "", **CALLED},
            "desk-app asked for a link for ada@example.com, from 198.51.100.9 in Germany (Example Net).",
        ),
        (
            an_event(EventName.LOGIN_REQUESTED),
            None,
            (
                "desk-app asked for a link for somebody whose details were erased, "
                "from somewhere in Germany (Example Net)."
            ),
        ),
        (
            an_event(EventName.LOGIN_LINK_OPENED),
            PHONE,
            (
                "The link was opened (GET) by a person, it seems, on a phone in Germany: "
                f"Firefox on Android at 192.0.2.7, {NEAR}. Opening changes nothing."
            ),
        ),
        (
            an_event(EventName.LOGIN_LINK_OPENED, automation="program", method="HEAD"),
            {"source": "192.0.2.9", "user_agent": "curl/8.5", "browser": "curl"},
            (
                f"The link was opened (HEAD) by a probable scanner in Germany: curl/8.5 at 192.0.2.9, {NEAR}; "
                "it calls itself a program. Opening changes nothing."
            ),
        ),
        (
            an_event(EventName.LOGIN_LINK_OPENED, country=None),
            {"source": "192.0.2.9", "user_agent": "Mozilla/5.0"},
            (
                f"The link was opened (GET) by a person or a program: Mozilla/5.0 at 192.0.2.9, {NEAR}. "
                "Opening changes nothing."
            ),
        ),
        (
            an_event(EventName.LOGIN_LINK_OPENED),
            None,
            (
                "The link was opened (GET) by a person or a program in Germany: somebody whose details were erased, "
                f"{NEAR}. Opening changes nothing."
            ),
        ),
        (
            an_event(EventName.LOGIN_APPROVED),
            PHONE,
            f"Approved on a phone in Germany by typing the device's code: Firefox on Android at 192.0.2.7, {NEAR}.",
        ),
        (
            an_event(EventName.LOGIN_APPROVED, by="same_browser", country=None),
            PHONE,
            f"Approved on a phone by one tap in the browser that asked: Firefox on Android at 192.0.2.7, {NEAR}.",
        ),
        (
            an_event(EventName.LOGIN_CODE_MISMATCH, automation="too_soon"),
            PHONE,
            (
                f"A wrong code was typed in Germany, miss 1 of 3: Firefox on Android at 192.0.2.7, {NEAR}; "
                "it looks automated: nobody is that quick."
            ),
        ),
        (
            an_event(EventName.LOGIN_CODE_MISMATCH, by="mail_code", misses=4),
            CALLED,
            "A wrong mail code was typed into the app that asked: miss 4 of 5.",
        ),
        (
            an_event(EventName.LOGIN_LOCKED),
            PHONE,
            (
                f"The third wrong code was typed on a phone in Germany: Firefox on Android at 192.0.2.7, {NEAR}. "
                "The login is locked for good."
            ),
        ),
        (
            an_event(EventName.LOGIN_DENIED, country="FR"),
            PHONE,
            (
                "Reject was pressed on a phone in France: Firefox on Android at 192.0.2.7, 41 s after the mail left. "
                "The device gets no session."
            ),
        ),
        (
            an_event(EventName.LOGIN_ILLEGAL_TRANSITION, trigger="issue_code", state="consumed"),
            PHONE,
            (
                "Somebody on a phone in Germany tried to return to the application from a login that was collected "
                f"already: Firefox on Android at 192.0.2.7, {NEAR}. Nothing changed."
            ),
        ),
        (
            an_event(EventName.LOGIN_ILLEGAL_TRANSITION, trigger="cancel", state="denied"),
            {},
            "The device tried to give up a login that was rejected already. Nothing changed.",
        ),
        (
            an_event(EventName.LOGIN_KEY_MISMATCH, at="mail_code"),
            CALLED,
            (
                "ALERT: the device code came with a mail code and another key, "
                "from 198.51.100.9 (counterfoil-client/0.1); refused, nothing changed."
            ),
        ),
        (
            an_event(EventName.LOGIN_KEY_MISMATCH, at="revoke"),
            {},
            "ALERT: the device code came to give the login up, with another key; refused, nothing changed.",
        ),
        (
            an_event(EventName.LOGIN_REPORTED, reason="from_notice"),
            PHONE,
            "ALERT: “this was not me” was reported by the notice's button: Firefox on Android at 192.0.2.7.",
        ),
        (an_event(EventName.LOGIN_COMPLETED, jkt=None), {}, "The browser or program that asked collected the login."),
        (
            an_event(EventName.LOGIN_CODE_ISSUED, by="browser"),
            {},
            "The browser, signed in by now, went on to desk-app with a code.",
        ),
    ],
)
def test_it_reads(event: AuditEvent, personal: dict[str, str] | None, words: str) -> None:
    assert sentence(event, personal) == words
