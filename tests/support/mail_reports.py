# SPDX-License-Identifier: Apache-2.0
"""Webhooks of mail providers as they send them: shaped as their documentation shows, and signed as genuine ones are."""

import asyncio
import base64
import datetime as dt
import hmac
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from counterfoil_service.core.mail_report import PROVIDERS, Provider
from counterfoil_service.http_post import Answer, get
from counterfoil_service.settings import MailWebhook, Secret
from counterfoil_service.web.mail_hooks.ses import Ses
from counterfoil_service.web.mail_hooks.sns import Topic, authority_of
from support.stage import SECOND, START, Stage

KINDS = ("delivered", "deferred", "bounced", "complained", "suppressed", "failed", "opened")
"""What each provider can tell; `opened` is of no use here."""

TOPIC = "arn:aws:sns:us-east-1:123456789012:counterfoil-mail"
SIGNER = "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
_DAY = dt.timedelta(days=1)


def whsec(text: str) -> str:
    """A key of Standard Webhooks."""
    return "whsec_" + base64.b64encode(text.encode().ljust(32, b"=")).decode()


@dataclass(frozen=True)
class SnsSigner:
    """A key that signs messages of a topic, and the certificate that says so, valid around the stage's clock."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    begins: dt.datetime = field(default_factory=lambda: moment(START) - _DAY)
    ends: dt.datetime = field(default_factory=lambda: moment(START) + 30 * _DAY)

    @property
    def certificate(self) -> bytes:
        """In PEM."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.begins)
            .not_valid_after(self.ends)
            .sign(self.key, SHA256())
        )
        return made.public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True)
class Secrets:
    """What the service and the providers share; `authority` is the host that hands out certificates."""

    resend: str = whsec("resend's own secret")
    hook: str = whsec("the operator's own secret")
    mailgun: str = "key-0123456789abcdef0123456789abcdef"
    postmark: str = "reports:correct-horse-battery"
    ses: str = TOPIC
    signer: SnsSigner = field(default_factory=SnsSigner)
    authority: str = authority_of(TOPIC)

    @property
    def webhooks(self) -> tuple[MailWebhook, ...]:
        """The setting."""
        return tuple(MailWebhook(each, Secret(getattr(self, each))) for each in PROVIDERS)


def moment(now: int) -> dt.datetime:
    """Microseconds as a time."""
    return dt.datetime.fromtimestamp(now / SECOND, dt.UTC)


def signed(
    provider: Provider, kind: str, mail_id: str, *, event_id: str, now: int, secrets: Secrets
) -> tuple[dict[str, str], bytes]:
    """Headers and body of a genuine webhook."""
    event = {"resend": _resend, "hook": _hook, "mailgun": _mailgun, "postmark": _postmark, "ses": _ses}[provider](
        kind, mail_id, event_id, now
    )
    match provider:
        case "resend" | "hook":
            body = json.dumps(event).encode()
            family = "svix" if provider == "resend" else "webhook"
            return standard_headers(getattr(secrets, provider), body, event_id, now, family), body
        case "mailgun":
            signature = mailgun_signature(secrets.mailgun, f"token-of-{event_id}", now)
            return {"content-type": "application/json"}, json.dumps({"signature": signature, **event}).encode()
        case "postmark":
            credentials = base64.b64encode(secrets.postmark.encode()).decode()
            headers = {"authorization": f"Basic {credentials}", "content-type": "application/json"}
            return headers, json.dumps(event).encode()
        case "ses":
            return sns_message(
                {"Type": "Notification", "MessageId": event_id, "Message": json.dumps(event)}, now, secrets
            )


