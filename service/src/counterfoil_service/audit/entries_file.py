# SPDX-License-Identifier: Apache-2.0
"""The log as JSON lines, which `audit export --format jsonl` wrote: entries alone, without hash or checkpoint."""

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from pathlib import Path

from counterfoil_service.audit.evidence import AlteredError, Bundle
from counterfoil_service.audit.pruning import MARK, announced_below
from counterfoil_service.core.leaf import MAX_BYTES, parse_leaf
from counterfoil_service.core.tiles import WIDTH


class EntriesFile:
    """Raises `OSError` for a file that cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = f"entries {path.resolve()}"

    async def bundles(self, start: int, end: int) -> AsyncIterator[Bundle]:
        """As `Source`, and one entry more where there is one: it is not under the checkpoint."""
        with self._path.open("rb") as file:
            lines = islice(_lines(file.readline), start, end + 1)
            while start <= end and (bundle := list(islice(lines, WIDTH - start % WIDTH))):
                yield Bundle([_checked(line, index) for index, line in enumerate(bundle, start)])
                start += len(bundle)

    async def ending(self, _size: int) -> None:
        """As `Source`."""

    def pruned_below(self) -> int:
        """The largest `below` that an entry announces."""
        with self._path.open("rb") as file:
            return max((announced_below(line) for line in _lines(file.readline) if MARK in line), default=0)


def _lines(readline: Callable[[int], bytes]) -> Iterator[bytes]:
    """Each without its LF. What is longer than any leaf comes in pieces, none of which is one."""
    while line := readline(MAX_BYTES + 1):
        yield line.removesuffix(b"\n")


def _checked(line: bytes, index: int) -> bytes:
    """Without hashes beside it, an entry shows by itself only whether it is a leaf at all."""
    try:
        parse_leaf(line)
    except ValueError:
        raise AlteredError(f"entry {index} is no leaf of this log", index) from None
    return line
