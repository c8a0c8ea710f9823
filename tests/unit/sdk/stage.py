# SPDX-License-Identifier: Apache-2.0
"""A stage for pure flows: a clock that moves only when told, a script of answers, and the list of what was asked."""

import asyncio
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

import jwt
import msgspec

from counterfoil_client._effects import Flow, Request, Response, Unreachable, Wait
from counterfoil_client._fingerprint.profile import Profile
from counterfoil_client._flows import Channel, OpenLogin
from counterfoil_client._surroundings import Surroundings
from counterfoil_client.stores import SoftwareKey

T = TypeVar("T")

ISSUER = "https://id.example"
NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
KEY = SoftwareKey.generate()
DEVICE_CODE = "device-code-which-is-secret"
DIGITS = "12345678"
MAIL_CODE_ENDPOINT = f"{ISSUER}/oauth/mail_code"
METADATA = {
    "issuer": ISSUER,
    "device_authorization_endpoint": f"{ISSUER}/oauth/device_authorization",
    "token_endpoint": f"{ISSUER}/oauth/token",
    "revocation_endpoint": f"{ISSUER}/oauth/revoke",
}
STARTED = {
    "device_code": DEVICE_CODE,
    "user_code": "WDJ-BMJ",
    "verification_uri": f"{ISSUER}/check-mail",
    "expires_in": 600,
    "interval": 5,
    "poll_wait_max": 25,
    "login_id": "01JLOGIN",
}
TOKENS = {
    "access_token": "access-token-which-is-secret",
    "token_type": "DPoP",
    "expires_in": 300,
    "refresh_token": "refresh-token-which-is-secret",
    "scope": "email",
    "session_id": "01JSESSION",
    "sub": "person-1",
}


class Clock(Surroundings):
    """Time that moves when told; jitter at its longest, so that backoff reads 1, 2, 4; a machine without traits."""

    def __init__(self) -> None:
        self.machine = Profile()
        self.seconds = 0.0
        self.asleep = 0.0
        self.drawn = 0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds + self.asleep)

    def monotonic(self) -> float:
        return 1000.0 + self.seconds

    def entropy(self, size: int) -> bytes:
        self.drawn += 1
        return self.drawn.to_bytes(size)

    def jitter(self) -> float:
        return 1.0

    def profile(self) -> Profile:
        return self.machine

    def pause(self, seconds: float, stop: threading.Event) -> None:
        del stop
        self.seconds += seconds

    async def apause(self, seconds: float, stop: asyncio.Event) -> None:
        del stop
        self.seconds += seconds
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Sent:
    """A request, reduced to what a test wants to compare."""

    path: str
    prefer: str | None = None
    read_timeout: float = 10.0


@dataclass(frozen=True)
class After:
    """An answer (or a failure) that takes its time; `asleep` passes on the wall clock alone."""

    seconds: float
    answer: Response | Unreachable
    asleep: float = 0.0


Answer: TypeAlias = Response | Unreachable | After

DISCOVERY = Sent("/.well-known/oauth-authorization-server")
START = Sent("/oauth/device_authorization")
REVOKE = Sent("/oauth/revoke")
PLAIN_POLL = Sent("/oauth/token", None, 5.0)
LONG_POLL = Sent("/oauth/token", "wait=25", 30.0)


@dataclass
class Play:
    """Runs a flow against a script. What the script does not answer is a failure of the test."""

    clock: Clock
    script: Iterable[Answer]
    effects: list[Sent | Wait] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def run(self, flow: Flow[T]) -> T:
        answers = iter(self.script)
        try:
            effect = next(flow)
            while True:
                effect = self._step(flow, effect, answers)
        except StopIteration as end:
            leftover = list(answers)
            assert leftover == [], "the flow ended before the script"
            result: T = end.value
            return result

    def _step(self, flow: Flow[T], effect: Request | Wait, answers: Any) -> Request | Wait:
        if isinstance(effect, Wait):
            self.effects.append(effect)
            self.clock.seconds += effect.seconds
            return flow.send(None)
        self.requests.append(effect)
        self.effects.append(Sent(urlsplit(effect.url).path, effect.header("Prefer"), effect.read_timeout))
        answer = next(answers, None)
        assert answer is not None, f"the script has no answer to {self.effects}"
        if isinstance(answer, After):
            self.clock.seconds += answer.seconds
            self.clock.asleep += answer.asleep
            answer = answer.answer
        return flow.throw(answer) if isinstance(answer, Unreachable) else flow.send(answer)


def reply(status: int, body: object, **headers: str) -> Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Response(status, {"content-type": "application/json", **names}, content)


def refusal(error: str, *, status: int = 400, headers: dict[str, str] | None = None, **members: str) -> Response:
    names = {} if headers is None else {name.replace("-", "_"): value for name, value in headers.items()}
    return reply(status, {"error": error, "error_description": "A sentence.", "instance": "req-1", **members}, **names)


def nonce(value: str) -> Response:
    return refusal("use_dpop_nonce", headers={"dpop-nonce": value})


PENDING = refusal("authorization_pending")
SLOW_DOWN = refusal("slow_down")
GRANTED = reply(200, TOKENS)
GONE = refusal("invalid_grant")
TROUBLE = reply(503, b"")
OFFLINE = Unreachable("the cable is out")


def a_channel(clock: Clock, *, discovered: bool = True) -> Channel:
    channel = Channel.open(ISSUER, "desktop", clock)
    if discovered:
        Play(clock, [reply(200, METADATA)]).run(channel.discover())
    return channel


def a_login(clock: Clock, **changes: Any) -> OpenLogin:
    values: dict[str, Any] = {
        "key": KEY,
        "device_code": DEVICE_CODE,
        "user_code": "WDJ-BMJ",
        "login_id": "01JLOGIN",
        "verification_uri": f"{ISSUER}/check-mail",
        "expires_at": clock.now() + timedelta(seconds=600),
        "deadline": clock.monotonic() + 600,
        "next_poll_at": clock.monotonic(),
        "interval": 5,
        "poll_wait_max": 0,
    }
    return OpenLogin(**{**values, **changes})


def claims_of(request: Request) -> dict[str, Any]:
    """The claims of a request's proof, verified by PyJWT with the key in its own header."""
    proof = request.header("DPoP")
    assert proof is not None
    key = jwt.PyJWK(jwt.get_unverified_header(proof)["jwk"], "ES256")
    claims: dict[str, Any] = jwt.decode(proof, key, algorithms=["ES256"], options={"verify_iat": False})
    return claims
