# SPDX-License-Identifier: Apache-2.0
"""Sentences about who is let in, shut out and forgotten, for `core.story`."""

from typing import Final

from counterfoil_service.core.actor_words import ERASED, Personal, Teller, begun_by_staff
from counterfoil_service.core.audit_event import AuditEvent, EventName


def _created(event: AuditEvent, _personal: Personal) -> str:
    if event.reason == "link_relayed":
        return "The mailbox has a user from now on, unverified until the link is used."
    if event.reason == "operator_link":
        return "The operator's mailbox has a user from now on, unverified until they sign in by mail."
    return "It was this mailbox's first sign-in: a user was made."


def _invited(event: AuditEvent, personal: Personal) -> str:
    return f"{begun_by_staff(event)} invited {personal.get('address', ERASED) if personal else ERASED}."


def _erased(event: AuditEvent, _personal: Personal) -> str:
    granted = f", as operator {event.fields['granted_by']} had agreed" if "granted_by" in event.fields else ""
    return f"{begun_by_staff(event)} erased the user{granted}; details of earlier events cannot be read any more."


PEOPLE_WORDS: Final[dict[EventName, Teller]] = {
    EventName.USER_CREATED: _created,
    EventName.USER_VERIFIED: lambda *_: "The mailbox is verified from now on.",
    EventName.USER_INVITED: _invited,
    EventName.USER_DISABLED: lambda event, _: f"{begun_by_staff(event)} disabled the user; sessions ended with it.",
    EventName.USER_ENABLED: lambda event, _: f"{begun_by_staff(event)} enabled the user again.",
    EventName.USER_ERASED: _erased,
}