def standard_headers(key: str, body: bytes, identifier: str, now: int, family: str) -> dict[str, str]:
    """Standard Webhooks, or Svix before it got that name."""
    seconds = str(now // SECOND)
    octets = base64.b64decode(key.removeprefix("whsec_"))
    signature = hmac.digest(octets, f"{identifier}.{seconds}.".encode() + body, "sha256")
    return {
        "content-type": "application/json",
        f"{family}-id": identifier,
        f"{family}-timestamp": seconds,
        f"{family}-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def mailgun_signature(key: str, token: str, now: int) -> dict[str, str]:
    """What stands in a body beside the event."""
    timestamp = str(now // SECOND)
    signature = hmac.digest(key.encode(), f"{timestamp}{token}".encode(), "sha256").hex()
    return {"timestamp": timestamp, "token": token, "signature": signature}


def sns_message(fields: Mapping[str, str], now: int, secrets: Secrets) -> tuple[dict[str, str], bytes]:
    """A message of the topic, signed over its fields in their order of names."""
    stamp = moment(now).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    message = {"TopicArn": secrets.ses, "Timestamp": stamp, **fields}
    named = {"Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
    text = "".join(f"{name}\n{message[name]}\n" for name in sorted(named & message.keys()))
    signature = secrets.signer.key.sign(text.encode(), PKCS1v15(), SHA256())
    message |= {
        "SignatureVersion": "2",
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": f"https://{secrets.authority}/{SIGNER}",
        "UnsubscribeURL": f"https://{secrets.authority}/?Action=Unsubscribe&SubscriptionArn={secrets.ses}:1",
    } | {name: fields[name] for name in ("SignatureVersion", "SigningCertURL") if name in fields}
    return {"content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": message["Type"]}, json.dumps(
        message
    ).encode()


def subscription(secrets: Secrets, now: int, **changes: str) -> tuple[dict[str, str], bytes]:
    """What SNS sends once, when somebody subscribes an address to a topic."""
    fields = {
        "Type": "SubscriptionConfirmation",
        "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
        "Token": "2336412f37",
        "Message": "You have chosen to subscribe to the topic.\nTo confirm, visit the SubscribeURL.",
        "SubscribeURL": f"https://{secrets.authority}/?Action=ConfirmSubscription&TopicArn={secrets.ses}&Token=2336412f37",
    }
    return sns_message(fields | changes, now, secrets)


@dataclass
class CertificateHost:
    """SNS's own host on loopback, over real TLS: it hands out one certificate, and says who visited what."""

    signer: SnsSigner
    status: int = 200
    visited: list[str] = field(default_factory=list)
    places: set[str] = field(default_factory=set)
    """Where else than at its own the certificate is handed out."""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One exchange; for `receivers.listening`."""
        head = await reader.readuntil(b"\r\n\r\n")
        target = head.split(b" ")[1].decode()
        self.visited.append(target)
        body = self.signer.certificate if target in {f"/{SIGNER}", *self.places} else b"<ConfirmSubscriptionResponse/>"
        extra = b"" if self.status < 300 else b"Location: https://127.0.0.1:1/\r\n"
        writer.write(b"HTTP/1.1 %d Said\r\n%sContent-Length: %d\r\n\r\n" % (self.status, extra, len(body)) + body)
        await writer.drain()


@dataclass
class Fetching:
    """Asks over TLS, and believes whom this context does."""

    tls: ssl.SSLContext

    async def __call__(self, url: str) -> Answer:
        """What `Topic` calls."""
        return await get(url, timeout=5, limit=16_384, tls=self.tls)


def trust(stage: Stage, secrets: Secrets, tls: ssl.SSLContext) -> Fetching:
    """Let the stage ask `secrets.authority` for certificates, whose own must be of this authority."""
    fetch = Fetching(tls)
    stage.service.services.mail_hooks.schemes["ses"] = Ses(Topic(secrets.ses, secrets.authority, fetch))
    return fetch


def known(stage: Stage, secrets: Secrets) -> None:
    """The same without a network: the certificate is at hand."""

    async def fetch(url: str) -> Answer:
        assert url == f"https://{secrets.authority}/{SIGNER}"
        return Answer(200, {}, secrets.signer.certificate)

    stage.service.services.mail_hooks.schemes["ses"] = Ses(Topic(secrets.ses, secrets.authority, fetch))


def _resend(kind: str, mail_id: str, _event_id: str, now: int) -> dict[str, Any]:
    types = {"deferred": "delivery_delayed"}
    bounce = {"message": "The mailbox does not exist.", "subType": "General", "type": "Permanent"}
    data = {
        "created_at": moment(now).isoformat(),
        "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
        "from": "Acme <onboarding@resend.dev>",
        "to": ["ada@example.com"],
        "subject": "Sign in",
        "tags": {"mail_id": mail_id},
        **({"bounce": bounce} if kind == "bounced" else {}),
    }
    return {"type": f"email.{types.get(kind, kind)}", "created_at": moment(now).isoformat(), "data": data}


def _hook(kind: str, mail_id: str, _event_id: str, now: int) -> dict[str, Any]:
    return {"type": f"mail.{kind}", "timestamp": moment(now).isoformat(), "data": {"mail_id": mail_id}}


def _mailgun(kind: str, mail_id: str, event_id: str, now: int) -> dict[str, Any]:
    told: dict[str, dict[str, Any]] = {
        "deferred": {"event": "failed", "severity": "temporary", "reason": "generic"},
        "bounced": {"event": "failed", "severity": "permanent", "reason": "bounce"},
        "suppressed": {"event": "failed", "severity": "permanent", "reason": "suppress-bounce"},
        "failed": {"event": "rejected", "reject": {"reason": "Sandbox subdomains are for test purposes only"}},
    }
    event = {
        "id": event_id,
        "timestamp": now / SECOND,
        "log-level": "info",
        "recipient": "ada@example.com",
        "recipient-domain": "example.com",
        "user-variables": {"mail_id": mail_id},
        "message": {"headers": {"message-id": f"{mail_id}@id.example", "to": "ada@example.com"}, "size": 111},
        **told.get(kind, {"event": kind}),
    }
    return {"event-data": event}


def _postmark(kind: str, mail_id: str, event_id: str, now: int) -> dict[str, Any]:
    bounce = {"ID": int.from_bytes(event_id.encode()[-6:]), "Email": "ada@example.com", "BouncedAt": str(moment(now))}
    told: dict[str, dict[str, Any]] = {
        "delivered": {"RecordType": "Delivery", "Recipient": "ada@example.com", "DeliveredAt": event_id},
        "deferred": {"RecordType": "Bounce", "Type": "SoftBounce", "TypeCode": 4096, **bounce},
        "bounced": {"RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1, **bounce},
        "complained": {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "TypeCode": 512, **bounce},
        "failed": {"RecordType": "Bounce", "Type": "Blocked", "TypeCode": 100_006, **bounce},
        "suppressed": {
            "RecordType": "SubscriptionChange",
            "Recipient": "ada@example.com",
            "ChangedAt": event_id,
            "SuppressSending": True,
            "SuppressionReason": "ManualSuppression",
        },
        "opened": {"RecordType": "Open", "FirstOpen": True, "Recipient": "ada@example.com"},
    }
    return {
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "ServerID": 23,
        "MessageStream": "outbound",
        "Metadata": {"mail_id": mail_id},
        **told[kind],
    }


def _ses(kind: str, mail_id: str, event_id: str, now: int) -> dict[str, Any]:
    recipients = [{"emailAddress": "ada@example.com", "action": "failed", "status": "5.1.1"}]
    bounce = {"bounceType": "Permanent", "bouncedRecipients": recipients, "feedbackId": event_id}
    told: dict[str, dict[str, Any]] = {
        "delivered": {
            "eventType": "Delivery",
            "delivery": {"smtpResponse": "250 OK", "recipients": ["ada@example.com"]},
        },
        "deferred": {"eventType": "DeliveryDelay", "deliveryDelay": {"delayType": "MailboxFull"}},
        "bounced": {"eventType": "Bounce", "bounce": bounce | {"bounceSubType": "General"}},
        "suppressed": {"eventType": "Bounce", "bounce": bounce | {"bounceSubType": "OnAccountSuppressionList"}},
        "complained": {"eventType": "Complaint", "complaint": {"complaintFeedbackType": "abuse"}},
        "failed": {"eventType": "Reject", "reject": {"reason": "Bad content"}},
        "opened": {"eventType": "Open", "open": {"userAgent": "Mail/1"}},
    }
    mail = {
        "timestamp": moment(now).isoformat(),
        "messageId": "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
        "destination": ["ada@example.com"],
        "headersTruncated": False,
        "headers": [{"name": "Message-ID", "value": f"<{mail_id}@id.example>"}],
        "tags": {"ses:configuration-set": ["counterfoil"], "mail_id": [mail_id]},
    }
    return {"mail": mail, **told[kind]}
