# SPDX-License-Identifier: Apache-2.0
"""The mail as a mail program meets it: parsed again from its bytes, with hostile words inside."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8, default
from html.parser import HTMLParser

import msgspec
import pytest

from counterfoil_service.mail.render import LinkMail, render_link_mail
from counterfoil_service.mail.words import harmless

LINK = "https://id.example/l/kXoT4oVnW0u1cB7Yl9sQe2hRz5mGdJ8aPfN3-_iKvCw"
MAIL = LinkMail(
    application_name="Ledgerline",
    device_label="Anna's ThinkPad",
    asked_at=datetime(2025, 11, 21, 14, 3, tzinfo=UTC),
    expires_minutes=10,
    standing="new",
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
    "subdomain": "www.evil.com",
    "address": "mallory@evil.com",
    "mailto": "mailto:mallory@evil.com",
    "script scheme": "javascript:alert(1)",
    "custom scheme": "evil-app://open",
    "windows path": r"\\evil.com\share",
    "number address": "10.0.0.1",
    "fullwidth dot": "evil．com",  # noqa: RUF001
    "ideographic dot": "evil。com",
    "halfwidth dot": "evil｡com",
    "one dot leader": "evil․com",  # noqa: RUF001
    "digit with its dot": "evil⒈com",
    "zero-width joint": "ev\u200bil.\u2060com",
    "markup": '<a href="http://evil.example">press</a>',
    "quotes": "Mac\" and “this” 'too'",
    "header": "Mac\r\nBcc: mallory@evil.com\r\n\r\nbody",
    "other line ends": "Mac\x0bA: b\x0cC: d\x85E: f\u2028G: h\u2029I: j",
    "encoded word": "=?utf-8?q?evil?=",
    "bidi": "\u202emoc.live\u202c\u2067",
    "emoji": "😀" * 64,
    "controls": "a\x00b\x1b[2Jc",
    "telephone": "Call +1 (800) 555-0100",
    "template": "{{ link }}",
    "much": "evil.com " * 500,
    "expanding": "\ufdfa" * 64,
    "surrogate": "a\ud800b",
}
attack = pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)

# What the link finders of mail programs look for: a scheme, a dot or an at sign between two characters.
LINKABLE = re.compile(r"\w:\S|\S[@.\u2024\uff0e\u3002\uff61]\S|//|\\\\")


def reread(message: EmailMessage) -> EmailMessage:
    parsed = message_from_bytes(message.as_bytes(), policy=SMTPUTF8)
    assert isinstance(parsed, EmailMessage)
    return parsed


def part(message: EmailMessage, kind: str) -> str:
    body = reread(message).get_body((kind,))
    assert body is not None
    content = body.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


class Reading(HTMLParser):
    """The HTML part as a mail program takes it apart."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._silent = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._silent = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._silent = self._silent and tag != "style"

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text += data


def test_the_headers_are_those_of_a_transactional_mail_and_no_others() -> None:
    mail = reread(render_link_mail(MAIL))
    assert {name.lower() for name in mail} == HEADERS
    assert mail["Message-ID"] == MAIL.message_id
    assert mail["Date"].datetime == MAIL.sent_at
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Subject"] == "Sign in to Ledgerline"
    assert [a.addr_spec for a in mail["To"].addresses] == ["anna@example.com"]
    assert str(mail["From"]) == "Counterfoil <signin@id.example>"


def test_there_is_a_text_and_an_html_part_and_no_attachment() -> None:
    mail = reread(render_link_mail(MAIL))
    assert mail.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in mail.iter_parts()] == ["text/plain", "text/html"]
    assert not list(mail.iter_attachments())


@pytest.mark.parametrize("kind", ["plain", "html"])
@pytest.mark.parametrize("label", ["Anna's ThinkPad", "Annas Schreibtisch im Büro", "http://evil.example/l/x", None])
def test_each_part_holds_the_link_once_and_no_other(kind: str, label: str | None) -> None:
    body = part(render_link_mail(msgspec.structs.replace(MAIL, device_label=label)), kind)
    assert re.findall(r"https?://[^\s\"<>]+", body) == [LINK]


