# SPDX-License-Identifier: Apache-2.0
"""The worker that mails links and notices: claims rows by lease, sends, writes what became of it.

Any number may run at once. A mail is sent at least once: a crash after the server took it and before the row says so
sends it again, with the same Message-ID.
"""

import asyncio
import contextlib
import logging
import traceback
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from counterfoil_service.core import link, mail_code
from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.languages import ENGLISH, one_of_ours
from counterfoil_service.core.login import SECOND
from counterfoil_service.core.retrying import backoff
from counterfoil_service.db.engine import Clock, Database, Entropy
from counterfoil_service.db.outbox import Mail
from counterfoil_service.languages.templates import FAILURES
from counterfoil_service.mail.render import LinkMail, MailTemplates, NoticeMail, render_link_mail, render_notice_mail
from counterfoil_service.mail.transports import PerhapsTaken, TryLater, Undeliverable
from counterfoil_service.mail.transports.chain import Chain
from counterfoil_service.operations.bring_mail_forward import bring_mail_forward
from counterfoil_service.operations.claim_mail import LEASE_SECONDS, ClaimedMail, claim_mail
from counterfoil_service.operations.prove_taken import prove_taken
from counterfoil_service.operations.settle_mail import SettleMail, settle_mails
from counterfoil_service.settings import Settings

BATCH = 20
POLL_SECONDS = 1.0
SEND_SECONDS = LEASE_SECONDS - 15
"""For one mail from connecting to the server's word, whatever time-outs its transport has on the way."""

FIRST_RETRY_SECONDS = 5
LAST_RETRY_SECONDS = 120

_NOBODYS_SECRET = "A" * 43

log = logging.getLogger(__name__)


class _Reported(Exception):  # noqa: N818 - says what happened
    """A provider told that it has the mail, between its claim and its being handed over once more."""


