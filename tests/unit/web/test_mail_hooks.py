# SPDX-License-Identifier: Apache-2.0
"""What providers' documentation shows, read as reports; signatures laid beside those of the reference library."""

import base64
import contextlib
import datetime as dt
import json
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from counterfoil_service.core.mail_report import Accepted, MailReport, Provider
from counterfoil_service.settings import MailWebhook, Secret
from counterfoil_service.web.mail_hooks import hook, mailgun, postmark, resend, ses
from counterfoil_service.web.mail_hooks.hooks import MailHooks
from counterfoil_service.web.mail_hooks.incoming import Incoming, Unverified
from counterfoil_service.web.mail_hooks.mailgun import Mailgun
from counterfoil_service.web.mail_hooks.refusals import Refusals
from counterfoil_service.web.mail_hooks.sns import SnsMessage, authority_of
from counterfoil_service.web.mail_hooks.standard import signed_id
from support.mail_reports import Secrets, mailgun_signature, standard_headers, whsec

MAIL = "01KAG0Q3W4M9T6E2X8D5B7N1CV"
KEY = whsec("a key")
SECOND = 1_000_000
NOW = 1_795_000_000 * SECOND


def resent(kind: str, bounce: Any = None, tags: Any = None) -> MailReport | None:
    """resend.com/docs/webhooks/emails/bounced: `data` holds ids, addresses, subject, tags and what happened."""
    data = {
        "broadcast_id": "8b146471-e88e-4322-86af-016cd36fd216",
        "created_at": "2026-11-22T23:41:11.894719+00:00",
        "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
        "from": "Acme <onboarding@resend.dev>",
        "to": ["delivered@resend.dev"],
        "subject": "Sending this example",
        "tags": {"category": "sign_in", "mail_id": MAIL} if tags is None else tags,
        **({"bounce": bounce} if bounce else {}),
    }
    return resend.decode(json.dumps({"type": kind, "created_at": "2026-11-22T23:41:12.126Z", "data": data}).encode())


@pytest.mark.parametrize(
    ("kind", "bounce", "state", "word"),
    [
        ("email.delivered", None, "delivered", None),
        ("email.delivery_delayed", None, "deferred", None),
        ("email.complained", None, "complained", None),
        ("email.failed", None, "failed", None),
        ("email.suppressed", None, "suppressed", None),
        ("email.bounced", None, "bounced", None),
        ("email.bounced", {"message": "…", "subType": "General", "type": "Permanent"}, "bounced", "General"),
        ("email.bounced", {"message": "…", "subType": "Suppressed", "type": "Permanent"}, "suppressed", "Suppressed"),
        ("email.bounced", {"message": "…", "subType": "MailboxFull", "type": "Transient"}, "deferred", "MailboxFull"),
        ("email.bounced", {"message": "…", "type": "Undetermined"}, "deferred", "Undetermined"),
    ],
)
def test_resend_tells_by_type_and_kind_of_bounce(kind: str, bounce: Any, state: Any, word: str | None) -> None:
    assert resent(kind, bounce) == MailReport(state, MAIL, word)


@pytest.mark.parametrize("kind", ["email.sent", "email.opened", "email.clicked", "email.scheduled", "contact.created"])
def test_resend_tells_of_much_that_is_of_no_use(kind: str) -> None:
    assert resent(kind) is None


def test_resends_tags_are_read_in_both_of_their_shapes() -> None:
    listed = [{"name": "category", "value": "sign_in"}, {"name": "mail_id", "value": MAIL}]
    assert resent("email.delivered", tags=listed) == MailReport("delivered", MAIL)
    for none in ([], {}, [{"name": "mail_id"}], [1], "mail_id", {"mail_id": [MAIL]}, {"mail_id": MAIL.lower()}):
        assert resent("email.delivered", tags=none) is None


def mailgun_event(event: str, **changes: Any) -> dict[str, Any]:
    """documentation.mailgun.com, Webhook Payloads."""
    return {
        "account": {"id": "1234567890303a4bd1f33898"},
        "domain": {"name": "sample.mailgun.com"},
        "event": event,
        "id": "CPgfbmQMTCKtHW6uIWtuVe",
        "timestamp": 1521472262.908181,
        "log-level": "info",
        "recipient": "alice@example.com",
        "recipient-domain": "example.com",
        "user-variables": {"my_var_1": "Mailgun Variable #1", "mail_id": MAIL},
        "message": {"headers": {"message-id": "20130503182626.18666.16540@sample.mailgun.com"}, "size": 111},
        **changes,
    }


