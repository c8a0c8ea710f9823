# SPDX-License-Identifier: Apache-2.0
"""Budgets that are used up, and mailboxes that somebody goes on asking for, in words."""

from typing import Final

from counterfoil_service.core.actor_words import Personal, Teller
from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.budget import WHAT


def _flooded(event: AuditEvent, _personal: Personal) -> str:
    reports = event.fields["reports"]
    reported = "" if not reports else f", and {reports} reported within a day"
    return f"ALERT: {event.fields['unanswered']} links in a row to this mailbox that nobody answered{reported}."


def _refused(event: AuditEvent, _personal: Personal) -> str:
    return f"Calls were refused: {WHAT.get(event.reason or '', 'a budget was used up')}."


LIMIT_WORDS: Final[dict[EventName, Teller]] = {
    EventName.MAILBOX_FLOODED: _flooded,
    EventName.LIMIT_REFUSED: _refused,
}