def test_a_long_link_survives_both_encodings() -> None:
    link = "https://" + "long-label." * 20 + "example/l/" + "x" * 900
    for label in ("Mac", "Mäc"):
        mail = render_link_mail(msgspec.structs.replace(MAIL, link=link, device_label=label))
        assert link in part(mail, "plain").splitlines()
        assert f'href="{link}"' in part(mail, "html")
        assert max(map(len, mail.as_bytes().split(b"\r\n"))) <= 998


def test_a_plain_text_part_is_readable_as_it_lies_on_the_disk() -> None:
    assert f"\r\n\r\n{LINK}\r\n\r\n".encode() in render_link_mail(MAIL).as_bytes()


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_both_parts_say_what_is_needed_to_decide(kind: str) -> None:
    body = part(render_link_mail(MAIL), kind)
    words = " ".join((Reading(body).text if kind == "html" else body).split())
    for sentence in (
        "Somebody asked to sign in to Ledgerline at 14:03 UTC on 21 November 2025.",
        "The link works once, for 10 minutes. It asks for the code on the screen of the device that asked",
        "The code is never in a mail.",
        "Name reported by the device:",
        "Anna's ThinkPad",
        "Never type a code that somebody sent you or read to you",
        "You did not ask? Nothing is needed: opening the link lets nobody in.",
        "choose Reject",
    ):
        assert sentence in words


@pytest.mark.parametrize(
    ("language", "quoted"),
    [("de", "„Ada's laptop“"), ("es", "«Ada's laptop»"), ("ja", "「Ada's laptop」")],
)
def test_a_name_stands_in_the_quotation_marks_of_the_language(language: str, quoted: str) -> None:
    link_mail = msgspec.structs.replace(MAIL, device_label="Ada's laptop", language=language)
    assert quoted in part(render_link_mail(link_mail), "plain")


def test_names_cannot_turn_the_direction_of_what_stands_around_them() -> None:
    mail = msgspec.structs.replace(MAIL, application_name="Ledger", device_label="Laptop", language="ar")
    text, html = (part(render_link_mail(mail), kind) for kind in ("plain", "html"))
    assert "\u2068Ledger\u2069" in text
    assert "\u2068Laptop\u2069" in text
    assert "<bdi>Ledger</bdi>" in html
    assert "<bdi>Laptop</bdi>" in html
    assert "\u2068" not in html
    assert "\u2068" not in part(render_link_mail(MAIL), "plain"), "left to right, there is nothing to isolate"


@pytest.mark.parametrize("label", [None, "", " \u200b", "\u202e"])
def test_a_device_without_a_visible_name_is_said_to_have_none(label: str | None) -> None:
    mail = render_link_mail(msgspec.structs.replace(MAIL, device_label=label))
    assert "The device reported no name." in part(mail, "plain")
    assert "The device reported no name." in part(mail, "html")
    assert "None" not in part(mail, "plain")


@pytest.mark.parametrize(("minutes", "words"), [(0, "for 1 minute."), (1, "for 1 minute."), (60, "for 60 minutes.")])
def test_the_lifetime_is_told_in_words(minutes: int, words: str) -> None:
    assert words in part(render_link_mail(msgspec.structs.replace(MAIL, expires_minutes=minutes)), "plain")


def test_times_are_told_in_utc_wherever_they_were_taken() -> None:
    moment = datetime(2025, 11, 22, 1, 3, tzinfo=timezone(timedelta(hours=11)))
    mail = render_link_mail(msgspec.structs.replace(MAIL, asked_at=moment, sent_at=moment))
    assert "14:03 UTC on 21 November 2025" in part(mail, "html")
    assert mail["Date"] == "Fri, 21 Nov 2025 14:03:00 +0000"


def test_text_lines_stay_under_seventy_eight_columns() -> None:
    label = "Büro " * 12
    mail = render_link_mail(msgspec.structs.replace(MAIL, application_name="Application " * 6, device_label=label))
    assert max(len(line) for line in part(mail, "plain").splitlines() if line != LINK) < 78


