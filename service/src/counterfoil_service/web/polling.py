# SPDX-License-Identifier: Apache-2.0
"""One poll: compare what the login is bound to, judge the pace, hold, and collect (protocol.md §4)."""

import asyncio
import re

import msgspec
from litestar import Response

from counterfoil_service.core.application import Application
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.grant import ACCESS_TOKEN_SECONDS, Grant
from counterfoil_service.core.login import SECOND, State, current_state
from counterfoil_service.core.polling import MAX_WAIT, AccessDenied, invalid_grant, pending, refusal_of, too_fast
from counterfoil_service.crypto.dpop import Proof
from counterfoil_service.crypto.jwt import SigningKey, sign
from counterfoil_service.db import logins
from counterfoil_service.operations.collect_login import CollectLogin, collect_login
from counterfoil_service.operations.slow_login import slow_login
from counterfoil_service.web.bound_logins import Bearer, bound_login
from counterfoil_service.web.gate import HELD, UNEVENTFUL
from counterfoil_service.web.limits import charge
from counterfoil_service.web.problems import handle_error
from counterfoil_service.web.services import AnyRequest, Services, services_of
from counterfoil_service.web.wire import Tokens

RECHECK_SECONDS = float(MAX_WAIT)
"""A held poll reads again this often even when nobody woke it: once, at its end, as ten thousand that read every few
seconds keep a process busy with nothing.
"""

_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?([0-9]{1,9})\"?\s*(?:$|[,;])", re.IGNORECASE)


class Poll(msgspec.Struct, frozen=True):
    """A poll by whom its login is bound to. All that a held one keeps: of the request nothing else lives on.

    `wait` in seconds, None when not asked for.
    """

    login_id: str
    state: State
    expires_at: int
    interval: int
    application: Application
    proof: Proof | None
    wait: int | None


def preferred_wait(prefer: str) -> int | None:
    """The `wait` preference in seconds (RFC 7240 §4.3), at most `MAX_WAIT`; None when there is none."""
    match = _WAIT.search(prefer)
    return None if match is None else min(int(match[1]), MAX_WAIT)


async def poll_of(request: AnyRequest, bearer: Bearer, wait: int | None) -> Poll:
    """A Refusal for whoever the login is not bound to."""
    login = await bound_login(request, bearer, "token")
    state = current_state(login.state, login.expires_at, services_of(request).clock())
    return Poll(login.id, state, login.expires_at, login.poll_interval, bearer.application, bearer.proof, wait)


async def answer_poll(request: AnyRequest, poll: Poll) -> Response[bytes]:
    """Tokens, or the error that says how the login stands."""
    try:
        # What is no longer waited for is answered, however impatient its device was.
        if poll.state is State.PENDING:
            services_of(request).limiter.check_spent("key_polls", _paced_as(poll))
        response = await _collect(request, poll)
    except Refusal as refusal:
        request.scope["state"][UNEVENTFUL] = refusal.code is ErrorCode.AUTHORIZATION_PENDING
        response = handle_error(request, refusal)
    if poll.wait is not None:
        response.headers["Preference-Applied"] = f"wait={poll.wait}"
    return response


async def _collect(request: AnyRequest, poll: Poll) -> Response[bytes]:
    services = services_of(request)
    state, expires_at = poll.state, poll.expires_at
    held = state is State.PENDING
    if held:
        state, expires_at = await _wait(request, poll)
    services.paces.forget(poll.login_id)
    if state not in {State.APPROVED, State.CONSUMED}:
        raise refusal_of(state, expires_at, services.clock())
    key = await services.signers.signer(services.clock())
    command = CollectLogin(poll.login_id, poll.proof, poll.application, held)
    collected = await services.database.write(collect_login, command)
    if not isinstance(collected, Grant):
        raise AccessDenied(collected)
    if collected.noticed:
        services.wake_mail()
    return tokens_response(collected, key, services.settings.public_url)


async def _wait(request: AnyRequest, poll: Poll) -> tuple[State, int]:
    """State and end once it is no longer pending; a Refusal for a poll too early, that overlaps, or at its end."""
    services = services_of(request)
    now = services.clock()
    pace = services.paces.of(poll.login_id)
    if pace.held:
        await _charge_pace(request, poll)
        raise too_fast()
    early = pace.is_early(poll.interval, now)
    pace.received_at = now
    if early:
        await _charge_pace(request, poll)
        await services.database.write(slow_login, poll.login_id)
        raise too_fast()
    if not poll.wait:
        raise pending()
    pace.held = True
    try:
        return await hold(request, poll.login_id, now + poll.wait * SECOND)
    finally:
        pace.held = False


async def _charge_pace(request: AnyRequest, poll: Poll) -> None:
    """Each early poll raises the interval, which is a write: there is an end to them."""
    await charge(request, "key_polls", _paced_as(poll), key=poll.proof.jkt if poll.proof else None)


def _paced_as(poll: Poll) -> str:
    """The device's key; without one, its login."""
    return poll.proof.jkt if poll.proof else poll.login_id


async def hold(request: AnyRequest, login_id: str, until: int) -> tuple[State, int]:
    """Read after registering, or a change in between would be missed; read once more at the end."""
    services = services_of(request)
    request.scope["state"][HELD] = True
    loop = asyncio.get_running_loop()
    # The wall clock may be stepped back: no poll is held longer for it.
    hold_ends = loop.time() + (until - services.clock()) / SECOND
    with services.hub.waiting(login_id) as woken:
        while True:
            woken.clear()
            if services.hub.draining:
                raise pending()
            state, expires_at = await _look(services, login_id)
            if state is not State.PENDING:
                return state, expires_at
            remaining = min((min(until, expires_at) - services.clock()) / SECOND, hold_ends - loop.time())
            if remaining <= 0:
                raise pending()
            # The body was read: the next message can only be the end of the connection.
            if await woken.rest(request.receive, min(remaining, RECHECK_SECONDS)):
                raise pending()  # to nobody: an approval stays collectable by whoever polls next


async def _look(services: Services, login_id: str) -> tuple[State, int]:
    """Not the whole login, which would be kept as long as the poll is held."""
    fresh = await services.database.read(logins.get, login_id)
    if fresh is None:
        raise invalid_grant()
    return current_state(fresh.state, fresh.expires_at, services.clock()), fresh.expires_at


def tokens_response(grant: Grant, key: SigningKey, issuer: str) -> Response[bytes]:
    """The answer of every grant (RFC 6749 §5.1)."""
    tokens = Tokens(
        access_token=sign(grant.claims(issuer), key),
        token_type=grant.token_type,
        expires_in=ACCESS_TOKEN_SECONDS,
        scope=grant.scope,
        session_id=grant.session_id,
        sub=grant.subject,
        refresh_token=grant.refresh_token,
    )
    return Response(msgspec.json.encode(tokens), media_type="application/json")
