# SPDX-License-Identifier: Apache-2.0
"""Which troubles of a mail server end a mail, and which only put it off."""

from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import aiosmtplib
import pytest

from counterfoil_service.mail.transports import TryLater, Undeliverable
from counterfoil_service.mail.transports.smtp import SmtpTransport

ENDS_THE_MAIL = [
    (aiosmtplib.SMTPDataError(554, "no"), "smtp_554"),
    (aiosmtplib.SMTPSenderRefused(550, "no", "a@b"), "smtp_550"),
    (aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(550, "no", "a@b")]), "smtp_550"),
    (aiosmtplib.SMTPNotSupported("no"), "smtputf8_not_supported"),
]
PUTS_IT_OFF = [
    (aiosmtplib.SMTPAuthenticationError(535, "wrong password hunter2"), "smtp_535"),
    (aiosmtplib.SMTPConnectResponseError(554, "no service"), "smtp_554"),
    (aiosmtplib.SMTPHeloError(521, "go away"), "smtp_521"),
    (aiosmtplib.SMTPDataError(451, "later"), "smtp_451"),
    (aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(450, "later", "a@b")]), "smtp_450"),
    (aiosmtplib.SMTPServerDisconnected("gone"), "SMTPServerDisconnected"),
    (ConnectionRefusedError(), "ConnectionRefusedError"),
    (TimeoutError(), "TimeoutError"),
]


async def _send(monkeypatch: pytest.MonkeyPatch, trouble: Exception) -> None:
    async def send(*_arguments: Any, **_options: Any) -> None:
        raise trouble

    monkeypatch.setattr(aiosmtplib, "send", send)
    await SmtpTransport(urlsplit("smtp://127.0.0.1:25")).send(EmailMessage(), "ada@example.com")


@pytest.mark.parametrize(("trouble", "code"), ENDS_THE_MAIL)
async def test_a_refusal_of_this_mail_ends_it(monkeypatch: pytest.MonkeyPatch, trouble: Exception, code: str) -> None:
    with pytest.raises(Undeliverable) as caught:
        await _send(monkeypatch, trouble)
    assert caught.value.code == code


@pytest.mark.parametrize(("trouble", "code"), PUTS_IT_OFF)
async def test_trouble_of_the_server_or_our_account_puts_it_off(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception, code: str
) -> None:
    with pytest.raises(TryLater) as caught:
        await _send(monkeypatch, trouble)
    assert caught.value.code == code
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "tls", "start_tls"),
    [("smtp://127.0.0.1", False, None), ("smtp://mail.example", False, True), ("smtps://mail.example", True, "unset")],
)
def test_tls_is_required_everywhere_but_on_loopback(url: str, tls: bool, start_tls: Any) -> None:  # noqa: FBT001 - a parameter
    options = SmtpTransport(urlsplit(url))._options
    assert options["use_tls"] is tls
    assert options.get("start_tls", "unset") == start_tls
