# SPDX-License-Identifier: Apache-2.0
"""Entries by webhook, signed as Standard Webhooks 1.0.0 has it: the receiver's 2xx is the acknowledgement."""

import ssl
from hashlib import sha256

import msgspec

from counterfoil_service.audit.sinks.sender import Gone, TryLater
from counterfoil_service.core.leaf import rfc3339
from counterfoil_service.operations.read_batch import Batch
from counterfoil_service.settings.secret import Secret
from counterfoil_service.webhook_post import Hook, check_url, post_signed

TIMEOUT_SECONDS = 15
_TYPE = "audit.entries"


class WebhookSender:
    """Satisfies `Sender`. `key` is `whsec_` and base64; `origin` the log's name, as its checkpoints have it.

    A `ValueError` for a URL that no request could carry; it does not show it.
    """

    def __init__(self, url: str, key: Secret, origin: str, tls: ssl.SSLContext) -> None:
        check_url(url)
        self._hook = Hook(url, key, tls)
        self._origin = origin

    async def send(self, batch: Batch, now: int) -> None:
        """One POST. Its id and body are the batch's alone; time and signature are those of this attempt."""
        body = body_of(batch, self._origin)
        refused = await post_signed(self._hook, id_of(batch, body), body, now=now, seconds=TIMEOUT_SECONDS)
        if refused is None:
            return
        if refused.gone:
            raise Gone
        raise TryLater(refused.code, refused.wait)


def body_of(batch: Batch, origin: str) -> bytes:
    """Each leaf stands in it as it was hashed: RFC 8785 bytes, personal fields sealed."""
    entries = [{"index": entry.index, "leaf": msgspec.Raw(entry.data)} for entry in batch.entries]
    data = {"origin": origin, "first_index": batch.entries[0].index, "entries": entries}
    return msgspec.json.encode({"type": _TYPE, "timestamp": rfc3339(batch.time), "data": data})


def id_of(batch: Batch, body: bytes) -> str:
    """The same for the same entries and for no others, were the log another one from a backup; without a full stop."""
    return f"entries_{batch.entries[0].index}_{len(batch.entries)}_{sha256(body).hexdigest()[:16]}"
