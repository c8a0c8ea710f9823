# SPDX-License-Identifier: Apache-2.0
"""Budgets at the edge: who is charged for a request, and the log told when somebody's is used up [R94]."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import msgspec

from counterfoil_service.core.budget import AlertDue, LimitRefusal
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.operations.link_request import StartLogin
from counterfoil_service.operations.record_refused import RecordRefused, record_refused
from counterfoil_service.operations.start_login import LoginStarted
from counterfoil_service.web.caller import network_of, source_of
from counterfoil_service.web.services import AnyRequest, Services, services_of

T = TypeVar("T")

_COUNTED = frozenset({
    ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_CLIENT, ErrorCode.INVALID_GRANT, ErrorCode.INVALID_DPOP_PROOF,
    ErrorCode.INVALID_SCOPE, ErrorCode.UNAUTHORIZED_CLIENT, ErrorCode.UNSUPPORTED_GRANT_TYPE,
})  # fmt: skip
"""Refusals that count: not those which tell a good caller to wait, to come with a nonce, or to renew its token."""

_CHARGED = "counterfoil_charged"


async def charge(request: AnyRequest, name: str, *who: str | bytes, key: str | None = None) -> None:
    """Count one; a LimitRefusal where the budget is used up. `key` is the device's, where it has proved it."""
    try:
        await services_of(request).limiter.charge(name, *who)
    except LimitRefusal as refusal:
        record = RecordRefused(name, services_of(request).places.place_of(source_of(request)), jkt=key)
        await _tell(request, refusal, who, record)
        raise


async def charge_network(request: AnyRequest, name: str, *what: str | bytes) -> None:
    """The same for the caller's range of addresses, and what it asks for."""
    await charge(request, name, network_of(request), *what)


async def charge_alert(request: AnyRequest) -> None:
    """Count a call before it writes an alert, as each is a write: there is an end to them. It counts once."""
    await charge_network(request, "range_refusals")
    request.scope["state"][_CHARGED] = True


async def alerting(request: AnyRequest, write: Callable[[bool], Awaitable[T]]) -> T:
    """Run an operation that may write an alert: it is told whether its caller was charged for one."""
    try:
        return await write(False)  # noqa: FBT003 - what it is told, and nothing else
    except AlertDue:
        await charge_alert(request)
    return await write(True)  # noqa: FBT003 - as above


@contextlib.asynccontextmanager
async def refusals_counted(request: AnyRequest) -> AsyncIterator[None]:
    """Count what is refused within; once that is too much a LimitRefusal is the answer in its place."""
    try:
        yield
    except Refusal as refusal:
        counts = refusal.code in _COUNTED and not isinstance(refusal, LimitRefusal)
        if counts and _CHARGED not in request.scope["state"]:
            await charge_network(request, "range_refusals")
        raise


async def asked(
    request: AnyRequest, command: StartLogin, start: Callable[[Services, StartLogin], Awaitable[LoginStarted]]
) -> LoginStarted:
    """Start a login within the budgets of all who ask; who is refused, or known, charges nobody else."""
    services = services_of(request)
    limiter, application = services.limiter, command.application_id
    crowded = await limiter.check("application", application) or await limiter.check("service")
    try:
        started = await start(services, msgspec.structs.replace(command, crowded=crowded))
    except LimitRefusal as refusal:
        await _tell_of_asking(request, refusal, command)
        raise
    if not started.known:
        # Two that were let in at once may find room for one, or Redis has gone since: the login is there, and mailed.
        with contextlib.suppress(Refusal):
            await limiter.charge("application", application)
            await limiter.charge("service")
    return started


async def _tell_of_asking(request: AnyRequest, refusal: LimitRefusal, command: StartLogin) -> None:
    asker = command.asker(services_of(request).keys)
    if refusal.quota.name == "device_key":
        return  # a person who presses the button twice
    whose: dict[str, tuple[str | bytes, ...]] = {
        "address_range": (asker.source_range,),
        "application": (command.application_id,),
    }
    record = RecordRefused(refusal.quota.name, command.place, command.application_id, asker.jkt)
    await _tell(request, refusal, whose.get(refusal.quota.name, ()), record)


async def _tell(
    request: AnyRequest, refusal: LimitRefusal, who: tuple[str | bytes, ...], record: RecordRefused
) -> None:
    services = services_of(request)
    if await services.limiter.is_news(refusal, *who):
        await services.database.write(record_refused, record)
