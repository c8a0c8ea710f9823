# SPDX-License-Identifier: Apache-2.0
"""How a worker is told to leave, and rests between two rounds."""

import asyncio
import contextlib


class Stopping:
    """One worker's. `asked` once it shall finish what is under way and begin nothing else."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def asked(self) -> bool:
        """Whether it was told to leave."""
        return self._event.is_set()

    def ask(self) -> None:
        """Tell it; returns at once."""
        self._event.set()

    async def rest(self, seconds: float) -> None:
        """For so long, or until told to leave."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
