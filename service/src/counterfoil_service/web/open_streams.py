# SPDX-License-Identifier: Apache-2.0
"""Answers that last: how many of them somebody may have at once in this process, which serves others, too."""

import weakref
from collections import Counter
from collections.abc import AsyncIterator
from typing import Final

from counterfoil_service.core.errors import ErrorCode, Refusal

MOST_AT_ONCE: Final = 8
_LATER_SECONDS: Final = 10


class TooManyStreams(Refusal):
    """Time alone does not help: what they have open does not end by itself."""

    def __init__(self) -> None:
        super().__init__(
            ErrorCode.SLOW_DOWN,
            f"You have {MOST_AT_ONCE} live tails and exports open, and no more run at once: close one, or wait for one"
            " to end.",
            retry_after=_LATER_SECONDS,
        )


class OpenStreams:
    """By whose they are."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def count(self, who: str) -> int:
        """How many are open."""
        return self._open[who]

    def begin(self, who: str, blocks: AsyncIterator[bytes]) -> "Held":
        """These blocks, counted until they end or nobody wants them any more; a Refusal where there are enough."""
        if self._open[who] >= MOST_AT_ONCE:
            raise TooManyStreams
        self._open[who] += 1
        return Held(blocks, self, who)

    def end(self, who: str) -> None:
        """One of theirs is over."""
        self._open[who] -= 1
        if not self._open[who]:
            del self._open[who]


class Held(AsyncIterator[bytes]):
    """Blocks that are counted. An answer may be dropped before anybody asks for its first block: that ends it, too."""

    def __init__(self, blocks: AsyncIterator[bytes], streams: OpenStreams, who: str) -> None:
        self._blocks = blocks
        self._end = weakref.finalize(self, streams.end, who)

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._blocks)
        except BaseException:
            self._end()
            raise
