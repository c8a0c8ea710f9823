# SPDX-License-Identifier: Apache-2.0
"""Write the mail that carries a link, as a value: nothing is sent here, so a test can attack every byte of it."""

import hashlib
import re
import textwrap
import unicodedata
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import getaddresses
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from msgspec import Struct

_LINK: Final = re.compile(r"https?://[A-Za-z0-9\-._~:/\[\]%]+")
_MESSAGE_ID: Final = re.compile(r"<[A-Za-z0-9\-._+=]+@[A-Za-z0-9\-._]+>")
_DOMAIN: Final = re.compile(r"[\w\-]+(\.[\w\-]+)*")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_LONGEST_NAME: Final = 64
_WIDTH: Final = 76
# RFC 5322 §2.1.1: no line may be longer, whatever its encoding.
_LONGEST_LINE: Final = 998

# Letters, marks, numbers and pictures; of punctuation only what no mail program takes for part of a link.
_PLAIN_CATEGORIES: Final = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "No", "So", "Sk"})
_PLAIN_PUNCTUATION: Final = frozenset(" '’-_,()&#!?+.")  # noqa: RUF001 - the typographic apostrophe of "Anna's Mac"
_STAND_IN: Final = "\N{MIDDLE DOT}"
_INNER_DOT: Final = re.compile(r"\.(?=\S)")
_TELEPHONE_NUMBER: Final = re.compile(r"\+?\d(?:[\W_]*\d){6,}")


class LinkMail(Struct, frozen=True, kw_only=True):
    """All that the mail says. `sender` is an address with or without a name; `message_id` comes with its brackets."""

    application_name: str
    device_label: str | None
    asked_at: datetime
    expires_minutes: int
    link: str
    recipient: str
    sender: str
    message_id: str
    sent_at: datetime
    issuer_host: str

    def __repr__(self) -> str:
        # The fields hold the link secret, which no log may ever show.
        return "LinkMail(...)"


_templates = Environment(
    loader=PackageLoader(__package__),
    # The text part is not markup: there `harmless` alone stands between a label and the reader.
    autoescape=select_autoescape(enabled_extensions=("html",), default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def render_link_mail(mail: LinkMail) -> EmailMessage:
    """The message, complete but for the envelope.

    Raises ValueError where a caller's own value (link, address, identifier, time) is not what it must be: such a mail
    must not leave. What strangers chose (names and labels) never raises; it is made harmless.
    """
    if not _LINK.fullmatch(mail.link):
        raise ValueError("the link is not a plain http or https address")
    if not _MESSAGE_ID.fullmatch(mail.message_id):
        raise ValueError("the Message-ID is not of the form <local@domain>")
    recipient = _address("", mail.recipient)
    sender = _sender(mail.sender)
    application = harmless(mail.application_name) or "your app"
    words = {
        "application": application,
        "device": None if mail.device_label is None else harmless(mail.device_label) or None,
        "asked_at": _moment(mail.asked_at),
        "lifetime": "1 minute" if mail.expires_minutes <= 1 else f"{mail.expires_minutes} minutes",
        "link": mail.link,
        "issuer": _unlinked(mail.issuer_host),
    }
    # Only an address that cannot be written in ASCII asks the whole route for SMTPUTF8 (RFC 6531).
    plain_route = (recipient.addr_spec + sender.addr_spec).isascii()
    message = EmailMessage(policy=SMTP if plain_route else SMTPUTF8)
    message["Message-ID"] = mail.message_id
    message["Date"] = _in_utc(mail.sent_at)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = f"Sign in to {application}"
    # RFC 3834 §5: no out-of-office answer comes back.
    message["Auto-Submitted"] = "auto-generated"
    text = _wrapped(_templates.get_template("link.txt").render(words), mail.link)
    message.set_content(text, cte=_encoding(text))
    html = _templates.get_template("link.html").render(words) + "\n"
    message.add_alternative(html, subtype="html", cte=_encoding(html))
    # A mail sent again after a lost answer is then the same mail to the byte.
    message.set_boundary("=_" + hashlib.sha256(mail.message_id.encode()).hexdigest()[:32])
    return message


def harmless(name: str) -> str:
    """A stranger's words in a form that no mail program turns into something to press.

    Anybody may have a mail sent to any address, with a label of their choosing: that is a free ride for
    "call +1 800 …" and "evil.example". Escaping does not help, since mail programs make links out of bare text, and
    zero-width joints are often dropped before they look for links. So characters that can make up a link (dots inside
    words, colons, slashes, at signs, and all that resembles them) visibly become a middle dot, which is no part of
    any address; digits enough to be dialled become the word for them. Compatibility forms are folded first, because
    a mail program may fold them later (a fullwidth dot, a digit with a dot in one character).
    """
    folded = unicodedata.normalize("NFKC", name[:_LONGEST_NAME])
    # Format characters (bidi marks, joiners) go without a trace: a stand-in would look as if something stood there.
    one_line = " ".join("".join(c for c in folded if unicodedata.category(c) != "Cf").split())
    plain = "".join(c if _is_plain(c) else _STAND_IN for c in _INNER_DOT.sub(_STAND_IN, one_line))
    merged = re.sub(rf"{_STAND_IN}+", _STAND_IN, plain)
    return _TELEPHONE_NUMBER.sub("(number)", merged)[:_LONGEST_NAME].strip()


def _is_plain(character: str) -> bool:
    return character in _PLAIN_PUNCTUATION or unicodedata.category(character) in _PLAIN_CATEGORIES


def _unlinked(host: str) -> str:
    """Our own host, for the eye alone: written plainly it would become a second link beside the one that counts."""
    return re.sub(r"[^\w\-]+", _STAND_IN, host)


def _sender(sender: str) -> Address:
    addresses = getaddresses([sender])
    if len(addresses) != 1 or not sender.isprintable():
        raise ValueError("the sender is not one address")
    return _address(*addresses[0])


def _address(name: str, address: str) -> Address:
    # Built from its two halves, never parsed: commas, brackets and quotes in the first stay inside one mailbox.
    local, _, domain = address.rpartition("@")
    if not local or not local.isprintable() or not _DOMAIN.fullmatch(domain):
        raise ValueError("not one address of the form local@domain")
    return Address(name, local, domain)


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC)


def _moment(moment: datetime) -> str:
    # Not strftime, whose month names follow the locale of the process.
    utc = _in_utc(moment)
    return f"{utc:%H:%M} UTC on {utc.day} {_MONTHS[utc.month - 1]} {utc.year}"


def _wrapped(text: str, link: str) -> str:
    paragraphs = (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    return "\n\n".join(p if p == link else textwrap.fill(p, _WIDTH, break_on_hyphens=False) for p in paragraphs) + "\n"


def _encoding(body: str) -> str:
    # Left as it is where that is safe, so that a developer can copy the link out of the raw message.
    safe = body.isascii() and max(map(len, body.splitlines())) <= _LONGEST_LINE
    return "7bit" if safe else "quoted-printable"
