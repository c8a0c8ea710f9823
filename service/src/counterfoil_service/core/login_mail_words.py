# SPDX-License-Identifier: Apache-2.0
"""What became of the mail with a login's link, for an operator who is asked "why no mail?": one word, and why."""

from typing import Final, Literal

import msgspec

from counterfoil_service.core.mail_report import DeliveryState
from counterfoil_service.core.mail_words import HELD_BACK

Tone = Literal["", "good", "warn", "bad"]


class MailStanding(msgspec.Struct, frozen=True):
    """`word` stands alone; `why` is a clause without a stop, and may be empty."""

    word: str
    tone: Tone
    why: str = ""


_SENT: Final = MailStanding("sent", "good", "a mail server took it, and nothing has been reported since")
_TOLD: Final[dict[DeliveryState, MailStanding]] = {
    "deferred": MailStanding("delayed", "warn", "the provider has it and keeps trying"),
    "delivered": MailStanding("delivered", "good", "the provider says that it is in the mailbox, perhaps as spam"),
    "failed": MailStanding("failed", "bad", "the provider gave up"),
    "suppressed": MailStanding("failed", "bad", "the address is on the provider's own list of those that get none"),
    "bounced": MailStanding("bounced", "bad", "it bounced permanently"),
    "complained": MailStanding("unwanted", "bad", "the recipient marked it as spam"),
}


def mail_standing(
    *, state: str | None, attempts: int, delivery: DeliveryState | None, decoy: bool, held_back: str | None
) -> MailStanding:
    """`state` is the outbox row's, None where that is gone; `held_back` is a decoy's reason in the audit log."""
    if decoy:
        why = HELD_BACK.get(held_back or "", "its story says why")
        return MailStanding("decoy", "warn", f"no mail, as {why}; the device was not told")
    if state is None:
        return MailStanding("gone", "", "its state is no longer kept; the login's story tells it")
    if delivery is not None:
        return _TOLD[delivery]
    if state == "queued" and attempts:
        times = "once" if attempts == 1 else f"{attempts} times"
        return MailStanding("deferred", "warn", f"tried {times} without success, and will be again")
    if state == "queued":
        return MailStanding("queued", "", "it waits to be handed over")
    return _SENT if state == "sent" else MailStanding("failed", "bad", "it was given up; the login's story says why")
