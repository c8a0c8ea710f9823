# SPDX-License-Identifier: Apache-2.0
"""Let fresh mail leave although the clock was set back since it was queued."""

from counterfoil_service.db import outbox
from counterfoil_service.db.engine import Context, Transaction


async def bring_mail_forward(tx: Transaction, _command: None, context: Context) -> None:
    """What nobody has tried yet is due now: only a clock that was ahead can have made it due later.

    It would otherwise wait as long as the clock was ahead, which may be longer than its link is good for.
    """
    await outbox.make_due(tx, now=context.now)
