# SPDX-License-Identifier: Apache-2.0
"""What counts as an e-mail address, which addresses are the same mailbox, and how much of one a page may show.

Two spellings that meet in one look-up form must never lead to two mailboxes (decisions.md, "Addresses"), and people of
a self-hosted service live on intranets, so names such as `mail.local` are as good as public ones.
"""

import re
import unicodedata
from collections.abc import Callable
from itertools import takewhile
from typing import Final

from email_validator import EmailNotValidError, validate_email
from msgspec import Struct

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.words import N_

LONGEST: Final = 320
"""Characters of the longest text that is looked at (RFC 5321 §4.5.3.1: 64 + 1 + 255); 252 bytes may pass."""

# email-validator refuses special-use names (RFC 6761: .test, .local, localhost) wherever they end a domain, by a list
# that only a change of its module's globals would shorten. One label of ours behind the domain leaves the syntax rules.
_STAND_IN: Final = ".x"
_BLANKS: Final = " \t\r\n\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}"
_MASK: Final = "••"
_MOST_MARKS: Final = 3
# What nearly every address is, and the library takes as it is, in a tenth of its time: a test holds the two together.
# Two hyphens may begin an A-label, which is for the library to read.
_PLAIN: Final = re.compile(
    r"(?=.{1,200}\Z)(?!.*--)(?=[^@]{1,64}@)[A-Za-z0-9_+]+(?:[.-][A-Za-z0-9_+]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)


class EmailAddress(Struct, frozen=True):
    """An address that passed `parse`. Its repr is masked, since addresses are personal and reprs end in logs."""

    mailing: str
    """Where mail goes: the local part as typed, the domain in ASCII lower case (A-labels), so that any relay takes it.

    A local part outside ASCII stays as it is and needs a relay with SMTPUTF8 (RFC 6531)."""
    canonical: str
    """The look-up form: `mailing` with its local part case-folded (NFKC). For keyed hashes, never to send to."""

    def __repr__(self) -> str:
        """Show no more than a page would."""
        return f"EmailAddress({masked(self.mailing)})"


def parse(text: str) -> EmailAddress:
    """The address in this text, blanks around it aside.

    Accepted: dot-atom local parts (RFC 5322 §3.2.3, RFC 6531 §3.3) and domain names with or without dots, public or
    special-use, in Unicode or as A-labels (UTS 46, IDNA 2008). Nothing is asked of DNS. Plus tags are kept, so
    `a+x@` and `a+y@` are two mailboxes, as only the mailbox's own host knows whether they are one.
    A local part that NFKC would change (Kelvin sign, full-width letters, ligatures) is refused: folded for look-up it
    would meet somebody else's address.

    Raises `Refusal(INVALID_REQUEST)`, naming the rule and never repeating the address.
    """
    if len(text) > LONGEST:
        raise _refusal(N_("it has more than 320 characters"))
    address = text.strip(_BLANKS)
    for broken, rule in _RULES:
        if broken(address):
            raise _refusal(rule)
    local, domain = address.split("@")
    if not unicodedata.is_normalized("NFKC", local):
        raise _refusal(N_("the part before the @ has letters in a compatibility form; type them as plain letters"))
    ascii_domain = _ascii_domain(local, domain)
    return EmailAddress(mailing=f"{local}@{ascii_domain}", canonical=f"{_folded(local)}@{ascii_domain}")


def masked(mailing: str) -> str:
    """The address as a page may show it: `a••@example.com`, its domain in Unicode.

    The first letter keeps the marks that belong to it; the dots are always two, so they do not tell the length.
    """
    local, _, domain = mailing.rpartition("@")
    return f"{_first_letter(local)}{_MASK}@{_unicode_domain(domain)}"


def _refusal(rule: str) -> Refusal:
    return Refusal(
        ErrorCode.INVALID_REQUEST,
        N_("This e-mail address cannot be used: %(rule)s. Give it alone, in the form name@example.com."),
        words={"rule": rule},
    )


def _has_invisible(address: str) -> bool:
    return any(unicodedata.category(character)[0] == "C" for character in address)


def _has_blank(address: str) -> bool:
    return any(character.isspace() for character in address)


_RULES: Final[tuple[tuple[Callable[[str], bool], str], ...]] = (
    (lambda address: not address, N_("it is empty")),
    (_has_invisible, N_("it contains control or invisible characters")),
    (
        lambda address: "<" in address or ">" in address,
        N_("angle brackets and display names are not part of an address"),
    ),
    (lambda address: '"' in address, N_("quoted forms are not supported")),
    (_has_blank, N_("it contains a blank")),
    (lambda address: address.count("@") != 1, N_("it must contain exactly one @")),
    (lambda address: "@[" in address, N_("a bracketed IP address is not a domain name")),
    (lambda address: re.search(r"[@.][0-9]+\Z", address) is not None, N_("an IP address is not a domain name")),
)


def _ascii_domain(local: str, domain: str) -> str:
    if _PLAIN.fullmatch(f"{local}@{domain}"):
        return domain.lower()
    try:
        checked = validate_email(f"{local}@{domain}{_STAND_IN}", check_deliverability=False, strict=True)
    except EmailNotValidError:
        # The library's message can quote the address, so neither it nor the chain may go further.
        raise _refusal(_broken_part(domain)) from None
    return checked.ascii_domain.removesuffix(_STAND_IN)


def _broken_part(domain: str) -> str:
    try:
        validate_email(f"a@{domain}{_STAND_IN}", check_deliverability=False, strict=True)
    except EmailNotValidError:
        return N_("the part after the @ is not a valid domain name, or the address is too long")
    return N_("the part before the @ is not valid, or the address is too long")


def _folded(local: str) -> str:
    # Folding decomposes some letters (U+01F0), so NFKC has to follow it.
    return unicodedata.normalize("NFKC", local.casefold())


def _first_letter(local: str) -> str:
    # The standard library knows no grapheme clusters; base, a few marks, and pairs that make one emoji are enough here.
    marks = "".join(takewhile(_extends, local[1:]))[:_MOST_MARKS]
    if not marks and _is_flag_half(local[:1]) and _is_flag_half(local[1:2]):
        return local[:2]
    return local[:1] + marks


def _extends(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or "\U0001f3fb" <= character <= "\U0001f3ff"


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _unicode_domain(domain: str) -> str:
    if "xn--" not in domain:
        return domain
    try:
        return validate_email(f"a@{domain}{_STAND_IN}", check_deliverability=False, strict=True).domain.removesuffix(
            _STAND_IN
        )
    except EmailNotValidError:
        return domain
