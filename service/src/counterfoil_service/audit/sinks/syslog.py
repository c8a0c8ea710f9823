# SPDX-License-Identifier: Apache-2.0
"""Entries as RFC 5424 messages with octet counting: over TCP (RFC 6587 §3.4.1) or TLS (RFC 5425).

No syslog receiver says what it has stored. It must close once the sender has closed: that is the acknowledgement.
"""

import asyncio
import ssl

from counterfoil_service.audit.sinks.sender import TryLater
from counterfoil_service.audit.sinks.stream import deliver
from counterfoil_service.core.exports.exported import Exported
from counterfoil_service.core.exports.syslog import octet_counted
from counterfoil_service.operations.read_batch import Batch
from counterfoil_service.spellings import spelling
from counterfoil_service.webhook_post import code_of

TIMEOUT_SECONDS = 30


class SyslogSender:
    """Satisfies `Sender`. `tls` None is plain TCP; a `ValueError` for an enterprise number that nobody may use."""

    def __init__(self, host: str, port: int, enterprise: int, tls: ssl.SSLContext | None) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._line = spelling("syslog", enterprise).line

    async def send(self, batch: Batch, now: int) -> None:  # noqa: ARG002 - the interface
        """One connection a batch; a message an entry, each with its place in the log."""
        messages = (self._line(Exported(entry.leaf, entry.index, {})) for entry in batch.entries)
        data = b"".join(octet_counted(message) for message in messages)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await deliver(self._host, self._port, data, self._tls)
        except OSError as error:
            raise TryLater(code_of(error)) from None
