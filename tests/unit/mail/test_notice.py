# SPDX-License-Identifier: Apache-2.0
"""The notice of a new device as a mail program meets it: as clean as the mail with the link, and quieter."""

import re
import unicodedata
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from html.parser import HTMLParser

import msgspec
import pytest

from counterfoil_service.mail.render import NoticeMail, render_notice_mail

LINK = "https://id.example/n/kXoT4oVnW0u1cB7Yl9sQe2hRz5mGdJ8aPfN3-_iKvCw"
MAIL = NoticeMail(
    application_name="Ledgerline",
    device_label="Anna's ThinkPad",
    signed_in_at=datetime(2025, 11, 21, 14, 3, tzinfo=UTC),
    link=LINK,
    recipient="anna@example.com",
    sender="Counterfoil <signin@id.example>",
    message_id="<01JD4Q0V9W3T5XJ6P8Z2R7K1MN@id.example>",
    sent_at=datetime(2025, 11, 21, 14, 3, 2, tzinfo=UTC),
    issuer_host="id.example",
)
HEADERS = {"message-id", "date", "from", "to", "subject", "auto-submitted", "mime-version", "content-type"}
ATTACKS = {
    "url": "http://evil.example/login",
    "bare domain": "evil.com",
    "address": "mallory@evil.com",
    "markup": '<a href="http://evil.example">press</a>',
    "header": "Mac\r\nBcc: mallory@evil.com\r\n\r\nbody",
    "paragraphs": "Mac\n\nIt was not you? Call us.\n\nhttp://evil.example",
    "quotes": "Mac\" and “this” 'too'",
    "telephone": "Call +1 (800) 555-0100",
    "template": "{{ link }}",
    "zero-width joint": "ev\u200bil.\u2060com",
    "bidi": "\u202emoc.live\u202c\u2067",
    "much": "evil.com " * 500,
}
attack = pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
LINKABLE = re.compile(r"\w:\S|\S[@.\u2024\uff0e\u3002\uff61]\S|//|\\\\")


def reread(message: EmailMessage) -> EmailMessage:
    parsed = message_from_bytes(message.as_bytes(), policy=SMTPUTF8)
    assert isinstance(parsed, EmailMessage)
    return parsed


def part(message: EmailMessage, kind: str) -> str:
    body = reread(message).get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


class Reading(HTMLParser):
    """The HTML part as a mail program takes it apart."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, list[str]]] = []
        self.text = ""
        self._silent = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, [name for name, _ in attrs]))
        self._silent = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._silent = self._silent and tag != "style"

    def handle_data(self, data: str) -> None:
        self.text += "" if self._silent else data


def words(message: EmailMessage, kind: str) -> str:
    body = part(message, kind)
    return " ".join((Reading(body).text if kind == "html" else body).split())


def with_words(text: str) -> EmailMessage:
    return render_notice_mail(msgspec.structs.replace(MAIL, device_label=text, application_name=text))


def test_the_headers_are_those_of_a_transactional_mail_and_no_others() -> None:
    mail = reread(render_notice_mail(MAIL))
    assert {name.lower() for name in mail} == HEADERS
    assert mail["Subject"] == "New sign-in to Ledgerline"
    assert mail["Message-ID"] == MAIL.message_id
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [p.get_content_type() for p in mail.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_both_parts_say_what_happened_and_what_to_do(kind: str) -> None:
    told = words(render_notice_mail(MAIL), kind)
    for sentence in (
        "Your address was used to sign in to Ledgerline at 14:03 UTC on 21 November 2025, by a device that had not",
        "Name reported by the device:",
        "Anna's ThinkPad",
        "Was it you? Then nothing is needed.",
        "Opening the page changes nothing.",
        "change the password of your mailbox",
        "because a new device signed in with your address",
    ):
        assert sentence in told


@pytest.mark.parametrize("kind", ["plain", "html"])
@pytest.mark.parametrize("label", ["Anna's ThinkPad", "Annas Schreibtisch im Büro", "http://evil.example/n/x", None])
def test_each_part_holds_the_link_once_and_no_other(kind: str, label: str | None) -> None:
    body = part(render_notice_mail(msgspec.structs.replace(MAIL, device_label=label)), kind)
    assert re.findall(r"https?://[^\s\"<>]+", body) == [LINK]


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_nobody_reads_a_code_in_it_or_is_asked_for_one(kind: str) -> None:
    told = words(render_notice_mail(MAIL), kind)
    assert not re.search(r"\b[B-Z]{3}-?[B-Z]{3}\b", told)
    assert "your code" not in told.lower()


@pytest.mark.parametrize("label", [None, "", " \u200b", "\u202e"])
def test_a_device_without_a_visible_name_is_said_to_have_none(label: str | None) -> None:
    mail = render_notice_mail(msgspec.structs.replace(MAIL, device_label=label))
    for kind in ("plain", "html"):
        assert "The device reported no name." in part(mail, kind)
        assert "None" not in part(mail, kind)


@attack
def test_hostile_words_never_become_something_to_press(text: str) -> None:
    mail = with_words(text)
    for body in (part(mail, "plain"), Reading(part(mail, "html")).text, str(mail["Subject"])):
        left = re.sub(r"\b14:03\b", "", body.replace(LINK, "").replace("id·example", ""))
        assert not LINKABLE.search(left)
        assert not LINKABLE.search(unicodedata.normalize("NFKC", left))


@attack
def test_hostile_words_add_no_header_no_paragraph_and_no_markup(text: str) -> None:
    mail, usual = reread(with_words(text)), render_notice_mail(MAIL)
    assert {name.lower() for name in mail} == HEADERS
    assert [address.addr_spec for address in mail["To"].addresses] == ["anna@example.com"]
    assert part(mail, "plain").count("\n\n") == part(usual, "plain").count("\n\n")
    assert Reading(part(mail, "html")).elements == Reading(part(usual, "html")).elements


def test_it_looks_like_the_mail_with_the_link_but_its_link_is_no_loud_button() -> None:
    body = part(render_notice_mail(MAIL), "html")
    assert "prefers-color-scheme: dark" in body
    assert 'class="go"' not in body
    assert 'class="stop"' in body


def test_it_is_the_same_to_the_byte_however_often_it_is_written() -> None:
    assert render_notice_mail(MAIL).as_bytes() == render_notice_mail(MAIL).as_bytes()


@pytest.mark.parametrize("field", ["signed_in_at", "sent_at"])
def test_a_time_without_a_zone_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match="zone"):
        render_notice_mail(msgspec.structs.replace(MAIL, **{field: MAIL.sent_at.replace(tzinfo=None)}))


def test_the_link_does_not_show_when_the_value_is_printed() -> None:
    assert repr(MAIL) == "NoticeMail(...)"