class OutboxWorker:
    """`transport` None means that no mail is set up: rows wait for an operator until their login has expired."""

    def __init__(
        self,
        database: Database,
        transport: Chain | None,
        settings: Settings,
        templates: MailTemplates,
        *,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._database = database
        self._transport = transport
        self._settings = settings
        self._templates = templates
        self._clock = clock
        self._entropy = entropy
        self._due = asyncio.Event()
        self._desk = asyncio.Lock()
        self._stopping = False
        self._looked_at = 0

    def wake(self) -> None:
        """A row of this process is due."""
        self._due.set()

    def circuits(self) -> list[tuple[str, bool]]:
        """Every mail provider by name, and whether this process leaves it alone for now."""
        return [] if self._transport is None else self._transport.circuits()

    def stop(self) -> None:
        """Finish what was claimed and claim no more: a send that is cut off would be sent again."""
        self._stopping = True
        self._due.set()

    def rehearse(self) -> None:
        """Write a letter as these settings would have it; ValueError when no mail could ever leave."""
        mail = Mail("rehearsal", "", "link", "queued", "somebody@example.com", None, 0, 0, 0)
        claimed = ClaimedMail(mail, None, None, "Rehearsal", None, self._clock(), self._clock())
        self._message(claimed, _NOBODYS_SECRET)

    async def run(self) -> None:
        """Until stopped; a database that is down is tried again."""
        while not self._stopping:
            self._due.clear()
            if not await self._survive(self.work):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._due.wait()

    async def work(self) -> bool:
        """One batch; whether there was anything to do."""
        await self._mind_the_clock()
        claimed = await self._database.write(claim_mail, BATCH)
        unsent = [settled for settled in map(self._unsent, claimed) if settled is not None]
        if unsent:
            await self._settle(unsent)
        ids = {settled.mail.id for settled in unsent}
        await asyncio.gather(*(self._send_one(each) for each in claimed if each.mail.id not in ids))
        return bool(claimed)

    async def _mind_the_clock(self) -> None:
        """Where no mail is set up, fresh mail is due later on purpose."""
        now = self._clock()
        if now < self._looked_at and self._transport is not None:
            log.warning("the clock was set back: mail that was never tried is due now")
            await self._database.write(bring_mail_forward, None)
        self._looked_at = now

    async def _survive(self, step: Callable[[], Awaitable[bool]]) -> bool:
        try:
            return await step()
        except Refusal:
            log.warning("the outbox waits: the database does not answer")
        except Exception:
            log.exception("the outbox worker met an error and goes on")
        await asyncio.sleep(POLL_SECONDS)
        return False

    def _unsent(self, claimed: ClaimedMail) -> SettleMail | None:
        """What becomes of a mail that is not handed to anybody."""
        if claimed.is_taken:
            return _reported(claimed.mail)
        if claimed.secret is None and not claimed.for_show:
            return SettleMail(claimed.mail, "expired", claimed.unfit)
        if self._transport is None:
            return SettleMail(claimed.mail, "deferred", "no_transport", claimed.expires_at)
        return None

    async def _send_one(self, claimed: ClaimedMail) -> None:
        await self._settle([await self._outcome(claimed)])

    async def _settle(self, settled: Sequence[SettleMail]) -> None:
        for outcome, reason in {(each.outcome, each.reason) for each in settled}:
            if outcome in {"deferred", "failed"}:
                ids = [each.mail.id for each in settled if (each.outcome, each.reason) == (outcome, reason)]
                log.warning("mail %s is %s: %s", " ".join(ids), outcome, reason)
        await self._database.write(settle_mails, settled)

    async def _outcome(self, claimed: ClaimedMail) -> SettleMail:
        mail = claimed.mail
        try:
            async with asyncio.timeout(SEND_SECONDS):
                message = await self._written(claimed)
                return await self._sent(claimed, message)
        except _Reported:
            return _reported(mail)
        except TimeoutError:
            return self._later(mail, "timeout")
        except Undeliverable as error:
            return SettleMail(mail, "failed", error.code)
        except PerhapsTaken as error:
            return self._later(mail, error.code, error.provider)
        except TryLater as error:
            return self._later(mail, error.code)

    async def _written(self, claimed: ClaimedMail) -> EmailMessage:
        async with self._desk:
            # A letter takes a millisecond to write: between two of them everybody else gets the loop.
            await asyncio.sleep(0)
            try:
                return self._message(claimed, claimed.secret or _NOBODYS_SECRET)
            except FAILURES as error:
                # Without its words, which may hold what the mail was to say.
                log.error("mail %s cannot be written: %s at %s", claimed.mail.id, type(error).__name__, _place(error))  # noqa: TRY400 - see above
                raise Undeliverable("not_writable") from None

    async def _sent(self, claimed: ClaimedMail, message: EmailMessage) -> SettleMail:
        mail = claimed.mail
        if claimed.unfit is not None:
            return SettleMail(mail, "expired", claimed.unfit)
        assert self._transport is not None  # noqa: S101 - else it is unsent

        async def unless_reported() -> None:
            # Whoever was asked before may have hung for long, and a report have come meanwhile.
            if mail.attempts > 1 and await self._database.read(prove_taken, mail):
                raise _Reported

        provider = await self._transport.send(message, mail.recipient, mail.provider, unless_reported)
        return SettleMail(mail, "sent", provider=provider)

    def _later(self, mail: Mail, code: str, provider: str | None = None) -> SettleMail:
        pause = backoff(mail.attempts, first=FIRST_RETRY_SECONDS, last=LAST_RETRY_SECONDS, entropy=self._entropy)
        return SettleMail(mail, "deferred", code, self._clock() + pause, provider)

    def _message(self, claimed: ClaimedMail, secret: str) -> EmailMessage:
        issuer, now = self._settings.public_url, self._clock()
        domain = parseaddr(self._settings.sender)[1].rpartition("@")[2]
        common: dict[str, Any] = {
            "application_name": claimed.application_name,
            "device_label": claimed.device_label,
            "recipient": claimed.mail.recipient,
            "sender": self._settings.sender,
            "message_id": f"<{claimed.mail.id}@{domain}>",
            "sent_at": _moment(now),
            "issuer_host": urlsplit(issuer).netloc,
            "language": one_of_ours(claimed.language) or ENGLISH,
            "look": claimed.look,
        }
        happened_at = _moment(claimed.happened_at)
        if claimed.mail.kind in {"notice", "change"}:
            changed, url = claimed.mail.kind == "change", link.notice_url(issuer, secret)
            return render_notice_mail(
                NoticeMail(link=url, signed_in_at=happened_at, changed=changed, **common), self._templates
            )
        minutes = max(1, -((now - claimed.expires_at) // (60 * SECOND)))
        asked = LinkMail(
            link=link.url(issuer, secret),
            asked_at=happened_at,
            expires_minutes=minutes,
            standing=claimed.standing,
            same_device_only=claimed.same_device_only,
            mail_code=mail_code.display(claimed.mail_code) if claimed.mail_code else None,
            **common,
        )
        return render_link_mail(asked, self._templates)


def _reported(mail: Mail) -> SettleMail:
    return SettleMail(mail, "sent", "reported", provider=mail.provider)


def _place(error: Exception) -> str:
    """The line of the template, as far as it comes from one."""
    frames = traceback.extract_tb(error.__traceback__)
    frame = next((each for each in reversed(frames) if not each.filename.endswith(".py")), frames[-1])
    return f"{frame.filename}, line {frame.lineno}"


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / SECOND, UTC)
