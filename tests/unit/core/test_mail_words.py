# SPDX-License-Identifier: Apache-2.0
"""What became of a mail: which one it was, how often it was tried, and what the server said."""

import socket
import ssl

import aiosmtplib
import pytest

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.mail_words import trouble
from counterfoil_service.core.story import sentence
from counterfoil_service.http_post import NotHttpError


def told(name: EventName, reason: str | None = None, *, session: bool = False, **fields: str | int) -> str:
    return sentence(
        AuditEvent(name=name, reason=reason, session_id="S" if session else None, fields={"attempt": 1, **fields}), {}
    )


@pytest.mark.parametrize(
    "name", [EventName.MAIL_QUEUED, EventName.MAIL_SENT, EventName.MAIL_DEFERRED, EventName.MAIL_FAILED]
)
def test_each_mail_is_told_apart(name: EventName) -> None:
    assert "notice of a new device" in told(name, session=True)
    assert "notice of a changed device" in told(name, session=True, kind="change")
    assert "notice" not in told(name)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("smtp_451", "could not be handed over and will be tried again: the mail server replied 451."),
        ("timeout", "could not be handed over and will be tried again: the mail server did not answer in time."),
        ("resend_429", "could not be handed over and will be tried again: Resend answered 429."),
        ("SMTPHeloError", "could not be handed over and will be tried again: the error was SMTPHeloError."),
    ],
)
def test_a_mail_put_off_says_why(reason: str, words: str) -> None:
    assert told(EventName.MAIL_DEFERRED, reason) == f"The mail {words}"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("smtp_550", "was given up: the mail server replied 550."),
        ("postmark_406", "was given up: Postmark answered 406."),
        ("ses_MessageRejected", "was given up: Amazon SES answered MessageRejected."),
        ("login_ended", "was not sent: the login had ended before."),
        ("device_forgotten", "was not sent: the device had been forgotten before."),
        ("too_late", "was not sent: no mail server took it for a day."),
    ],
)
def test_a_mail_that_never_left_says_why(reason: str, words: str) -> None:
    assert told(EventName.MAIL_FAILED, reason) == f"The mail {words}"


@pytest.mark.parametrize(
    ("provider", "taker"),
    [("smtp", "The mail server"), ("smtp_2", "The mail server (2)"), ("ses", "Amazon SES"), ("hook", "The mail hook")],
)
def test_who_took_a_mail_is_named(provider: str, taker: str) -> None:
    assert told(EventName.MAIL_SENT, provider=provider) == f"{taker} took the mail."


def test_a_mail_that_was_found_to_be_taken_says_who_told() -> None:
    words = "Resend had taken the mail before, as it told: it is not sent again."
    assert told(EventName.MAIL_SENT, "reported", attempt=2, provider="resend") == words


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        (
            (
                *(TimeoutError, aiosmtplib.SMTPTimeoutError),
                *(aiosmtplib.SMTPConnectTimeoutError, aiosmtplib.SMTPReadTimeoutError),
            ),
            "did not answer in time",
        ),
        ((ConnectionRefusedError, aiosmtplib.SMTPConnectError), "could not be connected to"),
        (
            (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, aiosmtplib.SMTPServerDisconnected),
            "hung up",
        ),
        ((ssl.SSLError, ssl.SSLCertVerificationError, ssl.SSLEOFError), "could not be spoken to over TLS"),
        ((socket.gaierror,), "could not be found by its name"),
        ((NotHttpError,), "gave no answer that can be read"),
    ],
)
def test_one_trouble_has_one_telling_whatever_carries_the_mail(errors: tuple[type[Exception], ...], words: str) -> None:
    for error in errors:
        assert words in trouble(error.__name__)
        assert error.__name__ not in told(EventName.MAIL_DEFERRED, error.__name__)
    assert trouble("TimeoutError") == trouble("timeout")


def test_who_perhaps_has_a_mail_is_named() -> None:
    words = "Resend perhaps has the mail, and will be asked again: the mail server did not answer in time."
    assert told(EventName.MAIL_DEFERRED, "TimeoutError", provider="resend") == words


def test_only_a_later_attempt_is_worth_a_word() -> None:
    assert told(EventName.MAIL_SENT) == "The mail server took the mail."
    assert told(EventName.MAIL_SENT, attempt=3) == "The mail server took the mail, at attempt 3."


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (EventName.MAIL_DELIVERED, "was taken by the recipient's mail server"),
        (EventName.MAIL_DEFERRED, "is delayed"),
        (EventName.MAIL_BOUNCED, "came back for good"),
        (EventName.MAIL_COMPLAINED, "was called unwanted by its recipient"),
        (EventName.MAIL_FAILED, "was given up"),
        (EventName.MAIL_SUPPRESSED, "was not sent: the address is on its own list of those that get none"),
    ],
)
def test_what_a_provider_tells_is_told_as_its_word(name: EventName, words: str) -> None:
    event = AuditEvent(name=name, reason="5.1.1", fields={"provider": "ses"})
    assert sentence(event, {}) == f"The mail provider ses says that the mail {words} (5.1.1)."
    notice = AuditEvent(name=name, session_id="S", fields={"provider": "ses", "kind": "change"})
    assert sentence(notice, {}) == f"The mail provider ses says that the notice of a changed device {words}."


def test_a_mail_to_an_address_that_is_suppressed_was_not_sent() -> None:
    assert "come back for good" in told(EventName.MAIL_FAILED, "suppressed")


@pytest.mark.parametrize("refused", [1, 40])
def test_a_refusal_says_how_many_and_why(refused: int) -> None:
    fields: dict[str, str | int] = {"provider": "ses", "refused": refused}
    said = sentence(AuditEvent(name=EventName.WEBHOOK_REFUSED, reason="signature_version", fields=fields), {})
    assert said.startswith("ALERT: A report" if refused == 1 else "ALERT: 40 reports")
    assert "SignatureVersion to 2" in said


@pytest.mark.parametrize("reason", ["user_disabled", "not_invited", "suppressed", "over_budget"])
def test_a_decoy_says_why_no_mail_went_out_and_that_the_device_was_not_told(reason: str) -> None:
    said = told(EventName.MAIL_SUPPRESSED, reason)
    assert reason not in said
    assert said.endswith(" The device was not told.")