def test_the_html_part_loads_nothing_and_runs_nothing() -> None:
    body = part(render_link_mail(MAIL), "html")
    html = Reading(body)
    tags = [tag for tag, _ in html.elements]
    assert not {"img", "script", "link", "form", "iframe", "object", "table", "base"} & set(tags)
    assert tags.count("a") == tags.count("style") == tags.count("h1") == 1
    attributes = {name for _, attrs in html.elements for name in attrs}
    assert not {"src", "srcset", "background", "http-equiv", "xmlns"} & attributes
    assert not [name for name in attributes if name.startswith("on")]
    assert "url(" not in body
    assert "@import" not in body


@attack
def test_hostile_words_never_become_something_to_press(text: str) -> None:
    assert not LINKABLE.search(harmless(text))
    assert not LINKABLE.search(unicodedata.normalize("NFKC", harmless(text)))
    mail = render_link_mail(msgspec.structs.replace(MAIL, device_label=text, application_name=text, issuer_host=text))
    for body in (part(mail, "plain"), Reading(part(mail, "html")).text, str(mail["Subject"])):
        assert not LINKABLE.search(re.sub(r"\b14:03\b", "", body.replace(LINK, "")))


@attack
def test_hostile_words_add_no_header_no_part_and_no_markup(text: str) -> None:
    mail = reread(render_link_mail(msgspec.structs.replace(MAIL, device_label=text, application_name=text)))
    assert {name.lower() for name in mail} == HEADERS
    assert [p.get_content_type() for p in mail.iter_parts()] == ["text/plain", "text/html"]
    assert [a.addr_spec for a in mail["To"].addresses] == ["anna@example.com"]
    usual = Reading(part(render_link_mail(MAIL), "html")).elements
    found = Reading(part(mail, "html")).elements
    assert [(tag, attrs.keys()) for tag, attrs in found] == [(tag, attrs.keys()) for tag, attrs in usual]
    assert not mail.defects


@attack
def test_hostile_words_stay_inside_their_line_and_their_quotation_marks(text: str) -> None:
    usual = part(render_link_mail(MAIL), "plain").count("\n\n")
    body = part(render_link_mail(msgspec.structs.replace(MAIL, device_label=text)), "plain")
    assert body.count("\n\n") == usual
    assert (body.count("“"), body.count("”"), body.count('"')) == (1, 1, 0)
    assert len(harmless(text)) <= 64
    assert harmless(text).isprintable()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Anna's ThinkPad", "Anna's ThinkPad"),
        ("Zoë’s Mac (home) #2 & more", "Zoë’s Mac (home) #2 & more"),  # noqa: RUF001
        ("आकाश का कंप्यूटर", "आकाश का कंप्यूटर"),
        ("مكتب أحمد", "مكتب أحمد"),
        ("DESKTOP-4F7Q2K1", "DESKTOP-4F7Q2K1"),
        ("Acme Inc.", "Acme Inc."),
        ("😀 laptop", "😀 laptop"),
        ("macOS 14.2", "macOS 14·2"),
        ("http://evil.example/x", "http·evil·example·x"),
        ("Call +1 (800) 555-0100 now", "Call (number) now"),
        ("８００　５５５　０１００", "(number)"),  # noqa: RUF001
        ("two\r\nlines", "two lines"),
        ("evil⒈com", "evil1·com"),
    ],
)
def test_ordinary_names_stay_readable_and_dangerous_ones_visibly_change(name: str, shown: str) -> None:
    assert harmless(name) == shown


def test_an_ampersand_in_a_name_is_no_entity_in_the_html_part() -> None:
    html = part(render_link_mail(msgspec.structs.replace(MAIL, device_label="R&D &copy &#60")), "html")
    assert "R&amp;D &amp;copy &amp;#60" in html


