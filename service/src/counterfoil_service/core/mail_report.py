# SPDX-License-Identifier: Apache-2.0
"""What a mail provider tells of a mail after it took it: one state, whose mail, and which of its reports it was.

These states stand beside a login's and never move it [R120]: they come late, twice and in any order.
"""

import re
from typing import Any, Final, Literal

import msgspec

Provider = Literal["hook", "mailgun", "postmark", "resend", "ses"]
PROVIDERS: Final[tuple[Provider, ...]] = ("hook", "mailgun", "postmark", "resend", "ses")

DeliveryState = Literal["deferred", "delivered", "failed", "suppressed", "bounced", "complained"]
WEIGHTS: Final[dict[DeliveryState, int]] = {
    "deferred": 1,
    "delivered": 2,
    "failed": 3,
    "suppressed": 4,
    "bounced": 5,
    "complained": 6,
}
"""Of several reports on one mail the weightiest stays: what calls for somebody's hand outweighs what does not."""

PROVING: Final = frozenset({"deferred", "delivered", "bounced", "complained"})
"""What only a provider tells that has the mail; one that gave it up has it no more, and another may be asked."""

SUPPRESSING: Final = frozenset({"bounced", "complained"})
"""After these the address gets no more mail."""

MAIL_ID: Final = "mail_id"
"""The name under which a mail carries its id at every provider."""

_MAIL_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


class MailReport(msgspec.Struct, frozen=True):
    """`mail_id` is the outbox row's. `bounced` is for good: a mailbox that is full, or a server that is busy, defers.

    `word` is the provider's own word for why: a code, never prose, as that may quote the address.
    """

    state: DeliveryState
    mail_id: str
    word: str | None = None

    @classmethod
    def told(cls, state: DeliveryState | None, mail_id: object, word: object = None) -> "MailReport | None":
        """None for what is of no use: another kind of event, or a mail that is not ours."""
        if state is None or not isinstance(mail_id, str) or not _MAIL_ID.fullmatch(mail_id):
            return None
        return cls(state, mail_id, word if isinstance(word, str) and _WORD.fullmatch(word) else None)


class Accepted(msgspec.Struct, frozen=True):
    """A webhook that is genuine. `report` None: it tells nothing that is of use here.

    `event_id` is the same when the provider tells the same again. `nonce` is for a scheme whose signature leaves the
    message out: it may be good for one message alone.
    """

    provider: Provider
    event_id: str
    report: MailReport | None
    nonce: str | None = None

    @property
    def once(self) -> tuple[str, ...]:
        """What must not have come before, the nonce first: beside a spent one no event counts as told."""
        event = f"{self.provider} event {self.event_id}"
        return (event,) if self.nonce is None else (f"{self.provider} nonce {self.nonce}", event)


def id_within(message_id: str) -> str:
    """What stands before the @ of a Message-ID: of a mail of ours its id."""
    return message_id.strip().strip("<>").partition("@")[0]


def document_of(body: bytes | str) -> Any:  # noqa: ANN401 - JSON of any shape
    """JSON, or None where it is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None


def within(document: Any, *path: str) -> Any:  # noqa: ANN401 - JSON of any shape
    """What stands at a path of names; None where the way ends before."""
    for name in path:
        if not isinstance(document, dict):
            return None
        document = document.get(name)
    return document


def text_within(document: Any, *path: str) -> str:  # noqa: ANN401 - JSON of any shape
    """The text there; empty where there is none."""
    found = within(document, *path)
    return found if isinstance(found, str) else ""
