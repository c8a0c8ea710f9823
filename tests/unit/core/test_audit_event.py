# SPDX-License-Identifier: Apache-2.0
"""Event names are a contract with every auditor's filter."""

import re

import pytest

from counterfoil_service.core.audit_event import AuditEvent, EventName

CONTRACT = """
login.requested .superseded .link_opened .code_mismatch .locked .approved .code_issued .code_refused .approval_refused
.denied .reported .cancelled .expired .completed .reissued .key_mismatch .fingerprint_mismatch .illegal_transition
mail.queued .sent .deferred .delivered .bounced .complained .failed .suppressed
link.relayed
mailbox.flooded
suppression.added .lifted
session.created .refreshed .reuse_detected .key_mismatch .ended
device.first_seen .changed .refused .enrolled .forgotten
user.created .verified .invited .disabled .enabled .erased
application.added .changed .removed
operator.added .removed .signed_in .link_issued .link_used
key.rotated
limit.refused
webhook.refused
suppression.added .lifted
audit.read .exported .pruned .checkpoint_failed .sink_failed
alert.acknowledged
console.viewed
four_eyes.requested .granted .declined
settings.changed
"""
"""protocol.md §9, in its own spelling: a leading dot repeats the noun."""


def contract() -> set[str]:
    names, noun = set(), ""
    for word in CONTRACT.split():
        noun = word.partition(".")[0] or noun
        names.add(f"{noun}.{word.partition('.')[2]}")
    return names


@pytest.mark.parametrize("name", list(EventName))
def test_every_name_is_in_the_contract_and_of_its_shape(name: EventName) -> None:
    assert name.value in contract()
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*", name.value)
    assert name.name == name.value.upper().replace(".", "_")


def test_an_event_is_frozen_and_says_what_failed_only_when_told() -> None:
    event = AuditEvent(name=EventName.LOGIN_REQUESTED)
    assert (event.outcome, event.reason, dict(event.fields), dict(event.personal)) == ("success", None, {}, {})
    with pytest.raises(AttributeError):
        event.outcome = "failure"  # type: ignore[misc]  # that is the point


def test_two_events_never_share_their_fields() -> None:
    first, second = AuditEvent(name=EventName.MAIL_SENT), AuditEvent(name=EventName.MAIL_SENT)
    assert first.fields is not second.fields
    assert first.personal is not second.personal
