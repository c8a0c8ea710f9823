# SPDX-License-Identifier: Apache-2.0
"""Reading the log at the console is recorded as at the API: neither without the other [R139]."""

from counterfoil_service.operations.record_reading import Part, RecordStaffReading, record_staff_reading
from counterfoil_service.web.console.access import Visitor
from counterfoil_service.web.services import AnyRequest, services_of


async def read_as_staff(
    request: AnyRequest,
    visitor: Visitor,
    part: Part,
    *,
    filters: str | None = None,
    login: str | None = None,
    from_index: int | None = None,
) -> None:
    """Record it, before anything is shown; a Refusal for who has lost the role meanwhile."""
    command = RecordStaffReading(
        operator_id=visitor.operator.id, part=part, filters=filters, login=login, from_index=from_index
    )
    await services_of(request).database.write(record_staff_reading, command)
