# SPDX-License-Identifier: Apache-2.0
"""Take home what came by redirect, beside the wait: on the listener's thread, or wherever the application has the URL.

Neither class knows the pending login, so that an application which drops that login closes its listener, too.
"""

import asyncio
import threading
from concurrent.futures import CancelledError

from counterfoil_client import _flows
from counterfoil_client._drive import AsyncRunner, Runner
from counterfoil_client._flows import Channel, OpenLogin

_LONGEST = 60.0


class Homecoming:
    """For threads. `turn` is held while a code is redeemed, `stop` ends the pause of a wait that must look again."""

    def __init__(self, channel: Channel, login: OpenLogin, runner: Runner) -> None:
        self._channel = channel
        self._login = login
        self._runner = runner
        self.turn = threading.Lock()
        self.stop = threading.Event()

    def redeem(self, url: str) -> bool:
        """Check the URL and redeem its code; True when there is a session."""
        with self.turn:
            try:
                return self._runner.run(_flows.redeem_code(self._channel, self._login, url))
            finally:
                if self._login.is_over:
                    self.stop.set()

    def receive(self, url: str) -> bool:
        """Do it for the listener."""
        return self.redeem(url)


class AsyncHomecoming:
    """For tasks. `turn` is held while a code is redeemed, `stop` ends the pause of a wait that must look again."""

    def __init__(self, channel: Channel, login: OpenLogin, runner: AsyncRunner) -> None:
        self._channel = channel
        self._login = login
        self._runner = runner
        self._loop = asyncio.get_running_loop()
        self.turn = asyncio.Lock()
        self.stop = asyncio.Event()

    async def redeem(self, url: str) -> bool:
        """Check the URL and redeem its code; True when there is a session."""
        async with self.turn:
            try:
                return await self._runner.run(_flows.redeem_code(self._channel, self._login, url))
            finally:
                if self._login.is_over:
                    self.stop.set()

    def receive(self, url: str) -> bool:
        """Do it for the listener, whose thread waits for the loop; a URL that is not the answer does not get there."""
        if self._login.way_home is not None:
            self._login.way_home.read(url)
        redeeming = self.redeem(url)
        try:
            future = asyncio.run_coroutine_threadsafe(redeeming, self._loop)
        except RuntimeError:
            # The loop is closed, and the application gone with it.
            redeeming.close()
            return False
        try:
            return future.result(_LONGEST)
        except (TimeoutError, CancelledError):
            future.cancel()
            return False
