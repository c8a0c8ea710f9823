# SPDX-License-Identifier: Apache-2.0
"""One poll: compare what the login is bound to, judge the pace, hold, and collect (protocol.md §4)."""

import asyncio
import re

import msgspec
from litestar import Response

from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.grant import ACCESS_TOKEN_SECONDS, Grant
from counterfoil_service.core.login import SECOND, State, current_state
from counterfoil_service.core.polling import MAX_WAIT, AccessDenied, invalid_grant, pending, refusal_of, too_fast
from counterfoil_service.crypto.jwt import SigningKey, sign
from counterfoil_service.db import logins
from counterfoil_service.db.logins import Login
from counterfoil_service.operations.collect_login import CollectLogin, collect_login
from counterfoil_service.operations.slow_login import slow_login
from counterfoil_service.web.bound_logins import Bearer, bound_login
from counterfoil_service.web.problems import handle_error
from counterfoil_service.web.services import AnyRequest, services_of
from counterfoil_service.web.wire import Tokens

RECHECK_SECONDS = 5.0
"""A held poll reads again this often even when nobody woke it."""

_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?([0-9]{1,9})\"?\s*(?:$|[,;])", re.IGNORECASE)


class Poll(msgspec.Struct, frozen=True):
    """A poll whose proof and application are already checked; `wait` in seconds, None when not asked for."""

    bearer: Bearer
    wait: int | None


def preferred_wait(prefer: str) -> int | None:
    """The `wait` preference in seconds (RFC 7240 §4.3), at most `MAX_WAIT`; None when there is none."""
    match = _WAIT.search(prefer)
    return None if match is None else min(int(match[1]), MAX_WAIT)


async def answer_poll(request: AnyRequest, poll: Poll) -> Response[bytes]:
    """Tokens, or the error that says how the login stands."""
    try:
        response = await _collect(request, poll)
    except Refusal as refusal:
        response = handle_error(request, refusal)
    if poll.wait is not None:
        response.headers["Preference-Applied"] = f"wait={poll.wait}"
    return response


async def _collect(request: AnyRequest, poll: Poll) -> Response[bytes]:
    services = services_of(request)
    login = await bound_login(request, poll.bearer, "token")
    held = _state(request, login) is State.PENDING
    if held:
        login = await _wait(request, login, poll.wait or 0)
    services.paces.forget(login.id)
    state = _state(request, login)
    if state not in {State.APPROVED, State.CONSUMED}:
        raise refusal_of(state, login.expires_at, services.clock())
    key = await services.signers.signer(services.clock())
    command = CollectLogin(login.id, poll.bearer.proof, poll.bearer.application, held)
    collected = await services.database.write(collect_login, command)
    if not isinstance(collected, Grant):
        raise AccessDenied(collected)
    return tokens_response(collected, key, services.settings.public_url)


def _state(request: AnyRequest, login: Login) -> State:
    return current_state(login.state, login.expires_at, services_of(request).clock())


async def _wait(request: AnyRequest, login: Login, wait: int) -> Login:
    """The login once it is no longer pending; a Refusal when the poll came too early, overlaps, or nothing happened."""
    services = services_of(request)
    now = services.clock()
    pace = services.paces.of(login.id)
    if pace.held:
        raise too_fast()
    early = pace.is_early(login.poll_interval, now)
    pace.received_at = now
    if early:
        await services.database.write(slow_login, login.id)
        raise too_fast()
    pace.held = True
    try:
        return await hold(request, login, now + wait * SECOND)
    finally:
        pace.held = False


async def hold(request: AnyRequest, login: Login, until: int) -> Login:
    """Read after registering, or a change in between would be missed; read once more at the end."""
    services = services_of(request)
    loop = asyncio.get_running_loop()
    # The wall clock may be stepped back: no poll is held longer for it.
    hold_ends = loop.time() + (until - services.clock()) / SECOND
    with services.hub.waiting(login.id) as woken:
        gone = asyncio.create_task(_disconnected(request, woken))
        try:
            while True:
                woken.clear()
                fresh = await services.database.read(logins.get, login.id)
                if fresh is None:
                    raise invalid_grant()
                if gone.done():
                    raise pending()  # to nobody: an approval stays collectable by whoever polls next
                if _state(request, fresh) is not State.PENDING:
                    return fresh
                remaining = min((min(until, fresh.expires_at) - services.clock()) / SECOND, hold_ends - loop.time())
                if remaining <= 0 or services.hub.draining:
                    raise pending()
                await _sleep(woken, min(remaining, RECHECK_SECONDS))
        finally:
            gone.cancel()


async def _disconnected(request: AnyRequest, woken: asyncio.Event) -> None:
    """The body was read: the next message can only be the end of the connection."""
    await request.receive()
    woken.set()


async def _sleep(woken: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        return


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
