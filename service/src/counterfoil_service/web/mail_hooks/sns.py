# SPDX-License-Identifier: Apache-2.0
"""Messages of an Amazon SNS topic: signed by a key whose certificate SNS itself hands out.

(SNS Developer Guide, Verifying the signatures of Amazon SNS messages.) The certificate is believed for where it came
from: over https, from the one host that is the topic's region's, whatever else a message may name.
"""

import base64
import binascii
import re
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import Final, Literal

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.login import SECOND
from counterfoil_service.core.moments import in_utc
from counterfoil_service.db.engine import unavailable
from counterfoil_service.http_post import Answer, get
from counterfoil_service.web.mail_hooks.incoming import Incoming, Unverified, check_time

OLDEST = 65 * 60 * SECOND
"""SNS signs once, and may try again for an hour."""

FETCHES = 6
"""Certificates never seen that are asked for in a minute at most: whoever knows the topic's name can ask us to ask."""

_FETCH_SECONDS = 5
_FETCHED_BYTES = 16_384
_MINUTE = 60 * SECOND
_DAY = 86_400 * SECOND
_KEPT = 4

Fetch = Callable[[str], Awaitable[Answer]]
_Certificates = dict[str, tuple[int, x509.Certificate]]
"""By URL: when each is to be asked for again (microseconds UTC), and the certificate."""
Kind = Literal["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]

_SIGNED: Final[dict[Kind, tuple[str, ...]]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    **dict.fromkeys(
        ("SubscriptionConfirmation", "UnsubscribeConfirmation"),
        ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}


class SnsMessage(msgspec.Struct, frozen=True, rename={
    "kind": "Type", "id": "MessageId", "topic": "TopicArn", "message": "Message", "sent_at": "Timestamp",
    "version": "SignatureVersion", "signature": "Signature", "certificate_url": "SigningCertURL",
    "subscribe_url": "SubscribeURL", "token": "Token", "subject": "Subject",
}):  # fmt: skip
    """What is read of a message, under its own names on the wire."""

    kind: Kind
    id: str
    topic: str
    message: str
    sent_at: str
    version: str
    signature: str
    certificate_url: str
    subscribe_url: str = ""
    token: str = ""
    subject: str | None = None

    @property
    def signed(self) -> bytes:
        """What the signature is over: each name and value on a line of its own."""
        values = msgspec.to_builtins(self)
        lines = [f"{name}\n{values[name]}\n" for name in _SIGNED[self.kind] if values[name] is not None]
        return "".join(lines).encode()


class Topic:
    """`arn` is the one topic whose messages count; `authority` the host, and port, that its certificates come from."""

    def __init__(self, arn: str, authority: str, fetch: Fetch | None = None) -> None:
        self._arn = arn
        self._authority = authority
        self._fetch = fetch or _get
        self._certificate_url = re.compile(
            rf"https://{re.escape(authority)}/SimpleNotificationService-[0-9A-Za-z]{{1,64}}\.pem"
        )
        self._subscribe_url = re.compile(
            rf"https://{re.escape(authority)}/\?Action=ConfirmSubscription&[!-~]{{1,2000}}"
        )
        # Those that a message of ours was signed with, apart from what anybody may make us ask for.
        self._known: _Certificates = {}
        self._unproven: _Certificates = {}
        self._asked: deque[int] = deque(maxlen=FETCHES)

    async def verified(self, incoming: Incoming) -> SnsMessage:
        """The message, once all of it is known to be our topic's."""
        try:
            message = msgspec.json.decode(incoming.body, type=SnsMessage)
            signature = base64.b64decode(message.signature, validate=True)
            signed = message.signed
            sent_at = _instant(datetime.fromisoformat(message.sent_at))
        except (msgspec.MsgspecError, binascii.Error, ValueError, OverflowError, RecursionError):
            raise Unverified("not_signed") from None
        if message.topic != self._arn:
            raise Unverified("topic")
        if message.version != "2":
            raise Unverified("signature_version")
        check_time(sent_at, incoming.now, oldest=OLDEST)
        if not self._certificate_url.fullmatch(message.certificate_url):
            raise Unverified("certificate")
        certificate = await self._certificate(message.certificate_url, incoming.now)
        try:
            _key(certificate, incoming.now).verify(signature, signed, PKCS1v15(), SHA256())
        except InvalidSignature:
            raise Unverified("signature") from None
        self._keep(message.certificate_url, certificate, incoming.now)
        return message

    async def confirm(self, message: SnsMessage) -> None:
        """Visit the address by which a subscription begins; a verified message's, and on the same host alone."""
        if not self._subscribe_url.fullmatch(message.subscribe_url):
            raise Unverified("certificate")
        if (await self._visited(message.subscribe_url)).status != HTTPStatus.OK:
            raise unavailable()

    async def _certificate(self, url: str, now: int) -> x509.Certificate:
        kept = self._known.get(url) or self._unproven.get(url)
        if kept is not None and now < kept[0]:
            return kept[1]
        if kept is None or url not in self._known:
            if len(self._asked) == FETCHES and now - self._asked[0] < _MINUTE:
                raise unavailable()
            self._asked.append(now)
            fetched = await self._fetched(url)
            _put(self._unproven, url, fetched, now)
            return fetched
        # A known one counts for as long as it is valid, and its host is asked once a minute until it answers.
        self._known[url] = (now + _MINUTE, kept[1])
        try:
            return await self._fetched(url)
        except (Unverified, Refusal):
            return kept[1]

    def _keep(self, url: str, certificate: x509.Certificate, now: int) -> None:
        found = self._known.get(url)
        if found is None or found[1] is not certificate:
            _put(self._known, url, certificate, now)
            self._unproven.pop(url, None)

    async def _fetched(self, url: str) -> x509.Certificate:
        answer = await self._visited(url)
        try:
            if answer.status != HTTPStatus.OK:
                raise ValueError("no certificate")  # noqa: TRY301 - as little of a certificate as what cannot be read
            return x509.load_pem_x509_certificate(answer.body or b"")
        except ValueError:
            raise Unverified("certificate") from None

    async def _visited(self, url: str) -> Answer:
        try:
            return await self._fetch(url)
        except OSError:
            # Whether it is genuine cannot be told now: SNS tries again.
            raise unavailable() from None


def authority_of(arn: str) -> str:
    """The host of a topic's region: its certificates are nowhere else."""
    _, partition, _, region, *_ = arn.split(":")
    return f"sns.{region}.amazonaws.com" + (".cn" if partition == "aws-cn" else "")


def _put(certificates: _Certificates, url: str, certificate: x509.Certificate, now: int) -> None:
    certificates.pop(url, None)
    while len(certificates) >= _KEPT:
        del certificates[next(iter(certificates))]
    certificates[url] = (now + _DAY, certificate)


def _key(certificate: x509.Certificate, now: int) -> RSAPublicKey:
    begin, end = _instant(certificate.not_valid_before_utc), _instant(certificate.not_valid_after_utc)
    key = certificate.public_key()
    if not begin <= now <= end or not isinstance(key, RSAPublicKey):
        raise Unverified("certificate")
    return key


def _instant(moment: datetime) -> int:
    return round(in_utc(moment).timestamp() * SECOND)


async def _get(url: str) -> Answer:
    return await get(url, timeout=_FETCH_SECONDS, limit=_FETCHED_BYTES)
