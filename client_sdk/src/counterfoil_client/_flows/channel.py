# SPDX-License-Identifier: Apache-2.0
"""One client's line to one service: discovery once, a fresh proof for every attempt, the newest nonce remembered."""

import contextlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from counterfoil_client import _replies
from counterfoil_client._effects import Flow, Request, Response, Unreachable, Wait, ask
from counterfoil_client._fingerprint.description import Description
from counterfoil_client._issuer import Issuer
from counterfoil_client._pace import backoff
from counterfoil_client._proof import JTI_BYTES, make_proof
from counterfoil_client._session_state import Keeper
from counterfoil_client._surroundings import Surroundings
from counterfoil_client._wire import Metadata, refuse_oversize
from counterfoil_client.errors import ConfigurationError, ServiceUnreachable, UnexpectedResponse
from counterfoil_client.stores import DeviceKey

Pairs = Sequence[tuple[str, str]]

_LONGEST_PAUSE = 10
"""Seconds that a call waits to be made again, at the service's word; whoever is told of more hears of it at once."""
_NONCE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,512}")


@dataclass(slots=True)
class Channel:
    """What every conversation of one client shares."""

    issuer: Issuer
    client_id: str
    surroundings: Surroundings
    key: DeviceKey | None = field(default=None, repr=False)
    metadata: Metadata | None = None
    nonce: str | None = field(default=None, repr=False)
    keeper: Keeper | None = field(default=None, repr=False)
    description: Description | None = None
    ask_again_at: float = 0.0
    """When the service takes the next request for a link, on the monotonic clock: it said so in a refusal."""

    @classmethod
    def open(cls, issuer: str, client_id: str, surroundings: Surroundings | None) -> "Channel":
        """Check what the application configured; nothing is sent yet."""
        if not (client_id and client_id.isascii() and client_id.isprintable()):
            raise ConfigurationError("client_id must be printable ASCII")
        return cls(Issuer.parse(issuer), client_id, Surroundings() if surroundings is None else surroundings)

    def fingerprint(self, key: DeviceKey) -> str | None:
        """Describe the device as it is now, for this service and this application alone; None if that is not wanted.

        It reads the machine, so it is called beside a conversation and not within.
        """
        if self.description is None:
            return None
        return self.description.encoded(self.surroundings.profile(), self.issuer.text, self.client_id, key)

    def discover(self, tries: int = 3) -> Flow[Metadata]:
        """Fetch the metadata once and hold it against the configured issuer [R3]."""
        if self.metadata is None:
            request = Request("GET", self.issuer.metadata_url, (("Accept", "application/json"),))
            self.metadata = self._check(
                _replies.expect((yield from self.insist(lambda: self._send(request), tries)), Metadata)
            )
        return self.metadata

    def insist(self, attempt: Callable[[], Flow[Response]], tries: int = 3) -> Flow[Response]:
        """Make what may safely be made again, while no answer comes or one that says "not now"; wait as it says."""
        for failures in range(1, tries):
            told = 0
            with contextlib.suppress(Unreachable):
                response = yield from attempt()
                told = _replies.retry_after(response) or 0
                if not response.is_trouble or told > _LONGEST_PAUSE:
                    return response
            yield Wait(max(backoff(failures, self.surroundings.jitter()), told))
        return (yield from reached(attempt()))

    def post(
        self, key: DeviceKey, url: str, form: Pairs, *, headers: Pairs = (), read_timeout: float = 10.0
    ) -> Flow[Response]:
        """Send a form with a proof; if the service wants a newer nonce, once more at once, with a new proof."""
        for _ in range(2):
            proof = ("DPoP", self._proof(key, url))
            common = (("Accept", "application/json"), proof, *headers)
            response = yield from self._send(Request("POST", url, common, tuple(form), read_timeout))
            if not _replies.wants_nonce(response):
                return response
            if _nonce_of(response) is None:
                raise UnexpectedResponse("The service asks for a nonce and gives none.")
        raise UnexpectedResponse("The service refuses the nonce that it has just given.")

    def _send(self, request: Request) -> Flow[Response]:
        response = refuse_oversize((yield from ask(request)))
        self.nonce = _nonce_of(response) or self.nonce
        return response

    def _proof(self, key: DeviceKey, url: str) -> str:
        jti = self.surroundings.entropy(JTI_BYTES)
        return make_proof(key, "POST", url, now=self.surroundings.now(), jti=jti, nonce=self.nonce)

    def _check(self, metadata: Metadata) -> Metadata:
        if metadata.issuer != self.issuer.text:
            raise UnexpectedResponse("The service says that it is another issuer than the configured one.")
        for name in ("device_authorization_endpoint", "token_endpoint", "revocation_endpoint", "mail_code_endpoint"):
            if (url := getattr(metadata, name)) is not None:
                self.issuer.own(url, name)
        return metadata


def reached(attempt: Flow[Response]) -> Flow[Response]:
    """Turn "no answer" into the error a person sees, where nothing is tried again."""
    try:
        return (yield from attempt)
    except Unreachable as error:
        raise ServiceUnreachable from error


def _nonce_of(response: Response) -> str | None:
    """The nonce in an answer, if it is one (RFC 9449 §8.1 allows these characters alone)."""
    nonce = response.headers.get("dpop-nonce", "")
    return nonce if _NONCE.fullmatch(nonce) else None
