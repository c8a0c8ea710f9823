# SPDX-License-Identifier: Apache-2.0
"""httptools gathers a head of any length in memory before anybody is asked: this ends such a connection early.

The gate behind it answers heads and bodies that are merely too large; only what is far beyond both is cut here.
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_REQUEST_BYTES = 128 * 1024
"""Of one request, its head, body and trailers together. The read that a request begins in is not counted."""

_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
)


class BoundedHttpTools(HttpToolsProtocol):
    """uvicorn's protocol, but for what one request may weigh."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*arguments, **options)
        self._in_request = False
        self._weight = 0

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a request that an earlier read began."""
        if self._in_request:
            self._weight += len(data)
        if self._weight <= MAX_REQUEST_BYTES:
            super().data_received(data)
            return
        cycle: Any = self.cycle  # None before the first request, whatever its annotation says
        if cycle is None or cycle.response_complete:
            self.transport.write(_REFUSAL)
        self.transport.close()

    def on_message_begin(self) -> None:
        """A new request."""
        self._in_request = True
        self._weight = 0
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """It is whole."""
        self._in_request = False
        super().on_message_complete()
