# SPDX-License-Identifier: Apache-2.0
"""An operator's mails, tried with made-up facts: each holds its one link once, and loads nothing."""

import re
from collections.abc import Iterator
from email.message import EmailMessage

from counterfoil_service.core.languages import ENGLISH, LANGUAGES
from counterfoil_service.languages.folder import TemplateFolder
from counterfoil_service.languages.markup import Markup
from counterfoil_service.languages.overrides import misread, tried
from counterfoil_service.languages.templates import environment
from counterfoil_service.mail.render import MailTemplates
from counterfoil_service.mail.samples import LINK, MAIL_CODE, SECRET, every_mail

_URL = re.compile(r"(?:https?|ftp):|\bwww\.|//[A-Za-z0-9]", re.IGNORECASE)
_KNOWN = frozenset(
    {
        *("_", "gettext", "ngettext", "language", "direction", "look", "subject", "link", "issuer", "application"),
        *("device", "same_device_only", "how", "asked_at", "minutes", "standing", "mail_code", "signed_in_at"),
        *("title", "meaning", "advice", "times", "raised_at", "last_at", "facts", "caller"),
    }
)


def mail_troubles(folder: TemplateFolder) -> list[str]:
    """Everything that is wrong in a folder of mails; none is sent while there is something."""
    found = misread(folder, environment(__package__, ENGLISH, folder), _KNOWN, frozenset())
    if found:
        return found
    templates = MailTemplates(folder)
    for language in LANGUAGES:
        found += tried(folder.path, lambda: found.extend(_differences(folder, templates, language)))  # noqa: B023 - called here
        if found:
            # In the next language most of it would be the same.
            break
    return list(dict.fromkeys(found))


def _differences(folder: TemplateFolder, templates: MailTemplates, language: str) -> list[str]:
    return [
        f"{folder.path / f'{template}.{kind}'} ({variant}, {language}): {trouble}"
        for template, variant, message in every_mail(language, templates)
        for kind, trouble in _troubles(message, with_code="mail_code" in variant)
    ]


def _troubles(message: EmailMessage, *, with_code: bool) -> Iterator[tuple[str, str]]:
    text, html = _part(message, "plain"), _part(message, "html")
    markup = Markup(html)
    if text.split().count(LINK) != 1 or text.count(LINK) != 1:
        yield "txt", "the link must stand in it exactly once, on a line of its own"
    if _URL.search(text.replace(LINK, "")):
        yield "txt", "it holds another address; a mail with a sign-in link has that one alone"
    if markup.addresses() != [LINK] or html.count(LINK) != 1:
        yield "html", "the link must stand in it exactly once, as the address of an <a>, and no other link beside it"
    if _URL.search(html.replace(LINK, "")):
        yield "html", "it holds another address; a mail with a sign-in link has that one alone"
    if markup.refreshes:
        yield "html", "meta http-equiv has no place in mail"
    if markup.raw["script"] or markup.forms:
        yield "html", "scripts and forms have no place in mail"
    yield from (("html", f"{each} would load something, which tells others who reads it") for each in markup.loads())
    for kind, part in (("txt", text), ("html", html)):
        if part.count(SECRET) > 1:
            yield kind, "what the link ends with is a secret, which must stand in the link alone"
        if (MAIL_CODE in part) != with_code:
            yield kind, "the eight digits must stand in it where there are any"


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return "" if part is None else str(part.get_content())
