# SPDX-License-Identifier: Apache-2.0
"""Wait for the person: one poll at a time, at the service's pace, until it says yes or no or the login's time is over.

RFC 8628 §3.5 with CIBA's long polling. Nothing here starts a login again [R9].
"""

import math
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Literal, NoReturn, TypeAlias

from counterfoil_client import _replies
from counterfoil_client._effects import Flow, Response, Unreachable, Wait
from counterfoil_client._flows.channel import Channel
from counterfoil_client._flows.login import OpenLogin
from counterfoil_client._pace import backoff
from counterfoil_client._replies import NotNow
from counterfoil_client._wire import Refusal, TokenGranted
from counterfoil_client.errors import (
    LoginCancelled,
    LoginDenied,
    LoginEnded,
    LoginExpired,
    LoginInvalid,
    LoginLocked,
    UnexpectedResponse,
    WaitTimeout,
)
from counterfoil_client.session import Progress, Session

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
LONGEST_HOLD = 25
READ_MARGIN = 5.0
SLOW_DOWN_STEP = 5
_LONGEST_TRIP = 1.0

OnProgress: TypeAlias = Callable[[Progress], object]
State: TypeAlias = Literal["waiting", "slowed_down", "unreachable"]


def wait_for_session(
    channel: Channel, login: OpenLogin, *, timeout: float | None = None, on_progress: OnProgress | None = None
) -> Flow[Session]:
    """Poll until the login is over, or raise `WaitTimeout` and leave it open."""
    return (yield from _Waiting(channel, login, timeout, on_progress).run())


class _Waiting:
    """One call of `wait`: everything that a later call must not inherit."""

    def __init__(
        self, channel: Channel, login: OpenLogin, timeout: float | None, on_progress: OnProgress | None
    ) -> None:
        self._channel = channel
        self._login = login
        self._now = channel.surroundings.monotonic
        self._give_up = math.inf if timeout is None else self._now() + timeout
        self._on_progress = on_progress
        self._attempt = 1

    def run(self) -> Flow[Session]:
        if self._login.session is not None:
            return self._login.session
        state: State = "waiting"
        while True:
            yield from self._pause(state)
            sent = self._now()
            answer = yield from self._poll()
            if isinstance(answer, TokenGranted):
                return self._finish(answer)
            state = self._weigh(answer)
            if sent >= self._login.deadline:
                raise _end(self._login, LoginExpired())

    def _pause(self, state: State) -> Flow[None]:
        """Report, then let the time pass that politeness asks for; the last poll falls on the end of the login."""
        login = self._login
        _check_open(login)
        now = self._now()
        due = now if self._slept_through() else max(now, min(login.next_poll_at, login.deadline))
        self._report(state, due - now)
        while (left := min(due, self._give_up) - self._now()) > 0:
            yield Wait(left)
            _check_open(login)
        if due > self._give_up:
            raise WaitTimeout

    def _slept_through(self) -> bool:
        """Whether the wall clock alone says that the login is over, as after a laptop's sleep: then ask once, now.

        Monotonic clocks stand still in a suspended machine, so the service knows better than either clock.
        """
        login = self._login
        if login.asked_after_sleep or self._channel.surroundings.now() < login.expires_at:
            return False
        login.asked_after_sleep = True
        return True

    def _poll(self) -> Flow[TokenGranted | Refusal | NotNow]:
        """Ask once. No answer is no loss: the same key may repeat even the poll that succeeded [R44]."""
        sent = self._now()
        hold = self._hold()
        metadata = yield from self._channel.discover()
        try:
            response = yield from self._channel.post(
                self._login.key,
                metadata.token_endpoint,
                self._form(),
                headers=(("Prefer", f"wait={hold}"),) if hold else (),
                read_timeout=hold + READ_MARGIN,
            )
        except Unreachable:
            return NotNow(0, None)
        finally:
            # The service counts from the receipt, which lies between sending and answering.
            trip = min(self._now() - sent, _LONGEST_TRIP)
            self._login.next_poll_at = sent + self._login.interval + trip
        found = _replies.read(response, TokenGranted)
        if isinstance(found, Refusal) and (response.status, found.error) not in _GO_ON:
            self._stop(response, found)
        return found

    def _hold(self) -> int:
        left = min(self._give_up - self._now(), LONGEST_HOLD)
        return max(0, min(self._login.poll_wait_max, math.floor(left)))

    def _form(self) -> tuple[tuple[str, str], ...]:
        login = self._login
        form = (
            ("grant_type", GRANT_TYPE),
            ("client_id", self._channel.client_id),
            ("device_code", login.device_code),
        )
        return form if not login.device_fingerprint else (*form, ("device_fingerprint", login.device_fingerprint))

    def _weigh(self, answer: Refusal | NotNow) -> State:
        """Decide when to ask again; `slow_down` counts for good (RFC 8628 §3.5)."""
        login = self._login
        self._attempt += 1
        if isinstance(answer, NotNow):
            login.failures += 1
            away = max(backoff(login.failures, self._channel.surroundings.jitter()), answer.retry_after or 0)
            login.next_poll_at = max(login.next_poll_at, self._now() + away)
            return "unreachable"
        login.failures = 0
        if answer.error == "slow_down":
            login.interval += SLOW_DOWN_STEP
            login.next_poll_at += SLOW_DOWN_STEP
            return "slowed_down"
        return "waiting"

    def _stop(self, response: Response, refusal: Refusal) -> NoReturn:
        if response.status != HTTPStatus.BAD_REQUEST and refusal.error in _STATES:
            raise UnexpectedResponse(f"The service sent {refusal.error} with status {response.status}.")
        if refusal.error == "access_denied" and refusal.reason == "locked":
            raise _end(self._login, LoginLocked())
        if refusal.error in _ENDINGS:
            raise _end(self._login, _ENDINGS[refusal.error]())
        _replies.fail(response, refusal, self._login.device_code)

    def _finish(self, granted: TokenGranted) -> Session:
        if granted.token_type.lower() != "dpop":
            raise UnexpectedResponse("The service gave a token that is not bound to this device's key.")
        session = Session(
            access_token=granted.access_token,
            refresh_token=granted.refresh_token,
            subject=granted.sub,
            expires_at=self._channel.surroundings.now() + timedelta(seconds=granted.expires_in),
            scope=granted.scope,
            session_id=granted.session_id,
        )
        self._login.session = session
        return session

    def _report(self, state: State, retry_in: float) -> None:
        if self._on_progress is not None:
            left = max(0.0, self._login.deadline - self._now())
            self._on_progress(Progress(state, self._attempt, retry_in, left))


def _check_open(login: OpenLogin) -> None:
    if login.ended is not None:
        raise login.ended
    if login.cancelling:
        raise LoginCancelled


def _end(login: OpenLogin, ending: LoginEnded) -> LoginEnded:
    """Remember how it ended, so that nothing asks the service again; a cancelled login is `invalid_grant` there."""
    login.ended = LoginCancelled() if login.cancelling else ending
    return login.ended


_ENDINGS: dict[str, type[LoginEnded]] = {
    "access_denied": LoginDenied,
    "expired_token": LoginExpired,
    "invalid_grant": LoginInvalid,
}
_PENDING = ("authorization_pending", "slow_down")
_STATES = frozenset({*_PENDING, *_ENDINGS})
_GO_ON = frozenset((HTTPStatus.BAD_REQUEST, code) for code in _PENDING)
