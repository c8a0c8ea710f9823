# SPDX-License-Identifier: Apache-2.0
"""The record that somebody of the staff looked at what is personal: written before it is shown [R139]."""

from typing import Final, Literal

import msgspec

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.db import audit
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.operations.record_reading import check_staff

View = Literal["alerts", "devices", "four_eyes", "logins", "operators", "people"]
VIEWS: Final[tuple[View, ...]] = ("alerts", "devices", "four_eyes", "logins", "operators", "people")


class RecordView(msgspec.Struct, frozen=True, kw_only=True):
    """`subject` or `login` is whose page it is; both None for a list. `device` is a device's id."""

    operator_id: str
    view: View
    subject: str | None = None
    login: str | None = None
    device: str | None = None


async def record_view(tx: Transaction, command: RecordView, context: Context) -> None:
    """A Refusal, and nothing to see, for who has lost the role meanwhile."""
    await check_staff(tx, command.operator_id)
    fields: dict[str, str | int] = {"operator": command.operator_id, "view": command.view}
    if command.login is not None:
        fields["login"] = command.login
    if command.subject is not None:
        fields["person"] = command.subject
    if command.device is not None:
        fields["device"] = command.device
    await audit.append(tx, context, AuditEvent(name=EventName.CONSOLE_VIEWED, fields=fields))
