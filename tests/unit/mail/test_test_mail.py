# SPDX-License-Identifier: Apache-2.0
"""The test mail: as every mail of ours, with a link that carries no authority and no word of a device."""

import re
from datetime import UTC, datetime

import pytest

from counterfoil_service.mail.message import Letter
from counterfoil_service.mail.render import render_test_mail
from unit.mail.test_notice import HEADERS, LINKABLE, Reading, part, reread

LINK = "https://id.example/check-mail"
MAIL = Letter(
    application_name="Counterfoil",
    device_label=None,
    link=LINK,
    recipient="grace@example.com",
    sender="Counterfoil <sign-in@id.example>",
    message_id="<01JD4Q0V9W3T5XJ6P8Z2R7K1MN@id.example>",
    sent_at=datetime(2026, 11, 28, 9, 0, tzinfo=UTC),
    issuer_host="id.example",
)


def test_the_headers_are_those_of_every_mail_of_ours() -> None:
    mail = reread(render_test_mail(MAIL))
    assert {name.lower() for name in mail} == HEADERS
    assert mail["Subject"] == "Test mail of Counterfoil"
    assert mail["Message-ID"] == MAIL.message_id


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_each_part_says_what_it_is_and_holds_one_link_that_does_nothing(kind: str) -> None:
    body = part(render_test_mail(MAIL), kind)
    assert re.findall(r"https?://[^\s\"<>]+", body) == [LINK]
    words = " ".join((Reading(body).text if kind == "html" else body).split())
    assert "This is a test of the mail settings of id·example. An operator asked for it; nobody signed in." in words
    assert "device" not in words
    assert not LINKABLE.search(words.replace(LINK, ""))
