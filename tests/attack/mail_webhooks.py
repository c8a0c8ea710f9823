# SPDX-License-Identifier: Apache-2.0
"""Every provider's webhook sent twice, and forged in every way that its scheme leaves open: what a service makes of it.

Each function runs a real service and gives a verdict for `just mail-matrix`: what happened, and whether it may.
"""

import asyncio
import base64
import contextlib
import dataclasses
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2

from counterfoil_service.core import budget
from counterfoil_service.core.mail_report import Provider
from support.certificates import Authority
from support.http import content
from support.mail_reports import (
    SIGNER,
    CertificateHost,
    Fetching,
    Secrets,
    SnsSigner,
    mailgun_signature,
    signed,
    sns_message,
    standard_headers,
    trust,
    whsec,
)
from support.receivers import listening
from support.stage import ROOMY, SECOND, Stage, stage_on

Webhook = tuple[dict[str, str], bytes]
Verdict = tuple[str, bool]
MANY = budget.parse(f"{ROOMY},range_reports=1000/60")
YEAR = 365 * 86_400 * SECOND


@dataclasses.dataclass
class Told:
    """A service that takes every provider's reports, and one mail of its own that has left."""

    stage: Stage
    secrets: Secrets
    host: CertificateHost
    mail_id: str
    fetch: Fetching

    async def send(self, provider: Provider, webhook: Webhook) -> httpx2.Response:
        """One POST, as it is."""
        headers, body = webhook
        return await self.stage.client.post(f"/hooks/mail/{provider}", headers=headers, content=body)

    def genuine(self, provider: Provider, kind: str, event_id: str = "evt-1", **changes: Any) -> Webhook:
        """A report on the mail."""
        values: dict[str, Any] = {"event_id": event_id, "now": self.stage.clock(), "secrets": self.secrets}
        return signed(provider, kind, self.mail_id, **(values | changes))

    async def kept(self) -> tuple[dict[str, Any], list[str]]:
        """Every row but the events' and the alerts', and the events' names but those of refusals."""
        tables = await content(self.stage)
        del tables["audit_events"], tables["alerts"]
        names = [row[0] for row in await self.stage.rows("SELECT name FROM audit_events ORDER BY position")]
        return tables, [name for name in names if name != "webhook.refused"]


@contextlib.asynccontextmanager
async def told_service(folder: Path, url: str | None = None) -> AsyncIterator[Told]:
    """With SNS's certificates handed out over real TLS on loopback."""
    authority, signer = Authority(folder / "tls"), SnsSigner()
    host = CertificateHost(signer)
    async with listening(host.talk, authority.server()) as port:
        secrets = Secrets(signer=signer, authority=f"127.0.0.1:{port}")
        database = url or f"sqlite:///{folder / 'counterfoil.db'}"
        async with stage_on(database, folder, mail_webhooks=secrets.webhooks, budgets=MANY) as stage:
            fetch = trust(stage, secrets, authority.client())
            await stage.start()
            await stage.mails()
            ((mail_id,),) = await stage.rows("SELECT id FROM outbox")
            yield Told(stage, secrets, host, mail_id, fetch)


async def duplicate_webhook(provider: Provider) -> Verdict:
    """One bounce, told five times: at once, later, and signed anew."""
    with tempfile.TemporaryDirectory() as name:
        async with told_service(Path(name)) as told:
            first = told.genuine(provider, "bounced")
            answers = await asyncio.gather(*(told.send(provider, first) for _ in range(3)))
            once = await told.kept()
            told.stage.clock.advance(60)
            answers.append(await told.send(provider, first))
            answers.append(await told.send(provider, told.genuine(provider, "bounced", now=told.stage.clock())))
            statuses = {answer.status_code for answer in answers}
            events = [name for name in once[1] if name in {"mail.bounced", "suppression.added"}]
            good = statuses == {200} and await told.kept() == once and events == ["mail.bounced", "suppression.added"]
            return f"5 sent, {events.count('mail.bounced')} counted", good