def test_an_application_without_a_harmless_name_is_still_called_something() -> None:
    assert (
        render_link_mail(msgspec.structs.replace(MAIL, application_name="\u200b"))["Subject"] == "Sign in to your app"
    )


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "anna",
        "@example.com",
        "anna@",
        "anna@example.com\r\nBcc: mallory@evil.com",
        "anna\r\nBcc: x@example.com",
        "anna\u2028@example.com",
        "\u202eanna@example.com",
        "anna@example.com>",
        "anna@example.com (Anna)",
        "anna@exa mple.com",
        "anna@example..com",
        "anna@example.com,",
        "anna\ud800@example.com",
    ],
)
def test_what_is_not_one_address_is_refused(recipient: str) -> None:
    with pytest.raises(ValueError, match="address"):
        render_link_mail(msgspec.structs.replace(MAIL, recipient=recipient))


@pytest.mark.parametrize(
    "recipient", ["mallory@evil.com,anna@example.com", "<mallory@evil.com> anna@example.com", '"a@b.c']
)
def test_a_strange_local_part_stays_inside_one_mailbox(recipient: str) -> None:
    if "@" not in recipient.replace("a@b.c", ""):
        recipient += "@example.com"
    (mailbox,) = reread(render_link_mail(msgspec.structs.replace(MAIL, recipient=recipient)))["To"].addresses
    assert mailbox.domain == "example.com"


@pytest.mark.parametrize(
    "sender",
    ["", "nobody", "a@b.example, c@d.example", "A <a@b.example>\r\nBcc: x@y.example", "A\u2028<a@b.example>"],
)
def test_a_sender_that_is_not_one_address_is_refused(sender: str) -> None:
    with pytest.raises(ValueError, match="address"):
        render_link_mail(msgspec.structs.replace(MAIL, sender=sender))


@pytest.mark.parametrize(
    "link",
    [
        "",
        "/l/x",
        "javascript:alert(1)",
        "https://id.example/l/x y",
        "https://id.example/l/x\r\nhttps://evil.example",
        'https://id.example/l/x"onclick="',
        "https://id.example/l/x<b>",
        "https://id.example@evil.example/l/x",
        "https://id.exämple/l/x",
    ],
)
def test_a_link_that_is_more_than_a_link_is_refused(link: str) -> None:
    with pytest.raises(ValueError, match="link"):
        render_link_mail(msgspec.structs.replace(MAIL, link=link))


@pytest.mark.parametrize("message_id", ["", "a@b", "<a b@c>", "<a@b>\r\nBcc: x@y.example", "<a@b><c@d>", "<é@b>"])
def test_a_malformed_message_id_is_refused(message_id: str) -> None:
    with pytest.raises(ValueError, match="Message-ID"):
        render_link_mail(msgspec.structs.replace(MAIL, message_id=message_id))


def test_a_long_message_id_is_never_folded_or_encoded() -> None:
    message_id = f"<{'x' * 120}@mail.id.example>"
    raw = render_link_mail(msgspec.structs.replace(MAIL, message_id=message_id)).as_bytes()
    assert f"{message_id}\r\n".encode() in raw


@pytest.mark.parametrize("field", ["asked_at", "sent_at"])
def test_a_time_without_a_zone_is_refused(field: str) -> None:
    naive = {field: MAIL.sent_at.replace(tzinfo=None)}
    with pytest.raises(ValueError, match="zone"):
        render_link_mail(msgspec.structs.replace(MAIL, **naive))


def test_only_an_address_beyond_ascii_asks_for_smtputf8() -> None:
    named = msgspec.structs.replace(MAIL, application_name="Büro", sender="Grüße <signin@id.example>")
    assert render_link_mail(named).as_bytes().isascii()
    parsed = message_from_bytes(render_link_mail(named).as_bytes(), policy=default)
    assert parsed["Subject"] == "Sign in to Büro"
    assert parsed["From"].addresses[0].display_name == "Grüße"
    wide = render_link_mail(msgspec.structs.replace(MAIL, recipient="änna@exämple.com"))
    assert "To: änna@exämple.com\r\n".encode() in wide.as_bytes()


def test_the_same_mail_is_the_same_bytes() -> None:
    assert render_link_mail(MAIL).as_bytes() == render_link_mail(MAIL).as_bytes()


def test_the_link_does_not_show_when_the_value_is_printed() -> None:
    assert LINK not in repr(MAIL)
