# SPDX-License-Identifier: Apache-2.0
"""A25: a report in the mail provider's name says that a mailbox bounced, so that it gets no mail any more."""

import dataclasses
import time

import httpx2

from attack.kit.target import Target
from attack.kit.verdict import Needs, demand
from support.mail_reports import Secrets, signed, whsec
from support.mailserver import Letter

ROW = "A25"
ATTACK = "forged delivery reports suppress a mailbox"
PATH = "/hooks/mail/{}"
PROVIDERS = ("hook", "resend", "mailgun", "postmark", "ses")
OLD_SECONDS = 600
Webhook = tuple[dict[str, str], bytes]


async def attack(target: Target) -> str:
    """By a stranger's key, unsigned, and, with the secret, altered and old ones. Then a mail is asked for."""
    victim = target.somebody()
    letter = await target.letter(await target.start(victim))
    taking = [each for each in PROVIDERS if await _status(target, each, ({}, b"{}")) != httpx2.codes.NOT_FOUND]
    if not taking:
        raise Needs("COUNTERFOIL_MAIL_WEBHOOKS: the deployment takes no reports")
    tried = 0
    for provider in taking:
        for what, webhook in _forged(target, provider, _mail_id(letter)).items():
            status = await _status(target, provider, webhook)
            demand(status != httpx2.codes.OK, f"a report to {provider} {what} is taken")
            tried += 1
    await target.start(victim)
    came = await target.mailboxes.wait(victim, 2, 15)
    demand(len(came) >= 2, "after forged reports the mailbox gets no mail any more")
    return f"{tried} forged reports to {', '.join(taking)} were refused, and the mailbox still gets mail"


def _forged(target: Target, provider: str, mail_id: str) -> dict[str, Webhook]:
    now = time.time_ns() // 1000
    stranger = Secrets(hook=whsec("a stranger's"), resend=whsec("a stranger's"), mailgun="key-of-a-stranger")
    made: dict[str, Webhook] = {}
    if provider in {"hook", "resend", "mailgun"}:
        headers, body = signed(provider, "bounced", mail_id, event_id="evt-1", now=now, secrets=stranger)  # type: ignore[arg-type]  # one of these
        made["by a stranger's key"] = headers, body
        made["without a signature"] = {"content-type": "application/json"}, body
    else:
        made["without a signature"] = (
            {"content-type": "application/json"},
            b'{"RecordType":"Bounce","Type":"HardBounce"}',
        )
    if provider == "hook" and target.hook_secret is not None:
        right = dataclasses.replace(stranger, hook=target.hook_secret)
        headers, body = signed("hook", "delivered", mail_id, event_id="evt-2", now=now, secrets=right)
        made["altered"] = headers, body.replace(b"delivered", b"bounced")
        made["with another's signature"] = headers | {"webhook-id": "evt-3"}, body
        old = now - OLD_SECONDS * 1_000_000
        made["ten minutes old"] = signed("hook", "bounced", mail_id, event_id="evt-4", now=old, secrets=right)
    return made


def _mail_id(letter: Letter) -> str:
    return str(letter.message["Message-ID"]).strip("<>").partition("@")[0]


async def _status(target: Target, provider: str, webhook: Webhook) -> int:
    headers, body = webhook
    answer = await target.patiently(lambda client: client.post(PATH.format(provider), headers=headers, content=body))
    return answer.status_code