async def forged_webhook(provider: Provider) -> Verdict:
    """Every forgery in turn: none may change anything, and all together may fill no log."""
    with tempfile.TemporaryDirectory() as name:
        async with told_service(Path(name)) as told:
            forgeries = await forged(told, provider)
            before, taken = await told.kept(), list[str]()
            for kind, (webhook, status) in forgeries.items():
                answer = await told.send(provider, webhook)
                if answer.status_code != status or await told.kept() != before:
                    taken.append(kind)
            refused = await told.stage.rows("SELECT count(*) FROM audit_events WHERE name = 'webhook.refused'")
            good = not taken and refused == [(1,)]
            return f"{len(forgeries)} forged, {', '.join(taken) or 'none'} taken", good


async def forged(told: Told, provider: Provider) -> dict[str, tuple[Webhook, int]]:
    """What an attacker may send, by its name, and the status that it must get."""
    match provider:
        case "resend" | "hook":
            made = _standard(told, provider)
        case "mailgun":
            return await _mailgun(told)
        case "postmark":
            made = _postmark(told)
        case "ses":
            made = _ses(told)
    return {name: (webhook, 401) for name, webhook in made.items()}


def _standard(told: Told, provider: Provider) -> dict[str, Webhook]:
    headers, body = told.genuine(provider, "complained")
    family = "svix" if provider == "resend" else "webhook"
    stranger = dataclasses.replace(told.secrets, resend=whsec("a stranger's"), hook=whsec("a stranger's"))
    now, key = told.stage.clock(), str(getattr(told.secrets, provider))
    signature, others = headers[f"{family}-signature"], told.genuine(provider, "opened", "evt-2")[0]
    unsigned = {
        f"no {part}": ({name: value for name, value in headers.items() if name != f"{family}-{part}"}, body)
        for part in ("id", "timestamp", "signature")
    }
    return unsigned | {
        "wrong key": told.genuine(provider, "complained", secrets=stranger),
        "altered body": (headers, body.replace(b"complained", b"bounced")),
        "longer body": (headers, body + b" "),
        "another id": (headers | {f"{family}-id": "evt-2"}, body),
        "a later time": (headers | {f"{family}-timestamp": str(now // SECOND + 1)}, body),
        "another's signature": (others, body),
        "old time": told.genuine(provider, "complained", now=now - 301 * SECOND),
        "time ahead": told.genuine(provider, "complained", now=now + 301 * SECOND),
        "no time": (standard_headers(key, body, "evt-1", now, family) | {f"{family}-timestamp": "soon"}, body),
        "empty signature": (headers | {f"{family}-signature": "v1,"}, body),
        "another version": (headers | {f"{family}-signature": signature.replace("v1,", "v1a,")}, body),
        "an id with a stop": (standard_headers(key, body, "evt.1", now, family), body),
        "nothing": ({}, b""),
    }


async def _mailgun(told: Told) -> dict[str, tuple[Webhook, int]]:
    headers, body = told.genuine("mailgun", "delivered", "evt-0")
    assert (await told.send("mailgun", (headers, body))).status_code == 200
    now, key, event = told.stage.clock(), told.secrets.mailgun, json.loads(body)
    spent = event["signature"]

    def sent(signature: Any, kind: str = "complained") -> Webhook:
        told_event = json.loads(told.genuine("mailgun", kind)[1])["event-data"]
        return headers, json.dumps({"signature": signature, "event-data": told_event}).encode()

    forgeries = {
        "wrong key": sent(mailgun_signature("key-of-a-stranger", "token", now)),
        "altered token": sent(mailgun_signature(key, "token", now) | {"token": "other"}),
        "altered time": sent(mailgun_signature(key, "token", now) | {"timestamp": str(now // SECOND + 1)}),
        "old time": sent(mailgun_signature(key, "token", now - YEAR)),
        "time ahead": sent(mailgun_signature(key, "token", now + 301 * SECOND)),
        "digits moved": sent(mailgun_signature(key, "5", now) | {"timestamp": f"{now // SECOND}5", "token": ""}),
        "no signature": sent(None),
        "no token": sent({name: value for name, value in spent.items() if name != "token"}),
        "numbers": sent(dict.fromkeys(spent, 1)),
        "no JSON": (headers, b"{"),
        "nested JSON": (headers, b"[" * 50_000),
        "nothing": ({}, b""),
    }
    # Its signature is genuine, and so is the answer; the token is worth nothing any more.
    return {name: (each, 401) for name, each in forgeries.items()} | {"altered body": (sent(spent), 200)}


def _postmark(told: Told) -> dict[str, Webhook]:
    headers, body = told.genuine("postmark", "complained")
    user, _, password = told.secrets.postmark.partition(":")

    def basic(text: str) -> Webhook:
        return headers | {"authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}, body

    return {
        "no credentials": ({}, body),
        "wrong password": basic(f"{user}:{password}x"),
        "shorter password": basic(f"{user}:{password[:-1]}"),
        "wrong user": basic(f"root:{password}"),
        "password alone": basic(password),
        "empty": basic(""),
        "bearer": (headers | {"authorization": headers["authorization"].replace("Basic", "Bearer")}, body),
        "no base64": (headers | {"authorization": f"Basic {told.secrets.postmark}"}, body),
        "signature of another": (told.genuine("resend", "complained")[0], body),
    }


def _ses(told: Told) -> dict[str, Webhook]:
    now, secrets = told.stage.clock(), told.secrets
    headers, body = told.genuine("ses", "complained")
    message = json.loads(body)
    stranger = dataclasses.replace(secrets, signer=SnsSigner())
    other = dataclasses.replace(secrets, ses=secrets.ses.replace("counterfoil-mail", "of-a-stranger"))
    fields = {"Type": "Notification", "MessageId": "evt-1", "Message": message["Message"]}
    authority, region = secrets.authority, "sns.us-east-1.amazonaws.com"
    places = {
        "certificate over http": f"http://{authority}/{SIGNER}",
        "certificate of another host": f"https://evil.example/{SIGNER}",
        "certificate of a host below": f"https://{region}.evil.example/{SIGNER}",
        "certificate of another region": f"https://sns.eu-west-1.amazonaws.com/{SIGNER}",
        "certificate behind a user": f"https://{authority}@evil.example/{SIGNER}",
        "certificate of a named user": f"https://evil@{authority}/{SIGNER}",
        "certificate of another port": f"https://{authority}0/{SIGNER}",
        "certificate behind a backslash": f"https://evil.example\\@{authority}/{SIGNER}",
        "certificate behind a hash": f"https://evil.example#{authority}/{SIGNER}",
        "certificate of a query": f"https://{authority}/?/{SIGNER}",
        "certificate of a bucket": f"https://{authority}/bucket/../{SIGNER}",
        "certificate with a line break": f"https://{authority}/{SIGNER}\n",
        "no place of a certificate": "",
    }
    placed = {name: sns_message(fields | {"SigningCertURL": place}, now, stranger) for name, place in places.items()}
    return placed | {
        "wrong key": sns_message(fields, now, stranger),
        "altered body": (headers, body.replace(b"Complaint", b"Delivery")),
        "altered id": (headers, json.dumps(message | {"MessageId": "evt-2"}).encode()),
        "a subject put in": (headers, json.dumps(message | {"Subject": "Hello"}).encode()),
        "old time": sns_message(fields, now - YEAR, secrets),
        "time ahead": sns_message(fields, now + 301 * SECOND, secrets),
        "another topic": sns_message(fields, now, other),
        "topic put in": (
            headers,
            json.dumps(json.loads(sns_message(fields, now, other)[1]) | {"TopicArn": secrets.ses}).encode(),
        ),
        "signed by SHA-1": sns_message(fields | {"SignatureVersion": "1"}, now, secrets),
        "no signature": (headers, json.dumps({**message, "Signature": ""}).encode()),
        "no base64": (headers, json.dumps({**message, "Signature": "!"}).encode()),
        "missing field": (
            headers,
            json.dumps({name: message[name] for name in message if name != "TopicArn"}).encode(),
        ),
        "another type": (headers, json.dumps(message | {"Type": "SubscriptionConfirmation"}).encode()),
        "a time without a zone": (headers, json.dumps(message | {"Timestamp": "2026-11-18T00:00:00"}).encode()),
        "raw delivery": (headers, message["Message"].encode()),
        "nothing": ({}, b""),
    }
