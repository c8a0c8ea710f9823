# SPDX-License-Identifier: Apache-2.0
"""The mail with the link, by what is known of the device and by what the application takes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from counterfoil_service.mail.render import LinkMail, NoticeMail, render_link_mail, render_notice_mail
from counterfoil_service.operations.describe_link import STANDINGS, Standing

LINK = f"https://id.example/l/{'A' * 43}"
COMMON: dict[str, Any] = {
    "application_name": "Ledgerline",
    "device_label": "Anna's ThinkPad",
    "recipient": "anna@example.com",
    "sender": "Counterfoil <signin@id.example>",
    "message_id": "<1@id.example>",
    "sent_at": datetime(2025, 11, 21, 14, 3, 2, tzinfo=UTC),
    "issuer_host": "id.example",
}


def parts(**changes: Any) -> tuple[str, str]:
    """Text and HTML, each with its blanks folded."""
    asked = datetime(2025, 11, 21, 14, 3, tzinfo=UTC)
    values: dict[str, Any] = (
        {"link": LINK, "asked_at": asked, "expires_minutes": 10, "standing": "new"} | COMMON | changes
    )
    return _parts(render_link_mail(LinkMail(**values)))


def _parts(message: Any) -> tuple[str, str]:
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    return " ".join(text.split()), " ".join(html.split())


@pytest.mark.parametrize("standing", list(STANDINGS))
def test_each_part_says_how_the_device_stands(standing: Standing) -> None:
    for part in parts(standing=standing):
        assert [each for each in STANDINGS.values() if each in part] == [STANDINGS[standing]]


def test_the_digits_stand_once_in_each_part_and_the_letters_are_told_apart_from_them() -> None:
    for part in parts(mail_code="1234 5678"):
        assert part.count("1234 5678") == 1
        assert "Those letters are never in a mail." in part
        assert "The code is never in a mail." not in part
        assert "Never tell them to anybody" in part
    for part in parts():
        assert "eight digits" not in part


def test_where_no_code_is_taken_the_mail_says_where_to_open_it() -> None:
    for part in parts(same_device_only=True):
        assert "on the computer where you asked" in part
        assert "It takes no code" in part
        assert "on any device" not in part


def test_a_changed_device_is_told_of_with_what_may_be_behind_it() -> None:
    happened = datetime(2025, 11, 21, 14, 3, tzinfo=UTC)
    notice = NoticeMail(link=f"https://id.example/n/{'A' * 43}", signed_in_at=happened, changed=True, **COMMON)
    message = render_notice_mail(notice)
    assert message["Subject"] == "A device of yours has changed at Ledgerline"
    for part in _parts(message):
        assert "its key may have been copied" in part
        assert "new parts, a moved disk, a copied virtual machine" in part
        assert part.count("https://id.example/n/") == 1


def test_no_repr_of_a_mail_shows_its_digits_or_its_link() -> None:
    asked = datetime(2025, 11, 21, 14, 3, tzinfo=UTC)
    mail = LinkMail(link=LINK, asked_at=asked, expires_minutes=1, standing="new", mail_code="1234 5678", **COMMON)
    assert "1234" not in repr(mail)
    assert LINK not in repr(mail)
