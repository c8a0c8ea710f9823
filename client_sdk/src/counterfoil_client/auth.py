# SPDX-License-Identifier: Apache-2.0
"""`session.auth`: calls of protected resources as the person of a session, each with a proof of the device key.

It is RFC 9449 §7: the token goes in `Authorization: DPoP`, beside it a proof for this one request, and a resource that
wants a nonce of its own is answered once (§9). Nonces are remembered for each origin apart (§8.2).
"""

import re
import threading
from collections.abc import AsyncGenerator, Generator
from enum import Enum, auto
from http import HTTPStatus

import httpx2

from counterfoil_client._proof import JTI_BYTES, make_proof
from counterfoil_client._session_state import Keeper, SessionState
from counterfoil_client.errors import ConfigurationError

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_NONCE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,512}")
_MAX_ORIGINS = 64
_MAX_CHALLENGE = 4096
_PART = re.compile(
    r"""[\s,]*(?:(?P<name>[A-Za-z0-9_-]+)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s,"]+))|(?P<scheme>[^\s,="]+))"""
)


class SessionAuth(httpx2.Auth):
    """The `auth=` of an `httpx2.Client` or an `httpx2.AsyncClient`; one object may serve any number of both.

    The token goes to every https address that the application calls with it, and to http on this machine; anything
    else is a `ConfigurationError`. A redirect is followed, if at all, without token and proof; within one origin the
    target is then asked again with its own proof. A request whose body is a stream is sent once only: where the
    resource wanted another nonce or token, the application gets its 401.
    """

    def __init__(self, state: SessionState, keeper: Keeper) -> None:
        self._state = state
        self._keeper = keeper
        self._nonces: dict[str, str] = {}
        self._lock = threading.Lock()

    def sync_auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Send one request, and again where the answer says how it would be accepted."""
        call = _Call(request)
        token = self._keeper.fresh(self._state)
        while True:
            answer = yield self._dressed(call, token)
            self._remember(answer)
            reason = call.reason_to_repeat(answer)
            if reason is _Again.NEW_TOKEN:
                refused, token = token, self._keeper.fresh(self._state, refused=token)
                if token == refused:
                    return
            elif reason is None:
                return

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Do the same on a task."""
        call = _Call(request)
        token = await self._keeper.afresh(self._state)
        while True:
            answer = yield self._dressed(call, token)
            self._remember(answer)
            reason = call.reason_to_repeat(answer)
            if reason is _Again.NEW_TOKEN:
                refused, token = token, await self._keeper.afresh(self._state, refused=token)
                if token == refused:
                    return
            elif reason is None:
                return

    def _dressed(self, call: "_Call", token: str) -> httpx2.Request:
        surroundings = self._keeper.surroundings
        with self._lock:
            nonce = self._nonces.get(call.origin)
        proof = make_proof(
            self._state.key,
            call.request.method,
            call.htu,
            now=surroundings.now(),
            jti=surroundings.entropy(JTI_BYTES),
            nonce=nonce,
            access_token=token,
        )
        call.request.headers = _Slips(call.plain, {"authorization": f"DPoP {token}", "dpop": proof})
        return call.request

    def _remember(self, answer: httpx2.Response) -> None:
        """Keep the newest nonce of whoever answered, of not too many origins."""
        nonce = answer.headers.get("dpop-nonce", "")
        if not _NONCE.fullmatch(nonce):
            return
        with self._lock:
            self._nonces.pop(origin := _origin(answer.request.url), None)
            self._nonces[origin] = nonce
            if len(self._nonces) > _MAX_ORIGINS:
                del self._nonces[next(iter(self._nonces))]


class _Again(Enum):
    """Why a request is made once more; each reason counts once."""

    NEW_NONCE = auto()
    NEW_TOKEN = auto()
    MOVED = auto()


class _Call:
    """One request of the application, and what its answers ask for."""

    def __init__(self, request: httpx2.Request) -> None:
        self._spent: set[_Again] = set()
        self._take(request)

    def _take(self, request: httpx2.Request) -> None:
        url = request.url
        if not (url.scheme == "https" or (url.scheme == "http" and url.host in _LOOPBACK)):
            raise ConfigurationError(
                f"The token of a session is not sent to {_origin(url)}, for the way there is not encrypted.",
                hint="Use https; http is for this machine alone.",
            )
        self.request = request
        self.origin = _origin(url)
        # Built from its parts: a user name in the address has no place in a proof.
        self.htu = f"{self.origin}{url.raw_path.partition(b'?')[0].decode('ascii')}"
        self.plain = httpx2.Headers(request.headers)
        for name in ("Authorization", "DPoP"):
            self.plain.pop(name, None)

    def reason_to_repeat(self, answer: httpx2.Response) -> _Again | None:
        """Say why to make this request once more, if that can help and has not been tried."""
        if answer.status_code != HTTPStatus.UNAUTHORIZED or not isinstance(answer.request.stream, httpx2.ByteStream):
            return None
        if answer.request is not self.request:
            # A stranger on the way chose the address; the token would go where the stranger wants it.
            hops = (*answer.history, answer)
            reason = _Again.MOVED if all(_origin(hop.request.url) == self.origin for hop in hops) else None
        else:
            reason = _REASONS.get(_dpop_error(answer))
        if (
            reason is None
            or reason in self._spent
            or (reason is _Again.NEW_NONCE and "dpop-nonce" not in answer.headers)
        ):
            return None
        self._spent.add(reason)
        if reason is _Again.MOVED:
            self._take(answer.request)
        return reason


class _Slips(httpx2.Headers):
    """Headers with a token and a proof that are sent, but neither copied nor shown.

    httpx2 builds the request of a redirect from a copy of the headers, and takes out of it what it knows to be secret:
    of DPoP it knows nothing. A proof is for one request to one address, so no redirect may have it.
    """

    def __init__(self, plain: httpx2.Headers, slips: dict[str, str]) -> None:
        super().__init__(plain)
        self._slips = slips

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        return [*super().raw, *((name.encode(), value.encode()) for name, value in self._slips.items())]

    def __getitem__(self, key: str) -> str:
        slip = self._slips.get(key.lower())
        return super().__getitem__(key) if slip is None else slip

    def __contains__(self, key: object) -> bool:
        return (isinstance(key, str) and key.lower() in self._slips) or super().__contains__(key)


def _origin(url: httpx2.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _dpop_error(answer: httpx2.Response) -> str:
    """The `error` of the DPoP challenge; other schemes may stand beside it (RFC 9110 §11.6.1)."""
    text = ", ".join(answer.headers.get_list("www-authenticate"))[:_MAX_CHALLENGE]
    scheme, position = "", 0
    while part := _PART.match(text, position):
        position = part.end()
        if part["scheme"]:
            scheme = part["scheme"].lower()
        elif scheme == "dpop" and part["name"].lower() == "error":
            return part["plain"] or part["quoted"] or ""
    return ""


_REASONS = {"use_dpop_nonce": _Again.NEW_NONCE, "invalid_token": _Again.NEW_TOKEN}
