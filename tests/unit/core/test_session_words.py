# SPDX-License-Identifier: Apache-2.0
"""What became of a session and of its device, whose it is, and who ended it."""

import msgspec
import pytest

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_catalogue import CATALOGUE
from counterfoil_service.core.session_words import ENDS
from counterfoil_service.core.story import sentence

SESSION = str(CATALOGUE[EventName.SESSION_ENDED].example.session_id)


def told(name: EventName, **changes: object) -> str:
    example = CATALOGUE[name].example
    return sentence(msgspec.structs.replace(example, **changes), example.personal)


def test_every_end_of_a_session_has_its_words() -> None:
    assert ENDS.keys() == set(CATALOGUE[EventName.SESSION_ENDED].reasons)
    assert told(EventName.SESSION_ENDED, reason="idle") == (
        f"Session {SESSION} at desk-app ended: it was not used for too long."
    )


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        (EventName.SESSION_CREATED, {}, f"Session {SESSION} began at desk-app."),
        (
            EventName.SESSION_CREATED,
            {"application_id": "counterfoil"},
            f"Session {SESSION} began at this service's own pages.",
        ),
        (EventName.SESSION_REFRESHED, {}, "The device proved its key and renewed its tokens."),
        (EventName.SESSION_REFRESHED, {"jkt": None}, "The application renewed its tokens."),
        (
            EventName.SESSION_REFRESHED,
            {"reason": "lost_answer"},
            "The answer was lost: the device proved its key, asked again and got its tokens.",
        ),
        (
            EventName.SESSION_REUSE_DETECTED,
            {},
            (
                "ALERT: a token that had been used already came again, from 198.51.100.9 (counterfoil-client/0.1): "
                "of two who have it, one is a thief."
            ),
        ),
        (
            EventName.SESSION_REUSE_DETECTED,
            {"reason": "code"},
            (
                "ALERT: a browser's code that had been used already came again, from 198.51.100.9 "
                "(counterfoil-client/0.1): of two who have it, one is a thief."
            ),
        ),
        (
            EventName.SESSION_KEY_MISMATCH,
            {"fields": {"at": "token"}},
            (
                "ALERT: a refresh token came with another key, from 198.51.100.9 (counterfoil-client/0.1); "
                "refused, nothing changed."
            ),
        ),
        (
            EventName.SESSION_KEY_MISMATCH,
            {"fields": {"at": "revoke"}},
            (
                "ALERT: a token came to be revoked with another key, from 198.51.100.9 (counterfoil-client/0.1); "
                "refused, nothing changed."
            ),
        ),
        (EventName.DEVICE_ENROLLED, {"fields": {"by": "operator"}}, "The device was enrolled by an operator."),
        (
            EventName.DEVICE_ENROLLED,
            {"fields": {"by": "operator", "operator": "01KAG0T4B7C9D2F5H8K1M4P7RS"}},
            "The device was enrolled by operator 01KAG0T4B7C9D2F5H8K1M4P7RS.",
        ),
        (
            EventName.DEVICE_FORGOTTEN,
            {"reason": "forgotten_by_operator", "fields": {"operator": "cli"}},
            "The device was forgotten: an operator said so (a command).",
        ),
        (
            EventName.DEVICE_ENROLLED,
            {"fields": {"by": "known_device"}},
            "The device was enrolled by another device of the same person.",
        ),
        (EventName.DEVICE_FORGOTTEN, {}, "The device was forgotten: its person said so."),
        (EventName.DEVICE_FIRST_SEEN, {}, "This device signs this person in to desk-app for the first time."),
    ],
)
def test_it_reads(name: EventName, changes: dict[str, object], words: str) -> None:
    assert told(name, **changes) == words
