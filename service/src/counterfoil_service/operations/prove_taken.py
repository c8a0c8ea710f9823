# SPDX-License-Identifier: Apache-2.0
"""Whether a provider has told that it has a mail which is about to be handed over once more."""

from counterfoil_service.core.mail_report import PROVING
from counterfoil_service.db import outbox
from counterfoil_service.db.engine import ReadTransaction
from counterfoil_service.db.outbox import Mail


async def prove_taken(tx: ReadTransaction, mail: Mail) -> bool:
    """What was told until now: the mail's own word is as old as its claim."""
    return await outbox.told_of(tx, mail) in PROVING
