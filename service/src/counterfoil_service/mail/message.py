# SPDX-License-Identifier: Apache-2.0
"""Put a mail together: addresses, headers and two parts, as a value. Nothing is sent here."""

import hashlib
import re
import textwrap
from datetime import datetime
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import getaddresses
from typing import Final

from msgspec import Struct

from counterfoil_service.core.languages import ENGLISH
from counterfoil_service.core.look import OUR_LOOK, Look
from counterfoil_service.core.moments import in_utc

_LINK: Final = re.compile(r"https?://[A-Za-z0-9\-._~:/\[\]%]+")
_MESSAGE_ID: Final = re.compile(r"<[A-Za-z0-9\-._+=]+@[A-Za-z0-9\-._]+>")
_DOMAIN: Final = re.compile(r"[\w\-]+(\.[\w\-]+)*")
_WIDTH: Final = 76
# RFC 5322 §2.1.1: no line may be longer, whatever its encoding.
_LONGEST_LINE: Final = 998


class _HeaderClasses(HeaderRegistry):
    """Each made once. The library makes a new one for every header of every mail, which the collector has to find."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, type] = {}

    def __getitem__(self, name: str) -> type:
        if name not in self._made:
            self._made[name] = super().__getitem__(name)
        return self._made[name]


_HEADERS: Final = _HeaderClasses()
_POLICY: Final = SMTP.clone(header_factory=_HEADERS)
_POLICY_UTF8: Final = SMTPUTF8.clone(header_factory=_HEADERS)


class Letter(Struct, frozen=True, kw_only=True):
    """What every mail has: one link. `sender` is an address with or without a name; `message_id` has its brackets."""

    application_name: str
    device_label: str | None
    link: str
    recipient: str
    sender: str
    message_id: str
    sent_at: datetime
    issuer_host: str
    language: str = ENGLISH
    look: Look = OUR_LOOK

    def __repr__(self) -> str:
        # The fields hold the link secret, which no log may ever show.
        return f"{type(self).__name__}(...)"


def message_of(letter: Letter, subject: str, text: str, html: str) -> EmailMessage:
    """The message, complete but for the envelope.

    Raises ValueError where a caller's own value (link, address, identifier, time) is not what it must be: such a mail
    must not leave.
    """
    if not _LINK.fullmatch(letter.link):
        raise ValueError("the link is not a plain http or https address")
    if not _MESSAGE_ID.fullmatch(letter.message_id):
        raise ValueError("the Message-ID is not of the form <local@domain>")
    recipient = _address("", letter.recipient)
    sender = _sender(letter.sender)
    # Only an address that cannot be written in ASCII asks the whole route for SMTPUTF8 (RFC 6531).
    plain_route = (recipient.addr_spec + sender.addr_spec).isascii()
    message = EmailMessage(policy=_POLICY if plain_route else _POLICY_UTF8)
    message["Message-ID"] = letter.message_id
    message["Date"] = in_utc(letter.sent_at)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = subject
    # RFC 3834 §5: no out-of-office answer comes back.
    message["Auto-Submitted"] = "auto-generated"
    wrapped = _wrapped(text, letter.link)
    message.set_content(wrapped, cte=_encoding(wrapped))
    html += "\n"
    message.add_alternative(html, subtype="html", cte=_encoding(html))
    # A mail sent again after a lost answer is then the same mail to the byte.
    message.set_boundary("=_" + hashlib.sha256(letter.message_id.encode()).hexdigest()[:32])
    return message


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


def _wrapped(text: str, link: str) -> str:
    paragraphs = (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    return "\n\n".join(p if p == link else _filled(p) for p in paragraphs) + "\n"


def _filled(paragraph: str) -> str:
    # Japanese is written without blanks: there a mail program finds better places to break.
    return textwrap.fill(paragraph, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _encoding(body: str) -> str:
    # Left as it is where that is safe, so that a developer can copy the link out of the raw message.
    safe = body.isascii() and max(map(len, body.splitlines())) <= _LONGEST_LINE
    return "7bit" if safe else "quoted-printable"
