# SPDX-License-Identifier: Apache-2.0
"""Providers that are asked by HTTP: what they have in common. What each of them wants to hear is in its own module."""

import ssl
from email.message import EmailMessage
from http import HTTPStatus
from typing import Any, Final, Protocol

import msgspec

from counterfoil_service.db.engine import Clock
from counterfoil_service.http_post import Answer, post
from counterfoil_service.mail.transports import PerhapsTaken, TryLater

ANSWER_BYTES: Final = 65_536
_TAKEN: Final = range(200, 300)
# A gateway's word that it heard nothing from the API behind it: the mail may be there.
_UNHEARD: Final = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})


class Request(msgspec.Struct, frozen=True):
    """One POST."""

    url: str
    headers: dict[str, str]
    body: bytes

    def __repr__(self) -> str:
        # Link and key are in it.
        return "Request(...)"


class Api(Protocol):
    """What one provider wants to hear, and what its answers mean; a value, nothing is sent here."""

    name: str

    def request(self, message: EmailMessage, recipient: str, now: int) -> Request:
        """The mail as this provider takes it, without tracking of clicks and opens [R115]; `now` in microseconds."""

    def judge(self, answer: Answer) -> Exception | None:
        """What an answer other than 2xx means: Undeliverable, TryLater or PerhapsTaken; None for a mail it has."""


class HttpTransport:
    """Satisfies `Transport`. `tls` trusts whom the operator's system trusts."""

    def __init__(self, api: Api, tls: ssl.SSLContext | None, clock: Clock) -> None:
        self.name = api.name
        self._api = api
        self._tls = tls
        self._clock = clock

    async def send(self, message: EmailMessage, recipient: str, seconds: float) -> None:
        """One POST on a connection of its own."""
        request = self._api.request(message, recipient, self._clock())
        left = False

        def leaving() -> None:
            nonlocal left
            left = True

        try:
            answer = await post(
                request.url,
                body=request.body,
                headers={"User-Agent": "Counterfoil", "Accept": "application/json", **request.headers},
                timeout=seconds,
                limit=ANSWER_BYTES,
                tls=self._tls,
                leaving=leaving,
            )
        except OSError as error:
            raise (PerhapsTaken if left else TryLater)(type(error).__name__) from None
        if answer.status in _TAKEN:
            return
        if answer.status in _UNHEARD:
            raise PerhapsTaken(f"{self.name}_{answer.status}")
        trouble = self._api.judge(answer)
        if trouble is not None:
            raise trouble


def told(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer, empty where there is none."""
    try:
        read = msgspec.json.decode(answer.body or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}
