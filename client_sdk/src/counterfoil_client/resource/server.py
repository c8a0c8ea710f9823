# SPDX-License-Identifier: Apache-2.0
"""One object an API keeps: it knows the issuer's keys and what it has seen, and says who sent a request."""

import inspect
import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, final

from counterfoil_client._effects import Flow, Unreachable
from counterfoil_client._http import AsyncHttpClient, HttpClient
from counterfoil_client._issuer import Issuer
from counterfoil_client._surroundings import Surroundings
from counterfoil_client.errors import UnexpectedResponse
from counterfoil_client.resource._fetch import Wire
from counterfoil_client.resource._key_cache import KeyCache
from counterfoil_client.resource._keyset import Papers
from counterfoil_client.resource._presented import Headers, Presented, read_request
from counterfoil_client.resource.caller import Caller, Needs
from counterfoil_client.resource.introspection import Answers, Introspection, introspect
from counterfoil_client.resource.refusals import unavailable
from counterfoil_client.resource.replay import LocalReplayMemory, Nonces, ReplayMemory
from counterfoil_client.resource.verify import Rules, judge, remember, settle

_NONCE_KEY: Final = 32
_CANNOT_ASK: Final = "The sign-in service cannot say whether this token still lives."
_log = logging.getLogger(__name__)


@final
class ResourceServer:
    """Checks the requests of one API. Safe to share between threads and tasks; `check` and `acheck` are twins.

    `url` is the public address of this API as its callers write it (behind a proxy: the outer one), `audience` what
    the issuer writes in `aud`, by default that address. `require_nonce` costs a caller one more round trip every few
    minutes and makes proofs worthless that were made ahead of time; several processes must share `nonce_key` and, to
    refuse a proof used at the other, `replay`. `introspection` asks the issuer about each token, so that a revoked
    one ends at once. `http` and `async_http` are HTTP clients of httpx2 to use; they are not closed here.
    """

    def __init__(  # noqa: PLR0913 - one place where an API says all that it insists on, by name
        self,
        issuer: str,
        audience: str | None = None,
        *,
        url: str,
        algorithms: tuple[str, ...] = ("ES256",),
        allow_bearer: bool = False,
        require_nonce: bool = False,
        nonce_key: bytes | None = None,
        introspection: Introspection | None = None,
        replay: ReplayMemory | None = None,
        http: HttpClient | None = None,
        async_http: AsyncHttpClient | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        self._surroundings = Surroundings() if surroundings is None else surroundings
        key = self._surroundings.entropy(_NONCE_KEY) if nonce_key is None else nonce_key
        nonces = Nonces(key) if require_nonce else None
        self.rules = Rules(issuer, url if audience is None else audience, url, algorithms, allow_bearer, nonces)
        parsed = Issuer.parse(issuer)
        self._wire = Wire(http, async_http, self._surroundings, direct=parsed.is_local)
        self._cache = KeyCache(parsed, algorithms, self._surroundings.monotonic)
        self._replay: ReplayMemory = LocalReplayMemory() if replay is None else replay
        self._introspection = introspection
        self._answers = Answers(0.0 if introspection is None else introspection.cache_for)

    def check(self, method: str, path: str, headers: Headers, *, needs: Needs | None = None) -> Caller:
        """Return who sent this request, or raise `NotAuthorized`; may wait for the issuer.

        `path` is the raw path below `url`, escapes as they came; `headers` are all header lines.
        """
        presented = self._read(headers)
        papers = self._cache.papers(presented.kid, self._wire.run)
        caller, replay_key, now = self._judge(presented, papers, method, path)
        if replay_key is not None:
            settle(remember(self._replay, replay_key, now), self.rules.challenge(now))
        flow = self._question(presented, papers, caller)
        if flow is not None:
            with _failing_closed():
                self._hear(presented, now, alive=self._wire.run(flow))
        self.demand(caller, needs)
        return caller

    async def acheck(self, method: str, path: str, headers: Headers, *, needs: Needs | None = None) -> Caller:
        """Return who sent this request, or raise `NotAuthorized`; may wait for the issuer.

        `path` is the raw path below `url`, escapes as they came; `headers` are all header lines.
        """
        presented = self._read(headers)
        papers = await self._cache.apapers(presented.kid, self._wire.arun)
        caller, replay_key, now = self._judge(presented, papers, method, path)
        if replay_key is not None:
            first = remember(self._replay, replay_key, now)
            settle(await first if inspect.isawaitable(first) else first, self.rules.challenge(now))
        flow = self._question(presented, papers, caller)
        if flow is not None:
            with _failing_closed():
                self._hear(presented, now, alive=await self._wire.arun(flow))
        self.demand(caller, needs)
        return caller

    def demand(self, caller: Caller, needs: Needs | None) -> None:
        """Raise `NotAuthorized` unless a caller who was let in has what one more thing needs."""
        if needs is not None:
            now = self._now()
            needs.check(caller, now, self.rules.challenge(now))

    def nonce(self) -> str | None:
        """The nonce for the header `DPoP-Nonce` of answers, None where none is required (RFC 9449 §8.2)."""
        return self.rules.challenge(self._now()).nonce

    def close(self) -> None:
        """Close the connections that threads opened."""
        self._wire.close()

    async def aclose(self) -> None:
        """Close the connections that this event loop opened."""
        await self._wire.aclose()

    def _now(self) -> float:
        return self._surroundings.now().timestamp()

    def _read(self, headers: Headers) -> Presented:
        return read_request(headers, self.rules.algorithms, self.rules.challenge(self._now()))

    def _judge(
        self, presented: Presented, papers: Papers, method: str, path: str
    ) -> tuple[Caller, bytes | None, float]:
        now = self._now()
        judged = judge(self.rules, papers.keys, presented, method, path, now)
        return judged.caller, judged.replay_key, now

    def _question(self, presented: Presented, papers: Papers, caller: Caller) -> Flow[bool] | None:
        """What to ask the issuer, if anything."""
        if self._introspection is None or self._answers.knows(presented.token, self._now()):
            return None
        if papers.introspection_endpoint is None:
            _log.warning("The metadata of %s names no introspection_endpoint.", self.rules.issuer)
            raise unavailable(_CANNOT_ASK)
        return introspect(papers.introspection_endpoint, self._introspection, presented.token, caller)

    def _hear(self, presented: Presented, asked_at: float, *, alive: bool) -> None:
        if not alive:
            raise self.rules.challenge(self._now()).token("the issuer has ended it", presented.scheme)
        self._answers.keep(presented.token, asked_at)


@contextmanager
def _failing_closed() -> Generator[None]:
    """Without an answer nobody passes."""
    try:
        yield
    except Unreachable as error:
        _log.warning("Introspection failed: no answer (%s).", error)
        raise unavailable(_CANNOT_ASK) from None
    except UnexpectedResponse as error:
        _log.warning("Introspection failed: %s", error)
        raise unavailable(_CANNOT_ASK) from None
