# SPDX-License-Identifier: Apache-2.0
"""One event of the audit log as programs get it: what it says, and the same in words."""

from collections.abc import Mapping

import msgspec

from counterfoil_service.core.audit_event import AuditEvent
from counterfoil_service.core.event_catalogue import CATALOGUE
from counterfoil_service.core.exports.exported import ERASED
from counterfoil_service.core.leaf import rfc3339
from counterfoil_service.core.story import sentence


def shown_event(
    event: AuditEvent, personal: Mapping[str, str] | None, *, index: int | None, time: int
) -> dict[str, object]:
    """Ready for JSON; absent references are left out. `index` None: not sealed yet; `time` in microseconds UTC.

    Where the person was erased (`personal` None) each personal field that such an event may have reads "erased" [R133].
    """
    said = msgspec.structs.asdict(event)
    del said["personal"]
    erased = dict.fromkeys(sorted(CATALOGUE[event.name].personal), ERASED)
    return {
        "index": index,
        "time": rfc3339(time),
        **{name: value for name, value in said.items() if value is not None},
        "personal": erased if personal is None else dict(personal),
        "sentence": sentence(event, personal),
    }