@pytest.mark.parametrize(
    ("event", "changes", "state", "word"),
    [
        ("delivered", {"delivery-status": {"code": 250, "message": "OK"}}, "delivered", None),
        ("failed", {"severity": "temporary", "reason": "generic"}, "deferred", "generic"),
        ("failed", {"severity": "temporary", "reason": "bounce"}, "deferred", "bounce"),
        ("failed", {"reason": "bounce"}, "deferred", "bounce"),
        ("failed", {"severity": "permanent", "reason": "bounce"}, "bounced", "bounce"),
        (
            "failed",
            {"severity": "permanent", "reason": "generic", "delivery-status": {"bounce-type": "hard", "code": 550}},
            *("bounced", "generic"),
        ),
        (
            "failed",
            {"severity": "permanent", "reason": "bounce", "delivery-status": {"bounce-type": "soft", "code": 452}},
            *("failed", "bounce"),
        ),
        ("failed", {"severity": "permanent", "reason": "suppress-bounce"}, "suppressed", "suppress-bounce"),
        ("failed", {"severity": "permanent", "reason": "suppress-complaint"}, "suppressed", "suppress-complaint"),
        ("failed", {"severity": "permanent", "reason": "old"}, "failed", "old"),
        ("rejected", {"reject": {"reason": "Sandbox subdomains are for test purposes only"}}, "failed", None),
        ("complained", {}, "complained", None),
    ],
)
def test_mailgun_tells_by_event_severity_and_reason(event: str, changes: Any, state: Any, word: str | None) -> None:
    assert mailgun.decode(mailgun_event(event, **changes)) == MailReport(state, MAIL, word)


@pytest.mark.parametrize("variables", [{}, {"my_var_1": "x"}, None, []])
@pytest.mark.parametrize("message_id", [f"{MAIL}@id.example", f"<{MAIL}@id.example>"])
def test_mailgun_tells_of_mail_that_came_by_smtp_by_its_message_id(variables: Any, message_id: str) -> None:
    told = {"user-variables": variables, "message": {"headers": {"message-id": message_id}}}
    assert mailgun.decode(mailgun_event("delivered", **told)) == MailReport("delivered", MAIL)


@pytest.mark.parametrize("headers", [{}, None, {"message-id": 1}, {"message-id": "order-4711@shop.example"}])
def test_a_message_id_that_is_not_ours_is_nobodys(headers: Any) -> None:
    told = {"user-variables": {}, "message": {"headers": headers}}
    assert mailgun.decode(mailgun_event("delivered", **told)) is None


@pytest.mark.parametrize("event", ["accepted", "opened", "clicked", "unsubscribed", "stored"])
def test_mailgun_tells_of_much_that_is_of_no_use(event: str) -> None:
    assert mailgun.decode(mailgun_event(event)) is None


async def test_mailguns_signature_is_taken_for_as_long_as_it_tries_again() -> None:
    key = "key-3ax6xnjp29jd6fds4gc373sgvjxteol0"
    signature = mailgun_signature(key, "8b8ac7ef0d4e5e0a0b5b", NOW)
    body = json.dumps({"signature": signature, "event-data": mailgun_event("delivered")}).encode()
    for late in (-300, 0, 8 * 3600, 9 * 3600):
        accepted = await Mailgun(Secret(key)).accept(Incoming({}, body, NOW + late * SECOND))
        assert accepted.nonce == "8b8ac7ef0d4e5e0a0b5b"
        assert accepted.report == MailReport("delivered", MAIL)
    for late in (-301, 9 * 3600 + 1):
        with pytest.raises(Unverified, match="stale"):
            await Mailgun(Secret(key)).accept(Incoming({}, body, NOW + late * SECOND))


