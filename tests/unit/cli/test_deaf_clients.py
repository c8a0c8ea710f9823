# SPDX-License-Identifier: Apache-2.0
"""Who takes nothing of what waits for it is cut off; who takes a little, or is owed nothing, is not."""

import asyncio
from typing import Any, cast

import pytest

from counterfoil_service.cli.deaf_clients import Connection, cut_off


class Line:
    """A connection and its transport in one: `sizes` is what waits for it at each look, the last one for ever."""

    def __init__(self, *sizes: int) -> None:
        self._sizes = sizes
        self.aborted = False

    @property
    def transport(self) -> asyncio.Transport:
        return cast("asyncio.Transport", self)

    def get_write_buffer_size(self) -> int:
        size, self._sizes = self._sizes[0], self._sizes[1:] or self._sizes
        return size

    def abort(self) -> None:
        self.aborted = True


async def after_looks(*lines: Line) -> list[bool]:
    cutting = asyncio.create_task(cut_off(cast("list[Connection]", list(lines)), 0.01))
    await asyncio.sleep(0.1)
    cutting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cutting
    return [line.aborted for line in lines]


async def test_only_the_deaf_are_cut_off() -> None:
    deaf, slow, silent = Line(5_000), Line(*range(5_000, 4_000, -1)), Line(0)
    assert await after_looks(deaf, slow, silent) == [True, False, False]


async def test_one_that_stops_reading_later_is_cut_off_then() -> None:
    assert await after_looks(Line(9, 8, 7, 7)) == [True]


async def test_connections_that_come_and_go_between_looks_do_no_harm() -> None:
    lines: list[Any] = [Line(1)]
    cutting = asyncio.create_task(cut_off(lines, 0.01))
    await asyncio.sleep(0.015)
    gone = lines.pop()
    lines.append(Line(0))
    await asyncio.sleep(0.03)
    cutting.cancel()
    assert (gone.aborted, lines[0].aborted, cutting.done()) == (False, False, False)
