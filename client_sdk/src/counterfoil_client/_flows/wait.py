# SPDX-License-Identifier: Apache-2.0
"""Wait for the person: one poll at a time, at the service's pace, until it says yes or no or the login's time is over.

RFC 8628 §3.5 with CIBA's long polling. Nothing here starts a login again [R9].
"""

import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Literal, NoReturn, TypeAlias

from counterfoil_client import _replies
from counterfoil_client._effects import Flow, Response, Settle, Unreachable, Wait
from counterfoil_client._flows.channel import Channel
from counterfoil_client._flows.granted import opened_session
from counterfoil_client._flows.login import OpenLogin
from counterfoil_client._pace import backoff
from counterfoil_client._replies import NotNow
from counterfoil_client._wire import Refusal, TokenGranted
from counterfoil_client.errors import (
    LoginEnded,
    LoginExpired,
    LoginInvalid,
    UnexpectedResponse,
    WaitTimeout,
)
from counterfoil_client.session import Progress, Session

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
LONGEST_HOLD = 25
READ_MARGIN = 5.0
SLOW_DOWN_STEP = 5
LONGEST_REDEMPTION = 30.0
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
        self._begun = self._now()
        self._give_up = math.inf if timeout is None else self._begun + timeout
        self._on_progress = on_progress
        self._attempt = 1
        self._settled = 0

    def run(self) -> Flow[Session]:
        state: State = "waiting"
        while (session := self._login.session) is None:
            yield from self._pause(state)
            if self._came_home():
                continue
            sent = self._now()
            answer = yield from self._poll()
            self._attempt += 1
            if isinstance(answer, TokenGranted):
                return self._login.hand_out(self._finish(answer))
            if answer is None:
                continue
            state = self._weigh(answer)
            if sent >= self._login.deadline and not (yield from self._overtaken()):
                raise self._login.end(LoginExpired())
        return self._login.hand_out(session)

    def _came_home(self) -> bool:
        """Whether the browser brought the session while nobody looked."""
        return self._login.session is not None

    def _pause(self, state: State) -> Flow[None]:
        """Report, then let the time pass that politeness asks for; the last poll falls on the end of the login."""
        login = self._login
        login.check_open()
        # The first question is measured from the call: a poll that was due then is asked, however short the timeout.
        now = self._begun if self._attempt == 1 else self._now()
        due = now if self._slept_through() else self._due(now)
        self._report(state, due - now)
        while not self._came_home() and (left := min(due, self._give_up) - self._now()) > 0:
            yield Wait(left)
            login.check_open()
            # A code that was typed here meanwhile makes the next question due at once.
            due = self._due(now)
        if due > self._give_up and not self._came_home():
            raise WaitTimeout

    def _due(self, now: float) -> float:
        return max(now, min(self._login.next_poll_at, self._login.deadline))

    def _slept_through(self) -> bool:
        """Whether the wall clock alone says that the login is over, as after a laptop's sleep: then ask once, now.

        Monotonic clocks stand still in a suspended machine, so the service knows better than either clock.
        """
        login = self._login
        if login.asked_after_sleep or self._channel.surroundings.now() < login.expires_at:
            return False
        login.asked_after_sleep = True
        return True

    def _poll(self) -> Flow[TokenGranted | Refusal | NotNow | None]:
        """Ask once; None when a redemption meanwhile explains the refusal.

        No answer is no loss: the same key may repeat even the poll that succeeded [R44].
        """
        sent = self._now()
        self._settled = 0 if self._login.way_home is None else self._login.way_home.settled
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
            if (yield from self._overtaken()):
                return None
            self._stop(response, found)
        return found

    def _overtaken(self) -> Flow[bool]:
        """Whether a code was redeemed while this question was open; wait for what became of that.

        The service ends a held poll the moment a code is redeemed. If that brought no session here, because its
        answer was lost or was a refusal, one more question tells [R44]. A lost one may reach the service later.
        """
        home = self._login.way_home
        if home is None:
            return False
        last = min(self._now() + LONGEST_REDEMPTION, self._give_up)
        while home.redeeming and (left := last - self._now()) > 0:
            yield Settle(left)
        return home.redeeming or home.settled > self._settled or home.take_doubt()

    def _hold(self) -> int:
        left = min(self._give_up - self._now(), LONGEST_HOLD)
        return max(0, min(self._login.poll_wait_max, math.floor(left)))

    def _form(self) -> tuple[tuple[str, str], ...]:
        login = self._login
        return (
            ("grant_type", GRANT_TYPE),
            ("client_id", self._channel.client_id),
            ("device_code", login.device_code),
            *login.fingerprint_form(),
        )

    def _weigh(self, answer: Refusal | NotNow) -> State:
        """Decide when to ask again; `slow_down` counts for good (RFC 8628 §3.5)."""
        login = self._login
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
        if refusal.error == "access_denied":
            raise self._login.deny(refusal.reason)
        if refusal.error in ENDINGS:
            raise self._login.end(ENDINGS[refusal.error]())
        _replies.fail(response, refusal, self._login.device_code)

    def _finish(self, granted: TokenGranted) -> Session:
        login = self._login
        login.session = opened_session(self._channel, login.key, granted)
        return login.session

    def _report(self, state: State, retry_in: float) -> None:
        if self._on_progress is not None:
            left = max(0.0, self._login.deadline - self._now())
            self._on_progress(Progress(state, self._attempt, retry_in, left))


ENDINGS: dict[str, type[LoginEnded]] = {
    "expired_token": LoginExpired,
    "invalid_grant": LoginInvalid,
}
_PENDING = ("authorization_pending", "slow_down")
_STATES = frozenset({"access_denied", *_PENDING, *ENDINGS})
_GO_ON = frozenset((HTTPStatus.BAD_REQUEST, code) for code in _PENDING)
