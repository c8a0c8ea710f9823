# SPDX-License-Identifier: Apache-2.0
"""Turn facts into the pages people see, without HTTP, so that a test can render, read and attack every one."""

import re
from copy import copy
from datetime import UTC, datetime

from markupsafe import Markup
from msgspec import Struct

from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.core.languages import ENGLISH
from counterfoil_service.core.login import SECOND
from counterfoil_service.core.look import OUR_LOOK, Look
from counterfoil_service.core.words import N_
from counterfoil_service.languages.catalogue import translations
from counterfoil_service.languages.folder import TemplateFolder
from counterfoil_service.languages.formats import ago, moment_words, place_words
from counterfoil_service.languages.templates import bdi, environment
from counterfoil_service.operations.describe_link import STANDINGS, Standing
from counterfoil_service.web.browser.labels import LABEL_JOINT
from counterfoil_service.web.browser.pages import BrowserPage
from counterfoil_service.web.styles import STYLESHEET, file_of, look_style, style_hash
from counterfoil_service.web.wire import moment

# Double ones of every script, look-alikes too: the label stands between a pair of them.
_QUOTATION_MARKS = re.compile(r'["\u201c-\u201f\xab\xbb\uff02\u300c-\u300f\u301d-\u301f]')
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class OpenedIn(Struct, frozen=True):
    """Where a link is looked at, in words; at least one of the two is known."""

    browser: str | None
    nearness: str | None


class LinkPage(Struct, frozen=True, kw_only=True):
    """What a live link shows. `message` is set after a wrong code; `origin` is as coarse as it may be seen.

    `may_return` offers the third choice, the way back to the app on the same computer. `same_browser` asks for no code,
    `same_device_only` takes none.
    """

    application_name: str
    device_label: str | None
    asked_seconds_ago: int
    masked_address: str
    origin: str | None
    standing: Standing
    secret: str
    action: str
    message: str | None = None
    may_return: bool = False
    same_browser: bool = False
    opener: OpenedIn | None = None
    same_device_only: bool = False

    def __repr__(self) -> str:
        # The fields hold the link secret, which no log may ever show.
        return "LinkPage(...)"


class DecidedPage(Struct, frozen=True, kw_only=True):
    """What is shown once somebody has decided; the secret lets an approval be taken back until it is collected."""

    application_name: str
    device_label: str | None
    secret: str
    action: str

    def __repr__(self) -> str:
        # The fields hold the link secret, which no log may ever show.
        return "DecidedPage(...)"


class NoticePage(Struct, frozen=True, kw_only=True):
    """What the link of a notice mail shows: a session and its device. Times are microseconds UTC.

    `changed_at`: when the device, known by its key, looked like another computer.
    """

    application_name: str
    device_label: str | None
    signed_in_at: int
    changed_at: int | None
    masked_address: str
    secret: str
    action: str

    def __repr__(self) -> str:
        # The fields hold the link secret, which no log may ever show.
        return "NoticePage(...)"


class HandOverPage(Struct, frozen=True, kw_only=True):
    """The way back to an app whose address no form may lead to; `target` holds the code."""

    application_name: str
    target: str

    def __repr__(self) -> str:
        # The target holds an authorization code, which no log may ever show.
        return "HandOverPage(...)"


class ErrorPage(Struct, frozen=True, kw_only=True):
    """An error met by a browser: public words, and the reference by which an operator finds the private ones.

    `translated` says that the message is in the language of the page, and not in English.
    """

    status: int
    title: str
    message: str
    request_id: str
    translated: bool = True


