# SPDX-License-Identifier: Apache-2.0
"""One device as an operator sees it: whose, where, what lives of it, and how it last differed."""

import msgspec

from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.event_filter import EventFilter
from counterfoil_service.db import audit_pages, device_pages
from counterfoil_service.db.audit import StoredEvent
from counterfoil_service.db.device_pages import ShownDevice
from counterfoil_service.db.engine import Context, ReadTransaction
from counterfoil_service.db.sessions import Session

AT_MOST = 100
_LOOKED_AT = 50
"""Changes of all devices of its person."""


class DeviceView(msgspec.Struct, frozen=True):
    """`change` is the newest `device.changed` of it, None where there is none among the latest of its person."""

    shown: ShownDevice
    sessions: list[Session]
    change: StoredEvent | None


async def describe_device(tx: ReadTransaction, device_id: str, context: Context) -> DeviceView | None:
    """None where no device has this id."""
    shown = await device_pages.shown_device(tx, device_id)
    if shown is None:
        return None
    limits = context.settings.session_limits
    sessions = await device_pages.sessions_at(tx, shown.device, limit=AT_MOST)
    wanted = EventFilter(subject=shown.device.user_id, name=EventName.DEVICE_CHANGED.value)
    changes = await audit_pages.page(tx, context.keys.seal_mailbox, wanted, None, _LOOKED_AT)
    of_it = (each for each in changes.events if each.event.fields.get("device") == device_id)
    return DeviceView(shown, [each for each in sessions if each.lives(limits, context.now)], next(of_it, None))