def bounce(kind: str, **changes: Any) -> dict[str, Any]:
    """postmarkapp.com/developer/webhooks/bounce-webhook."""
    return {
        "RecordType": "Bounce",
        "MessageStream": "outbound",
        "ID": 4323372036854775807,
        "Type": kind,
        "TypeCode": 1,
        "Name": "Hard bounce",
        "Tag": "Test",
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Metadata": {"a_key": "a_value", "mail_id": MAIL},
        "ServerID": 23,
        "Details": "Test bounce details",
        "Email": "john@example.com",
        "BouncedAt": "2019-11-05T16:33:54.9070259Z",
        "Inactive": True,
        **changes,
    }


@pytest.mark.parametrize(
    ("document", "state", "word"),
    [
        (bounce("HardBounce"), "bounced", "HardBounce"),
        (bounce("BadEmailAddress"), "bounced", "BadEmailAddress"),
        (bounce("SoftBounce"), "deferred", "SoftBounce"),
        (bounce("Transient"), "deferred", "Transient"),
        (bounce("DnsError"), "deferred", "DnsError"),
        (bounce("SpamNotification"), "failed", "SpamNotification"),
        (bounce("Blocked"), "failed", "Blocked"),
        (bounce("DMARCPolicy"), "failed", "DMARCPolicy"),
        (bounce("ManuallyDeactivated"), "suppressed", "ManuallyDeactivated"),
        (bounce("SpamComplaint", RecordType="SpamComplaint"), "complained", "SpamComplaint"),
        (
            {"RecordType": "Delivery", "DeliveredAt": "2019-11-05T16:33:54Z", "Metadata": {"mail_id": MAIL}},
            *("delivered", None),
        ),
        (
            {
                "RecordType": "SubscriptionChange",
                "SuppressSending": True,
                "SuppressionReason": "HardBounce",
                "Metadata": {"mail_id": MAIL},
            },
            *("suppressed", "HardBounce"),
        ),
    ],
)
def test_postmark_tells_by_record_and_type(document: Any, state: Any, word: str | None) -> None:
    assert postmark.decode(document) == MailReport(state, MAIL, word)


@pytest.mark.parametrize(
    "document",
    [
        bounce("AutoResponder"),
        bounce("Subscribe"),
        bounce("Open", RecordType="Open"),
        bounce("Click", RecordType="Click"),
        bounce("Inbound", RecordType="Inbound"),
        {"RecordType": "SubscriptionChange", "SuppressSending": False, "Metadata": {"mail_id": MAIL}},
        bounce("HardBounce", Metadata={}),
        bounce("HardBounce", Metadata=None),
    ],
    ids=lambda document: f"{document['RecordType']} {document.get('Type')} {document['Metadata'] and 'ours'}",
)
def test_postmark_tells_of_much_that_is_of_no_use(document: Any) -> None:
    assert postmark.decode(document) is None


def published(kind: str, *, name: str = "eventType", mail: Any = None, **told: Any) -> MailReport | None:
    """SES Developer Guide, Examples of event data that Amazon SES publishes to Amazon SNS."""
    origin = {
        "timestamp": "2017-08-05T00:40:02.012Z",
        "source": "Sender Name <sender@example.com>",
        "sourceArn": "arn:aws:ses:us-east-1:123456789012:identity/sender@example.com",
        "sendingAccountId": "123456789012",
        "messageId": "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
        "destination": ["recipient@example.com"],
        "headersTruncated": False,
        "headers": [{"name": "From", "value": "Sender Name <sender@example.com>"}],
        "tags": {"ses:configuration-set": ["ConfigSet"], "ses:source-ip": ["192.0.2.0"], "mail_id": [MAIL]},
    }
    return ses.decode(json.dumps({name: kind, "mail": origin if mail is None else mail, **told}))


def bounced(kind: str, sub_type: str) -> dict[str, Any]:
    recipients = [{"emailAddress": "recipient@example.com", "action": "failed", "status": "5.1.1"}]
    return {"bounceType": kind, "bounceSubType": sub_type, "bouncedRecipients": recipients, "feedbackId": "0100…"}