class Pages:
    """Every page in one language, loaded once. `style_hashes` is what the content security policy must name."""

    style_hashes: tuple[str, ...]
    script_hash: str
    """What it must name in `script-src` for the waiting page, the only one with a script."""

    def __init__(self, base: str = "", language: str = ENGLISH, overrides: TemplateFolder | None = None) -> None:
        """`base` is the path of the issuer, which stands before every path; `overrides` an operator's folder."""
        self.language = language
        self._base, self._overrides = base, overrides
        self._others = {language: self}
        self.look = OUR_LOOK
        self.look_style: Markup | None = None
        self.stylesheet, script = file_of(STYLESHEET, overrides), file_of("waiting.js", None)
        self.style_hashes, self.script_hash = (style_hash(self.stylesheet),), style_hash(script)
        self._texts = translations(language)
        self._environment = environment(__package__, language, overrides)
        self._environment.globals |= {
            "stylesheet": Markup(self.stylesheet),  # noqa: S704 - our own file, or the operator's
            "waiting_script": Markup(script),  # noqa: S704 - our own file
            "base": base,
        }
        self._environment.filters |= {
            "quotable": quotable,
            "words": lambda microseconds: moment_words(_moment(microseconds), language),
            "stamp": moment,
            "standing": lambda standing: self._translated(STANDINGS[standing]),
            "translated": self._translated,
            "browser": self._browser,
            "linked": _linked,
        }
        # Rendered once, so that neither bytes nor time can tell one dead link from another.
        self._dead = self._render("dead.html")
        self._check_mail = self._render("check_mail.html")
        self._notice_dead = self._render("notice_dead.html")

    def speaking(self, language: str) -> "Pages":
        """The same in another language."""
        if language not in self._others:
            other = Pages(self._base, language, self._overrides)
            self._others[language], other._others = other, self._others
        return self._others[language]

    def dressed(self, look: Look) -> "Pages":
        """The same in the look of an application, whose colour is a stylesheet of its own."""
        pages = copy(self)
        pages.look = look
        if look.colour is not None:
            style = look_style(look)
            pages.look_style = Markup(style)  # noqa: S704 - colours that were checked
            pages.style_hashes = (*self.style_hashes, style_hash(style))
        return pages

    def say(self, refusal: Refusal) -> str | None:
        """A refusal in the words of this language; None where it has none, as what only programs get wrong."""
        if refusal.code is ErrorCode.SLOW_DOWN and refusal.retry_after is not None:
            return self._wait(refusal.retry_after)
        template = self._texts.gettext(refusal.template)
        if self.language != ENGLISH and template == refusal.template:
            return None
        words = {name: self._translated(text) for name, text in refusal.words.items()}
        return template % words if words else template

    def place(self, country: str | None, words: str | None) -> str | None:
        """A place in the words of this language."""
        return place_words(country, words, self.language)

    def link(self, page: LinkPage) -> str:
        """The page of a live link: what was asked, the field for the code, and two equal buttons."""
        return self._render("link.html", page=page, asked=ago(page.asked_seconds_ago, self.language))

    def approved(self, page: DecidedPage) -> str:
        """After the right code: return to the device, or stop it after all."""
        return self._render("approved.html", page=page)

    def rejected(self, page: DecidedPage) -> str:
        """After a rejection: nothing is left to do, but it may be reported."""
        return self._render("rejected.html", page=page)

    def reported(self, application_name: str, device_label: str | None) -> str:
        """After a report: what was done about it."""
        return self._render("reported.html", application_name=application_name, device_label=device_label)

    def hand_over(self, page: HandOverPage) -> str:
        """The code on its way to an app, by one link."""
        return self._render("hand_over.html", page=page)

    def dead(self) -> str:
        """The one page for every link that is not live, whatever the reason."""
        return self._dead

    def locked(self) -> str:
        """The answer to the third wrong code."""
        return self._render("locked.html")

    def check_mail(self) -> str:
        """The help page that a device names as `verification_uri`."""
        return self._check_mail

    def notice(self, page: NoticePage) -> str:
        """The page behind a notice of a new device: what signed in, and one button that signs it out."""
        return self._render("notice.html", page=page)

    def notice_ended(self, page: NoticePage) -> str:
        """After that button: what else to do."""
        return self._render("notice_ended.html", page=page)

    def notice_dead(self) -> str:
        """The one page for every notice whose session does not live, whatever the reason."""
        return self._notice_dead

    def error(self, page: ErrorPage) -> str:
        """A page for an error that has no page of its own."""
        return self._render("error.html", page=page)

    def show(self, page: BrowserPage) -> str:
        """A page of the sign-in by browser."""
        return self._render(page.template, page=page)

    def _render(self, template: str, **context: object) -> str:
        shown = self._environment.get_template(template)
        return shown.render(context, look=self.look, look_style=self.look_style)

    def _translated(self, words: str) -> str:
        return self._texts.gettext(words) if words else words

    def _wait(self, seconds: int) -> str:
        return self._texts.ngettext(
            "Too many requests came from here. Wait %(num)d second and try again.",
            "Too many requests came from here. Wait %(num)d seconds and try again.",
            seconds,
        ) % {"num": seconds}

    def _browser(self, label: str) -> Markup:
        """What `labels.label_of` calls a browser."""
        browser, on, system = label.partition(LABEL_JOINT)
        browser = self._translated(browser)
        if not on:
            return bdi(browser)
        return bdi(self._translated(N_("%(browser)s on %(system)s")) % {"browser": browser, "system": system})


def _linked(text: Markup, href: str) -> Markup:
    """A translated sentence with one `<a>` in it, which leads there."""
    return text.replace("<a>", Markup('<a href="{}">').format(href))


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / SECOND, UTC)


def quotable(label: str) -> str:
    """A device's own words, unable to close the quotation marks that are set around them."""
    return _QUOTATION_MARKS.sub("\N{RIGHT SINGLE QUOTATION MARK}", _CONTROLS.sub(" ", label))
