# SPDX-License-Identifier: Apache-2.0
"""The wire to the issuer: one sender for threads, one for each event loop. The only file here that meets HTTP."""

import asyncio
import threading
from typing import TypeVar, final

from counterfoil_client._drive import AsyncRunner, Runner
from counterfoil_client._effects import Flow
from counterfoil_client._http import AsyncHttpClient, AsyncSender, HttpClient, Sender
from counterfoil_client._surroundings import Surroundings

T = TypeVar("T")


@final
class Wire:
    """Opens connections at the first request. HTTP clients handed in are used and not closed."""

    def __init__(
        self,
        http: HttpClient | None,
        async_http: AsyncHttpClient | None,
        surroundings: Surroundings,
        *,
        direct: bool,
    ) -> None:
        self._http = http
        self._async_http = async_http
        self._surroundings = surroundings
        self._direct = direct
        self._lock = threading.Lock()
        self._sender: Sender | None = None
        # A connection belongs to the loop that opened it; one API may serve from several.
        self._senders: dict[asyncio.AbstractEventLoop, AsyncSender] = {}

    def run(self, flow: Flow[T]) -> T:
        """Hold a conversation on this thread."""
        with self._lock:
            if self._sender is None:
                self._sender = Sender(self._http, direct=self._direct)
            sender = self._sender
        return Runner(sender.send, self._surroundings).run(flow)

    async def arun(self, flow: Flow[T]) -> T:
        """Hold a conversation on this task."""
        loop = asyncio.get_running_loop()
        with self._lock:
            sender = self._senders.get(loop)
            if sender is None:
                # What a closed loop opened went with it.
                self._senders = {known: its for known, its in self._senders.items() if not known.is_closed()}
                sender = self._senders[loop] = AsyncSender(self._async_http, direct=self._direct)
        return await AsyncRunner(sender.send, self._surroundings).run(flow)

    def close(self) -> None:
        """Close what threads opened."""
        with self._lock:
            sender, self._sender = self._sender, None
        if sender is not None:
            sender.close()

    async def aclose(self) -> None:
        """Close what this event loop opened."""
        with self._lock:
            sender = self._senders.pop(asyncio.get_running_loop(), None)
        if sender is not None:
            await sender.close()
