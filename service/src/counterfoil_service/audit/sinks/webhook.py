# SPDX-License-Identifier: Apache-2.0
"""Entries by webhook, signed as Standard Webhooks 1.0.0 has it: the receiver's 2xx is the acknowledgement."""

import re
import ssl
from hashlib import sha256
from http import HTTPStatus

import msgspec

from counterfoil_service.audit.sinks.sender import Gone, TryLater, code_of
from counterfoil_service.core.leaf import rfc3339
from counterfoil_service.core.retrying import retry_after
from counterfoil_service.crypto.webhook_signature import signed_headers
from counterfoil_service.http_post import Answer, post
from counterfoil_service.operations.read_batch import Batch
from counterfoil_service.settings.secret import Secret

TIMEOUT_SECONDS = 15
_TYPE = "audit.entries"
_VISIBLE = re.compile(r"[!-~]+")
_ANSWER_BYTES = 16_384
_TAKEN = range(200, 300)


class WebhookSender:
    """Satisfies `Sender`. `key` is `whsec_` and base64; `origin` the log's name, as its checkpoints have it.

    A `ValueError` for a URL that no request could carry; it does not show it.
    """

    def __init__(self, url: str, key: Secret, origin: str, tls: ssl.SSLContext) -> None:
        if not _VISIBLE.fullmatch(url):
            raise ValueError("the URL of a webhook must be visible ASCII: percent-encode what is not")
        self._url = url
        self._key = key
        self._origin = origin
        self._tls = tls

    async def send(self, batch: Batch, now: int) -> None:
        """One POST. Its id and body are the batch's alone; time and signature are those of this attempt."""
        body = body_of(batch, self._origin)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Counterfoil",
            **signed_headers(self._key, id_of(batch, body), body, now),
        }
        try:
            answer = await post(
                self._url, body=body, headers=headers, timeout=TIMEOUT_SECONDS, limit=_ANSWER_BYTES, tls=self._tls
            )
        except OSError as error:
            raise TryLater(code_of(error)) from None
        _check(answer, now)


def body_of(batch: Batch, origin: str) -> bytes:
    """Each leaf stands in it as it was hashed: RFC 8785 bytes, personal fields sealed."""
    entries = [{"index": entry.index, "leaf": msgspec.Raw(entry.data)} for entry in batch.entries]
    data = {"origin": origin, "first_index": batch.entries[0].index, "entries": entries}
    return msgspec.json.encode({"type": _TYPE, "timestamp": rfc3339(batch.time), "data": data})


def id_of(batch: Batch, body: bytes) -> str:
    """The same for the same entries and for no others, were the log another one from a backup; without a full stop."""
    return f"entries_{batch.entries[0].index}_{len(batch.entries)}_{sha256(body).hexdigest()[:16]}"


def _check(answer: Answer, now: int) -> None:
    if answer.status in _TAKEN:
        return
    if answer.status == HTTPStatus.GONE:
        raise Gone
    raise TryLater(f"http_{answer.status}", retry_after(answer.headers.get("retry-after", ""), now))
