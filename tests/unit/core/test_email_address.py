# SPDX-License-Identifier: Apache-2.0
"""One mailbox, one look-up form; a look-alike is refused; intranet names are as good as public ones."""

import re
import sys
import unicodedata

import email_validator
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core import email_address
from counterfoil_service.core.email_address import EmailAddress, _folded, masked, parse
from counterfoil_service.core.errors import ErrorCode, Refusal


def test_the_local_part_keeps_its_case_in_the_mail_and_loses_it_in_look_ups() -> None:
    assert parse("Alice.Smith@Example.COM") == EmailAddress(
        mailing="Alice.Smith@example.com", canonical="alice.smith@example.com"
    )


@pytest.mark.parametrize(
    ("local", "folded"),
    [("Straße", "strasse"), ("ΣΊΣΥΦΟΣ", "σίσυφοσ"), ("\u01f0an", "\u01f0an"), ("J\u030can", "\u01f0an")],
)
def test_folding_goes_beyond_lower_case_and_ends_in_nfkc(local: str, folded: str) -> None:
    address = parse(f"{local}@example.com")
    assert address.canonical == f"{folded}@example.com"
    assert parse(address.canonical).canonical == address.canonical


def test_role_names_keep_their_case_too() -> None:
    assert parse("INFO@example.com").mailing == "INFO@example.com"


@pytest.mark.parametrize(
    "address",
    [
        "alice@example.test",
        "x@mail.local",
        "a@localhost",
        "a@intranet",
        "a@corp.internal",
        "a@service.onion",
        "a@home.arpa",
    ],
)
def test_special_use_and_intranet_domains_are_accepted(address: str) -> None:
    assert parse(address) == EmailAddress(mailing=address, canonical=address)


def test_accepting_them_leaves_the_library_as_it_was() -> None:
    parse("a@mail.local")
    assert "local" in email_validator.SPECIAL_USE_DOMAIN_NAMES
    assert email_validator.TEST_ENVIRONMENT is False


@pytest.mark.parametrize(
    "spelling",
    [
        "a@bücher.example",
        "a@BÜCHER.example",
        "a@bu\u0308cher.example",
        "a@xn--bcher-kva.example",
        "A@XN--BCHER-KVA.EXAMPLE",
    ],
)
def test_every_spelling_of_a_unicode_domain_is_one_mailbox(spelling: str) -> None:
    assert parse(spelling).canonical == "a@xn--bcher-kva.example"


def test_mail_goes_to_the_ascii_form_of_the_domain() -> None:
    assert parse("jö@bücher.example").mailing == "jö@xn--bcher-kva.example"


def test_plus_tags_are_kept_and_distinct() -> None:
    assert parse("alice+a@example.com").canonical == "alice+a@example.com"
    assert parse("alice+a@example.com").canonical != parse("alice+b@example.com").canonical


@pytest.mark.parametrize("blank", [" ", "\t", "\r\n", "\u00a0", "\u3000"])
def test_blanks_around_an_address_are_dropped(blank: str) -> None:
    assert parse(f"{blank}a@example.com{blank}").mailing == "a@example.com"


LOOK_ALIKES = {
    "Kelvin sign": "\u212aate@example.com",
    "full-width letter": "\uff41lice@example.com",
    "ligature": "o\ufb03ce@example.com",
    "long s": "\u017fam@example.com",
    "superscript": "a\u00b2@example.com",
    "decomposed accent": "jo\u0308@example.com",
    "angstrom sign": "\u212bke@example.com",
}


@pytest.mark.parametrize("address", LOOK_ALIKES.values(), ids=LOOK_ALIKES.keys())
def test_a_local_part_that_nfkc_would_change_is_refused(address: str) -> None:
    with pytest.raises(Refusal, match="compatibility form"):
        parse(address)


REFUSED = {
    "empty": ("", "empty"),
    "blanks alone": ("  ", "empty"),
    "line break": ("a@example.com\r\nBcc: b@example.com", "control"),
    "null": ("a\x00@example.com", "control"),
    "separator at the end": ("a@example.com\x1c", "control"),
    "zero-width joiner": ("a\u200d@example.com", "invisible"),
    "right-to-left override": ("a\u202e@example.com", "invisible"),
    "half a surrogate pair": ("a\ud800@example.com", "invisible"),
    "surrogate in the domain": ("a@ex\ud800.com", "invisible"),
    "display name": ("Alice <alice@example.com>", "display names"),
    "angle brackets": ("<alice@example.com>", "angle brackets"),
    "quoted local part": ('"alice"@example.com', "quoted"),
    "quoted @": ('"a@b"@example.com', "quoted"),
    "blank inside": ("al ice@example.com", "blank"),
    "two addresses": ("a@example.com,b@example.com", "exactly one @"),
    "no @": ("alice.example.com", "exactly one @"),
    "full-width @": ("alice\uff20example.com", "exactly one @"),
    "IPv4 literal": ("a@[192.0.2.1]", "bracketed"),
    "IPv6 literal": ("a@[IPv6:2001:db8::1]", "bracketed"),
    "bare IP address": ("a@192.0.2.1", "IP address"),
    "nothing before": ("@example.com", "before the @"),
    "dot at the start": (".a@example.com", "before the @"),
    "two dots": ("a..b@example.com", "before the @"),
    "combining mark first": ("\u0301a@example.com", "before the @"),
    "nothing after": ("a@", "after the @"),
    "trailing dot": ("a@example.com.", "after the @"),
    "underscore in the domain": ("a@ex_ample.com", "after the @"),
    "hyphen first": ("a@-example.com", "after the @"),
    "false A-label": ("a@xn--a.example", "after the @"),
    "ideographic stop at the end": ("a@example.com\u3002", "after the @"),
    "long label": ("a@" + "b" * 64 + ".com", "after the @"),
    "too long for mail": ("a" * 250 + "@example.com", "too long"),
    "beyond 320 characters": ("a" * 309 + "@example.com", "320"),
}