@pytest.mark.parametrize(
    ("kind", "told", "state", "word"),
    [
        ("Delivery", {"delivery": {"smtpResponse": "250 2.6.0 Message received"}}, "delivered", None),
        ("DeliveryDelay", {"deliveryDelay": {"delayType": "TransientCommunicationFailure"}},
         "deferred", "TransientCommunicationFailure"),
        ("Bounce", {"bounce": bounced("Permanent", "General")}, "bounced", "General"),
        ("Bounce", {"bounce": bounced("Permanent", "NoEmail")}, "bounced", "NoEmail"),
        ("Bounce", {"bounce": bounced("Permanent", "Suppressed")}, "suppressed", "Suppressed"),
        ("Bounce", {"bounce": bounced("Permanent", "OnAccountSuppressionList")}, "suppressed",
         "OnAccountSuppressionList"),
        ("Bounce", {"bounce": bounced("Transient", "MailboxFull")}, "deferred", "MailboxFull"),
        ("Bounce", {"bounce": bounced("Undetermined", "Undetermined")}, "deferred", "Undetermined"),
        ("Bounce", {}, "deferred", None),
        ("Complaint", {"complaint": {"complaintFeedbackType": "abuse"}}, "complained", "abuse"),
        ("Complaint", {"complaint": {"complaintSubType": "OnAccountSuppressionList"}}, "suppressed",
         "OnAccountSuppressionList"),
        ("Reject", {"reject": {"reason": "Bad content"}}, "failed", None),
        ("Rendering Failure", {"failure": {"errorMessage": "…"}}, "failed", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["eventType", "notificationType"])
def test_ses_tells_by_event_and_kind_of_bounce(
    kind: str, told: dict[str, Any], state: Any, word: str | None, name: str
) -> None:
    assert published(kind, name=name, **told) == MailReport(state, MAIL, word)


@pytest.mark.parametrize("kind", ["Send", "Open", "Click", "Subscription", ""])
def test_ses_tells_of_much_that_is_of_no_use(kind: str) -> None:
    assert published(kind) is None


def test_without_tags_ses_names_our_mail_by_its_message_id() -> None:
    for header in ("Message-ID", "message-id"):
        mail = {"headers": [{"name": "From", "value": "x"}, {"name": header, "value": f" <{MAIL}@id.example>"}]}
        assert published("Delivery", mail=mail) == MailReport("delivered", MAIL)
    foreign: Any = {"headers": [{"name": "Message-ID", "value": "<0100017c@email.amazonses.com>"}]}
    others: list[Any] = [{}, {"headers": None}, {"headers": [1, {}]}, {"tags": {"mail_id": []}}, foreign]
    assert [published("Delivery", mail=other) for other in others] == [None] * 5


def test_a_hook_tells_in_our_own_words() -> None:
    body = {"type": "mail.bounced", "timestamp": "2026-11-22T23:41:12Z", "data": {"mail_id": MAIL, "reason": "5.1.1"}}
    assert hook.decode(json.dumps(body).encode()) == MailReport("bounced", MAIL, "5.1.1")
    assert hook.decode(json.dumps({"type": "mail.sent", "data": {"mail_id": MAIL}}).encode()) is None


@pytest.mark.parametrize("word", ["ada@example.com", "two words", "x" * 41, "", "\n", 5, None, "-5", "ü"])
def test_a_providers_word_is_a_code_or_it_is_left_out(word: Any) -> None:
    assert MailReport.told("bounced", MAIL, word) == MailReport("bounced", MAIL)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"1", b"null", b"\xff", b"[" * 60_000, b'{"data":[]}', b'{"type":1}']
)
def test_what_is_no_report_is_none(body: bytes) -> None:
    assert hook.decode(body) is resend.decode(body) is ses.decode(body) is None


