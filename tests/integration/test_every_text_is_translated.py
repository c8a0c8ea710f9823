# SPDX-License-Identifier: Apache-2.0
"""Nobody meets English in another language: files are whole, and no page says what passed no translation."""

import re
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from babel.messages.catalog import Catalog

from counterfoil_service.core.languages import ENGLISH, LANGUAGES
from counterfoil_service.languages import formats, templates
from counterfoil_service.mail import render
from counterfoil_service.mail import samples as mail_samples
from counterfoil_service.web import pages as pages_module
from counterfoil_service.web import samples as page_samples
from counterfoil_service.web.pages import Pages
from support.catalogues import TRANSLATED, collected, kept, places, troubles
from support.spoken import Brackets, outside, unspoken

FACTS = [
    *(page_samples.APPLICATION, page_samples.DEVICE, page_samples.ADDRESS, page_samples.PLACE, page_samples.CODE),
    *(" ".join(page_samples.CODE.replace("-", "")), page_samples.REFERENCE, "ada@example.com", "MESSAGE", "1:05"),
    *(mail_samples.APPLICATION, mail_samples.DEVICE, mail_samples.LINK, mail_samples.MAIL_CODE, "id·example"),
    *("Counterfoil", "21. November 2025, 14:03 UTC", "21. November 2025, 15:03 UTC"),
]


@pytest.fixture(scope="module")
def wanted() -> Catalog:
    return collected()


@pytest.fixture
def bracketed(monkeypatch: pytest.MonkeyPatch) -> None:
    """German is made of brackets."""
    for module in (templates, formats, render, pages_module):
        monkeypatch.setattr(module, "translations", lambda _: Brackets())


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_file_has_every_text_and_none_that_is_gone(language: str, wanted: Catalog) -> None:
    assert list(troubles(language, kept(language), wanted)) == []


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("", "is not translated"),
        ("Weiter zu", "has [] for ['%(application)s']"),
        ("Weiter zu %(app)s", "has ['%(app)s'] for ['%(application)s']"),
        ("Weiter zu <b>%(application)s</b>", "has ['%(application)s', '</b>', '<b>'] for ['%(application)s']"),
        ("100 % zu %(application)s", "has a percent sign or a line end"),
    ],
)
def test_a_translation_that_lacks_something_is_named(text: str, trouble: str, wanted: Catalog) -> None:
    changed = kept("de")
    message = changed["Return to %(application)s"]
    assert message is not None
    message.string = text
    assert list(troubles("de", changed, wanted)) == [f"de: 'Return to %(application)s' {trouble}"]


def test_a_text_that_is_missing_new_or_fuzzy_is_named(wanted: Catalog) -> None:
    changed = kept("de")
    del changed["Reject"]
    changed.add("Gone", "Weg")
    changed["Sign in"].flags.add("fuzzy")
    assert set(troubles("de", changed, wanted)) == {
        "de has no 'Reject'",
        "de still has 'Gone'",
        "de: 'Sign in' is fuzzy",
    }


@pytest.mark.usefixtures("bracketed")
def test_every_page_says_nothing_that_was_not_translated() -> None:
    said = {
        f"{template}, {variant}": found
        for template, variant, html in page_samples.every_page(Pages("", "de"))
        if (found := [rest for rest in outside(html) if not _is_known(rest)])
    }
    assert said == {}


@pytest.mark.usefixtures("bracketed")
def test_every_mail_says_nothing_that_was_not_translated() -> None:
    said = {
        f"{template}, {variant}": found
        for template, variant, message in mail_samples.every_mail("de", render.MailTemplates())
        if (found := [rest for rest in _outside_mail(message) if not _is_known(rest)])
    }
    assert said == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_and_mail_is_written_in_every_language_and_says_so(language: str) -> None:
    shown = list(page_samples.every_page(Pages("", language)))
    assert {template for template, _, _ in shown} == _templates()
    for template, variant, html in shown:
        assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in html, (template, variant)
        assert not re.search(r"%\(\w+\)", html), (template, variant)
        assert "<i>" not in html, (template, variant)
    for _, _, message in mail_samples.every_mail(language, render.MailTemplates()):
        assert f'<html lang="{language}"' in _part(message, "html")
        assert _part(message, "plain").count(mail_samples.LINK) == 1


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_sentence_is_said_in_english(language: str) -> None:
    """A translation may equal a word of English by chance (`Code`); no sentence does."""
    same = [text for text in _texts(kept(language)) if text == kept(language)[text].string]
    assert [text for text in same if text.count(" ") > 1 and places(text) == []] == []


def test_english_needs_no_file() -> None:
    assert ENGLISH not in TRANSLATED
    assert [*TRANSLATED, ENGLISH] == [*LANGUAGES[1:], LANGUAGES[0]]


def _texts(catalogue: Catalog) -> list[str]:
    return [message.id for message in catalogue if message.id and isinstance(message.id, str)]


def _templates() -> set[str]:
    return {name for name in Pages()._environment.list_templates(["html"]) if name not in {"base.html", "parts.html"}}


def _outside_mail(message: EmailMessage) -> Iterator[str]:
    yield from filter(None, [unspoken(str(message["Subject"])), unspoken(_part(message, "plain"))])
    yield from outside(_part(message, "html"))


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def _is_known(rest: str) -> bool:
    """Facts, and the quotation marks around them."""
    for fact in sorted(FACTS, key=len, reverse=True):
        rest = rest.replace(fact, "")
    return not re.search(r"\w", rest)