@pytest.mark.parametrize(("address", "rule"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refusal_names_the_rule_and_the_way_out(address: str, rule: str) -> None:
    with pytest.raises(Refusal, match=rule) as caught:
        parse(address)
    assert caught.value.code is ErrorCode.INVALID_REQUEST
    assert "name@example.com" in caught.value.description


def test_a_refusal_never_repeats_the_address_nor_drags_it_along() -> None:
    with pytest.raises(Refusal) as caught:
        parse("very..secret@hidden-place.test")
    error: BaseException | None = caught.value
    assert "secret" not in str(error)
    assert error is not None
    assert error.__suppress_context__
    assert error.__cause__ is None


def test_a_huge_text_is_refused_by_its_length_alone() -> None:
    class Huge(str):
        """A text that tells when somebody reads more of it than its length."""

        __slots__ = ()

        def strip(self, _characters: object = None) -> str:
            raise AssertionError("the text was looked at")

    with pytest.raises(Refusal, match="320"):
        parse(Huge(" " * 321))


@given(st.text(max_size=330) | st.emails() | st.from_regex(r"[^@\s]{1,9}@[^@\s]{1,9}\.[a-z]{2,3}", fullmatch=True))
def test_no_text_does_anything_but_parse_or_be_refused(text: str) -> None:
    try:
        address = parse(text)
    except Refusal:
        return
    assert parse(address.mailing) == address
    assert address.canonical.rpartition("@")[2].isascii()
    assert masked(address.mailing).partition("@")[0].endswith("••")


def test_folding_is_the_same_the_second_time_for_every_character() -> None:
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        if unicodedata.is_normalized("NFKC", character):
            folded = _folded(character)
            assert _folded(folded) == folded, hex(number)


@pytest.mark.parametrize(
    ("mailing", "expected"),
    [
        ("alice@example.com", "a••@example.com"),
        ("a@example.com", "a••@example.com"),
        ("ab@example.com", "a••@example.com"),
        ("alice@xn--bcher-kva.example", "a••@bücher.example"),
        ("alice@bücher.example", "a••@bücher.example"),
        ("alice@xn--a.example", "a••@xn--a.example"),
        ("jö@mail.local", "j••@mail.local"),
        ("q\u0307\u0323x@example.com", "q\u0307\u0323••@example.com"),
        ("q" + "\u0323" * 50 + "x@example.com", "q\u0323\u0323\u0323••@example.com"),
        ("👍🏽x@example.com", "👍🏽••@example.com"),
        ("❤️x@example.com", "❤️••@example.com"),
        ("🇩🇪x@example.com", "🇩🇪••@example.com"),
        ("कि@example.com", "कि••@example.com"),
    ],
)
def test_a_page_sees_the_first_letter_and_the_domain_alone(mailing: str, expected: str) -> None:
    assert masked(mailing) == expected


def test_an_address_is_masked_in_its_repr() -> None:
    assert repr(parse("alice@example.com")) == "EmailAddress(a••@example.com)"


_LETTERS = st.sampled_from("abzABZ019_+-.é@ ")


@given(st.text(_LETTERS, min_size=1, max_size=12), st.text(st.sampled_from("abzAZ09-.xn"), min_size=1, max_size=14))
def test_what_is_taken_as_it_is_the_library_takes_just_so(local: str, domain: str) -> None:
    try:
        quick: EmailAddress | str = parse(f"{local}@{domain}")
    except Refusal as refusal:
        quick = refusal.description
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(email_address, "_PLAIN", re.compile(r"(?!)"))
        try:
            slow: EmailAddress | str = parse(f"{local}@{domain}")
        except Refusal as refusal:
            slow = refusal.description
    assert quick == slow


@pytest.mark.parametrize("length", [63, 64, 65])
def test_long_parts_meet_the_same_limits(length: int) -> None:
    for address, most in ((f"{'a' * length}@example.com", 64), (f"a@{'b' * length}.example", 63)):
        if length <= most:
            assert parse(address).mailing == address
        else:
            with pytest.raises(Refusal):
                parse(address)