def test_a_signature_of_the_reference_library_fits() -> None:
    body = '{"type":"mail.delivered"}'
    signature = Webhook(KEY).sign("msg_1", dt.datetime.fromtimestamp(NOW // SECOND, dt.UTC), body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(NOW // SECOND), "webhook-signature": signature}
    assert signed_id(Incoming(headers, body.encode(), NOW), Secret(KEY), "webhook") == "msg_1"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_of_several_signatures_one_is_enough(place: int) -> None:
    headers = standard_headers(KEY, b"{}", "msg_1", NOW, "webhook")
    others = [f"v1,{base64.b64encode(bytes([n] * 32)).decode()}" for n in (1, 2)]
    others.insert(place, headers["webhook-signature"])
    incoming = Incoming(headers | {"webhook-signature": " ".join(others)}, b"{}", NOW)
    assert signed_id(incoming, Secret(KEY), "webhook") == "msg_1"


def test_svixs_names_of_the_headers_count_where_they_are_expected() -> None:
    incoming = Incoming(standard_headers(KEY, b"{}", "msg_1", NOW, "svix"), b"{}", NOW)
    assert signed_id(incoming, Secret(KEY), "svix", "webhook") == "msg_1"
    with pytest.raises(Unverified, match="not_signed"):
        signed_id(incoming, Secret(KEY), "webhook")


@pytest.mark.parametrize(("late", "fits"), [(300, True), (301, False), (-300, True), (-301, False)])
def test_five_minutes_are_the_tolerance_both_ways(late: int, fits: bool) -> None:  # noqa: FBT001 - a column
    incoming = Incoming(standard_headers(KEY, b"{}", "msg_1", NOW, "webhook"), b"{}", NOW + late * SECOND)
    with contextlib.nullcontext() if fits else pytest.raises(Unverified, match="stale"):
        assert signed_id(incoming, Secret(KEY), "webhook") == "msg_1"


def test_sns_signs_the_fields_that_its_guide_names_in_their_order() -> None:
    common = dict.fromkeys(("version", "signature", "certificate_url"), "x")
    told = SnsMessage("Notification", "id", "arn", "text", "time", subject="About", token="no", **common)
    assert (
        told.signed
        == b"Message\ntext\nMessageId\nid\nSubject\nAbout\nTimestamp\ntime\nTopicArn\narn\nType\nNotification\n"
    )
    silent = SnsMessage("Notification", "id", "arn", "text", "time", **common)
    assert b"Subject" not in silent.signed
    asking = SnsMessage(
        "SubscriptionConfirmation", "id", "arn", "text", "time", subscribe_url="url", token="token", **common
    )
    assert asking.signed == (
        b"Message\ntext\nMessageId\nid\nSubscribeURL\nurl\nTimestamp\ntime\nToken\ntoken\nTopicArn\narn\n"
        b"Type\nSubscriptionConfirmation\n"
    )


@pytest.mark.parametrize(
    ("arn", "host"),
    [
        ("arn:aws:sns:eu-west-1:123456789012:mail", "sns.eu-west-1.amazonaws.com"),
        ("arn:aws-us-gov:sns:us-gov-west-1:123456789012:mail", "sns.us-gov-west-1.amazonaws.com"),
        ("arn:aws-cn:sns:cn-north-1:123456789012:mail", "sns.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_certificates_come_from_the_topics_own_region(arn: str, host: str) -> None:
    assert authority_of(arn) == host


def test_what_must_not_have_come_before_tells_providers_and_kinds_apart() -> None:
    names = [
        *Accepted("mailgun", "a", None, nonce="b").once,
        *Accepted("mailgun", "b", None, nonce="a").once,
        *Accepted("resend", "a", None).once,
    ]
    assert len(set(names)) == 5
    assert names[0] == "mailgun nonce b", "a spent nonce must hide no event"


def test_refusals_are_counted_for_each_provider_and_told_once_a_minute() -> None:
    refusals, minute = Refusals(), 60 * SECOND
    told = [refusals.to_tell("ses", NOW + second * SECOND) for second in (0, 0, 30, 59)]
    assert told == [1, 0, 0, 0]
    assert refusals.to_tell("hook", NOW + 30 * SECOND) == 1
    assert refusals.to_tell("ses", NOW + minute) == 4
    assert refusals.to_tell("ses", NOW + minute + 1) == 0


@pytest.mark.parametrize("providers", [(), ("hook",), ("hook", "mailgun", "postmark", "resend", "ses")])
def test_only_what_is_set_is_taken(providers: tuple[Provider, ...]) -> None:
    secrets = Secrets()
    hooks = MailHooks(MailWebhook(each, Secret(getattr(secrets, each))) for each in providers)
    assert tuple(hooks.schemes) == providers
