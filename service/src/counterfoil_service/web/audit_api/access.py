# SPDX-License-Identifier: Apache-2.0
"""Whose request it is: auditors show a bearer token (RFC 6750 §2.1), in the header and nowhere else."""

import contextlib
from collections.abc import AsyncIterator

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.operations.record_reading import Part, RecordReading, auditor, record_reading
from counterfoil_service.web.limits import charge_network
from counterfoil_service.web.services import AnyRequest, services_of


def token_of(request: AnyRequest) -> str:
    """What the caller sent as its token; whether it is one is asked in the database."""
    headers = request.headers.getall("authorization", [])
    if len(headers) > 1:
        raise Refusal(ErrorCode.INVALID_REQUEST, "Authorization: send exactly one header")
    scheme, _, token = (headers[0] if headers else "").partition(" ")
    if scheme.lower() != "bearer":
        raise Refusal(ErrorCode.INVALID_TOKEN, "Send an auditor's token: Authorization: Bearer cfo_…")
    return token.strip()


async def read_as_auditor(
    request: AnyRequest,
    part: Part,
    *,
    filters: str | None = None,
    login: str | None = None,
    from_index: int | None = None,
) -> None:
    """Let an auditor read, and record it; a Refusal for everybody else [R139]."""
    command = RecordReading(token=token_of(request), part=part, filters=filters, login=login, from_index=from_index)
    async with _counted(request):
        await services_of(request).database.write(record_reading, command)


async def check_auditor(request: AnyRequest) -> None:
    """Let an auditor have what says nothing of any event: hashes, proofs, checkpoints. These are not recorded.

    Whoever follows the log asks for its checkpoint all the time, and a record of that would make the next one.
    """
    async with _counted(request):
        await services_of(request).database.read(auditor, token_of(request))


@contextlib.asynccontextmanager
async def _counted(request: AnyRequest) -> AsyncIterator[None]:
    """Whoever tries tokens is told to wait."""
    try:
        yield
    except Refusal as refusal:
        if refusal.code is ErrorCode.INVALID_TOKEN:
            await charge_network(request, "range_operators")
        raise
