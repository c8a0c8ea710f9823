# SPDX-License-Identifier: Apache-2.0
"""`just mail-matrix`: every provider of mail, well and unwell, over real sockets; what became of the mail each time.

A column is one function that makes a provider unwell, lets the worker send, and says what became of the mail and
whether that is what must happen. Ends with 1 where a cell is wrong.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from rich.console import Console  # noqa: E402 - what follows is found by the path above
from rich.table import Table  # noqa: E402

from attack.attacked_providers import KINDS, SHARE_SECONDS, Attacked, Fate, attacked  # noqa: E402
from attack.mail_webhooks import duplicate_webhook, forged_webhook  # noqa: E402
from counterfoil_service.core import mail_report  # noqa: E402
from support.mail_providers import PROVIDERS  # noqa: E402
from support.receivers import CUT  # noqa: E402

Cell = tuple[str, bool]
Column = Callable[[Attacked], Awaitable[Cell]]
UNFOLDED = 160


async def ok(one: Attacked) -> Cell:
    """All is well."""
    return _sent_by(await one.mail(), one.kind)


async def slow(one: Attacked) -> Cell:
    """It takes the mail, and answers when nobody listens any more: it perhaps has the mail, and is asked again."""
    one.provider.seconds = 2 * SHARE_SECONDS
    return await _asked_again(one)


async def four_hundreds(one: Attacked) -> Cell:
    """An API refuses the recipient for good. A mail server's 4xx says that it may take the mail another time."""
    if one.kind == "smtp":
        return await _passed_on(one, 451)
    one.provider.replies = [PROVIDERS[one.kind].refused]
    return _failed(await one.mail())


async def too_many(one: Attacked) -> Cell:
    """It has had too much mail."""
    return await _passed_on(one, 421 if one.kind == "smtp" else 429)


async def five_hundreds(one: Attacked) -> Cell:
    """An API is down. A mail server's 5xx refuses the recipient for good."""
    if one.kind != "smtp":
        return await _passed_on(one, 503)
    one.provider.replies = [550]
    return _failed(await one.mail())


async def hang_up(one: Attacked) -> Cell:
    """It hangs up when it has the whole mail: it perhaps takes it, and is asked again."""
    one.provider.replies = [CUT]
    return await _asked_again(one)


async def duplicate(one: Attacked) -> Cell:
    """It tells the same twice."""
    return await _told_by(one, duplicate_webhook)


async def forged(one: Attacked) -> Cell:
    """Somebody tells in its name."""
    return await _told_by(one, forged_webhook)


async def _told_by(one: Attacked, sent: Callable[[mail_report.Provider], Awaitable[Cell]]) -> Cell:
    telling = {name: name for name in mail_report.PROVIDERS}
    return await sent(telling[one.kind]) if one.kind in telling else ("tells nothing", True)


COLUMNS: Final[dict[str, Column]] = {
    "ok": ok,
    "slow": slow,
    "4xx": four_hundreds,
    "too many": too_many,
    "5xx": five_hundreds,
    "hang-up": hang_up,
    "duplicate webhook": duplicate,
    "forged webhook": forged,
}


def _sent_by(fate: Fate, name: str) -> Cell:
    return fate.told, (fate.state, fate.provider, fate.copies + fate.spare_copies) == ("sent", name, 1)


def _failed(fate: Fate) -> Cell:
    return fate.told, (fate.state, fate.copies, fate.spare_copies) == ("failed", 0, 0)


async def _passed_on(one: Attacked, status: int) -> Cell:
    one.provider.replies = [status]
    fate = await one.mail()
    return f"passed on, {fate.told}", _sent_by(fate, one.next)[1] and fate.copies == 0


async def _asked_again(one: Attacked) -> Cell:
    """The next one is left alone, so that nobody has the mail but who perhaps had it before."""
    before = await one.mail()
    after = await one.again()
    held = (before.state, before.provider, before.spare_copies) == ("queued", one.kind, 0)
    sent = (after.state, after.provider, after.spare_copies) == ("sent", one.kind, 0)
    return f"{before.told}; then {after.told}", held and sent and after.copies >= 1


async def matrix(kinds: tuple[str, ...] = KINDS) -> dict[str, list[Cell]]:
    """Each provider's row."""
    rows = {}
    for kind in kinds:
        async with attacked(kind) as one:
            rows[kind] = [await column(one) for column in COLUMNS.values()]
    return rows


def main() -> int:
    """The exit status."""
    console = Console(highlight=False)
    console.width = console.width if console.is_terminal else UNFOLDED
    logging.disable(logging.WARNING)
    try:
        rows = asyncio.run(matrix())
    finally:
        logging.disable(logging.NOTSET)
    table = Table("provider", *COLUMNS)
    for kind, cells in rows.items():
        table.add_row(kind, *(text if right else f"[red]WRONG[/] {text}" for text, right in cells))
    console.print(table)
    console.print("Two copies: it took the mail, told nobody, and knows no idempotency keys.")
    wrong = sum(not right for cells in rows.values() for _, right in cells)
    console.print(f"WRONG: {wrong} of the cells" if wrong else "Each mail ended as it must.")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
