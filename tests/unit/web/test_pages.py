# SPDX-License-Identifier: Apache-2.0
"""What a page may say, must say and must never contain, whatever strangers put into it."""

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from jinja2 import UndefinedError

from counterfoil_service import web
from counterfoil_service.core.languages import LANGUAGES
from counterfoil_service.languages.formats import ago
from counterfoil_service.web.pages import DecidedPage, ErrorPage, HandOverPage, LinkPage, NoticePage, Pages

PAGES = Pages()
SECRET = "kXoT4oVnW0u1cB7Yl9sQe2hRz5mGdJ8aPfN3-_iKvCw"
ASKED = LinkPage(
    application_name="Ledgerline",
    device_label="Anna's ThinkPad",
    asked_seconds_ago=190,
    masked_address="a••@example.com",
    origin="Zürich region, Switzerland",
    standing="known",
    secret=SECRET,
    action="/auth/l",
)
DECIDED = DecidedPage(application_name="Ledgerline", device_label="Anna's ThinkPad", secret=SECRET, action="/auth/l")
FAILED = ErrorPage(status=503, title="We are busy", message="Try again in a minute.", request_id="01JD4Q0V9W")
NOTICED = NoticePage(
    application_name="Ledgerline",
    device_label="Anna's ThinkPad",
    signed_in_at=1_763_733_780_000_000,
    changed_at=None,
    masked_address="a••@example.com",
    secret=SECRET,
    action="/auth/n",
)
WRONG = msgspec.structs.replace(ASKED, message="That is not the code.")
RETURNABLE = msgspec.structs.replace(ASKED, may_return=True)
HANDED_OVER = HandOverPage(
    application_name="Ledgerline", target="com.example.ledger:/back?item=4&y=%20&code=Qx&state=s&iss=https%3A%2F%2Fid"
)

EVERY_PAGE: dict[str, Callable[[], str]] = {
    "link": lambda: PAGES.link(ASKED),
    "wrong code": lambda: PAGES.link(WRONG),
    "wrong code, may return": lambda: PAGES.link(msgspec.structs.replace(WRONG, may_return=True)),
    "may return": lambda: PAGES.link(RETURNABLE),
    "same browser": lambda: PAGES.link(msgspec.structs.replace(ASKED, same_browser=True)),
    "approved": lambda: PAGES.approved(DECIDED),
    "rejected": lambda: PAGES.rejected(DECIDED),
    "reported": lambda: PAGES.reported("Ledgerline", "Anna's ThinkPad"),
    "reported without a name": lambda: PAGES.reported("Ledgerline", None),
    "dead": PAGES.dead,
    "locked": PAGES.locked,
    "check mail": PAGES.check_mail,
    "error": lambda: PAGES.error(FAILED),
    "notice": lambda: PAGES.notice(NOTICED),
    "notice ended": lambda: PAGES.notice_ended(NOTICED),
    "notice dead": PAGES.notice_dead,
}
every_page = pytest.mark.parametrize("render", EVERY_PAGE.values(), ids=EVERY_PAGE)

ATTACKS = {
    "script": "<script>alert(1)</script>",
    "double quote": '" autofocus onfocus="alert(1)',
    "single quote": "' onmouseover='alert(1)",
    "closing the quotation": "Mac” has signed in before “",
    "closing the isolate": "</bdi></span><h1>Approved</h1>",
    "line breaks": "Mac\r\nSet-Cookie: a=b\r\n\r\n<html>",
    "bidi override": "\u202egnp.exe",
    "open isolates": "\u2066\u2067\u2068\u202d",
    "null and controls": "a\x00b\x1b[31mc\x85d\u2028e",
    "template": "{{ page.secret }}{% raw %}",
    "comment": "<!-- ",
    "entity": "&lt;script&gt;&#60;",
    "sixty-four emoji": "😀" * 64,
    "stacked accents": "Z" + "\u0335\u0321\u030d" * 21,
}
attack = pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)


class Reading(HTMLParser):
    """A page as a browser takes it apart: its elements, and the words a person reads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._silent = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._silent = tag in {"style", "title"}

    def handle_endtag(self, tag: str) -> None:
        self._silent = self._silent and tag not in {"style", "title"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]

    def tags(self) -> list[str]:
        return [name for name, _ in self.elements]

    def field(self, name: str) -> dict[str, str | None]:
        (field,) = [attrs for attrs in self.all("input") if attrs.get("name") == name]
        return field


@every_page
def test_a_page_holds_one_style_element_whose_hash_the_policy_names(render: Callable[[], str]) -> None:
    html = render()
    (style,) = re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"sha256-{digest}" == PAGES.style_hashes[0]
    assert html.count("<style") == 1


@every_page
def test_a_page_needs_no_script_no_inline_style_and_nothing_from_anywhere(render: Callable[[], str]) -> None:
    html = render()
    page = Reading(html)
    assert not {"script", "link", "img", "iframe", "object", "base", "image", "use"} & set(page.tags())
    assert all(re.match("/[^/]", attrs["href"] or "") for attrs in page.all("a"))
    attributes = {name for _, attrs in page.elements for name in attrs}
    assert not [name for name in attributes if name == "style" or name.startswith("on")]
    assert not {"src", "srcset", "xlink:href", "background", "formaction", "http-equiv"} & attributes
    assert "http" not in html.lower()
    assert "data:" not in html
    assert "@import" not in html
    assert set(re.findall(r"url\(.", html)) <= {"url(#"}


@every_page
def test_a_page_has_a_language_a_title_one_heading_and_landmarks(render: Callable[[], str]) -> None:
    html = render()
    page = Reading(html)
    assert html.startswith("<!doctype html>\n")
    assert page.all("html") == [{"lang": "en", "dir": "ltr"}]
    assert [page.tags().count(tag) for tag in ("title", "h1", "header", "main")] == [1, 1, 1, 1]
    assert re.search(r"<title>[^<]+</title>", html)
    metas = {attrs.get("name"): attrs.get("content") for attrs in page.all("meta")}
    assert metas["viewport"] == "width=device-width, initial-scale=1"
    assert metas["robots"] == "noindex"
    assert metas["color-scheme"] == "light dark"


@every_page
def test_what_describes_a_field_exists_and_no_name_is_given_twice(render: Callable[[], str]) -> None:
    page = Reading(render())
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in page.elements:
        assert set((attrs.get("aria-describedby") or "").split()) <= set(ids)


def test_the_link_page_says_what_was_asked() -> None:
    text = Reading(PAGES.link(ASKED)).text
    assert "Sign in to Ledgerline?" in text
    assert "“Anna's ThinkPad” name reported by the device" in text.replace("”name", "” name")
    assert "3 minutes ago" in text
    assert "Zürich region, Switzerland" in text
    assert "a••@example.com" in text
    assert "This device has signed in before" in text


def test_the_link_page_says_when_a_device_is_new() -> None:
    text = Reading(PAGES.link(msgspec.structs.replace(ASKED, standing="new"))).text
    assert "This device has not signed in before" in text
    assert "has signed in before" not in text


def test_the_link_page_leaves_out_an_origin_nobody_knows() -> None:
    html = PAGES.link(msgspec.structs.replace(ASKED, origin=None))
    assert "<dt>From</dt>" in PAGES.link(ASKED)
    assert "<dt>From</dt>" not in html
    assert "None" not in html


def test_the_link_page_says_when_the_device_gave_no_name() -> None:
    html = PAGES.link(msgspec.structs.replace(ASKED, device_label=None))
    assert "the device reported none" in html
    assert "<dd>\nNone" not in html


def test_the_link_page_says_where_the_code_is_and_whose_code_never_to_type() -> None:
    text = Reading(PAGES.link(ASKED)).text
    assert "The device that asked shows six letters. They are never in the mail." in text
    assert "Never type a code that somebody sent you or read to you." in text
    assert "You did not ask? Choose Reject." in text


def test_the_code_is_typed_into_a_labelled_field_that_holds_nothing() -> None:
    page = Reading(PAGES.link(ASKED))
    field = page.field("user_code")
    assert page.all("label") == [{"for": field["id"]}]
    assert "value" not in field
    assert "placeholder" not in field
    assert int(field["maxlength"] or 0) >= len("w d j - b m j") * 2
    wanted = {"autocapitalize": "characters", "autocomplete": "off", "inputmode": "text", "spellcheck": "false"}
    assert {name: field[name] for name in wanted} == wanted


def test_a_live_page_does_not_jump_over_the_facts_into_the_field() -> None:
    assert "autofocus" not in Reading(PAGES.link(ASKED)).field("user_code")


def test_sign_in_and_reject_are_buttons_of_one_form_and_reject_needs_no_code() -> None:
    page = Reading(PAGES.link(ASKED))
    assert page.all("form") == [{"method": "post", "action": "/auth/l"}]
    approve, reject = page.all("button")
    assert (approve["name"], approve["value"]) == ("action", "approve")
    assert (reject["name"], reject["value"]) == ("action", "reject")
    assert "formnovalidate" in reject
    assert "formnovalidate" not in approve
    assert "required" in page.field("user_code")


def test_reject_is_as_large_and_as_loud_as_sign_in() -> None:
    styles = (Path(web.__file__).parent / "templates" / "page.css").read_text("utf-8")
    choices = {}
    for name in ("go", "stop"):
        (rule,) = re.findall(rf"^\.{name} {{([^}}]*)}}", styles, re.MULTILINE)
        choices[name] = {each.partition(":")[0].strip() for each in rule.split(";") if each.strip()}
    assert all("background" in rule and rule <= {"background", "border", "color"} for rule in choices.values())
    assert "grid-template-columns: repeat(auto-fit" in styles


@pytest.mark.parametrize("html", [PAGES.link(ASKED), PAGES.approved(DECIDED), PAGES.rejected(DECIDED)])
def test_the_secret_stands_in_one_hidden_field_and_nowhere_else(html: str) -> None:
    field = Reading(html).field("secret")
    assert (field["type"], field["value"]) == ("hidden", SECRET)
    assert html.count(SECRET) == 1


def test_a_wrong_code_is_told_to_eyes_and_to_screen_readers() -> None:
    page = Reading(PAGES.link(WRONG))
    (alert,) = [attrs for _, attrs in page.elements if attrs.get("role") == "alert"]
    field = page.field("user_code")
    assert "That is not the code." in page.text
    assert field["aria-invalid"] == "true"
    assert str(alert["id"]) in (field["aria-describedby"] or "").split()
    assert "value" not in field


def test_without_a_wrong_code_nothing_is_marked_as_one() -> None:
    page = Reading(PAGES.link(ASKED))
    assert not [attrs for _, attrs in page.elements if "role" in attrs or "aria-invalid" in attrs]
    assert page.field("user_code")["aria-describedby"] == "code-place code-never"


@attack
def test_a_strangers_words_are_read_and_never_run(text: str) -> None:
    page = msgspec.structs.replace(
        ASKED, application_name=text, device_label=text, masked_address=text, origin=text, message=text
    )
    decided = msgspec.structs.replace(DECIDED, application_name=text, device_label=text)
    failed = ErrorPage(status=500, title=text, message=text, request_id=text)
    for hostile, plain in (
        (PAGES.link(page), PAGES.link(WRONG)),
        (PAGES.approved(decided), PAGES.approved(DECIDED)),
        (PAGES.rejected(decided), PAGES.rejected(DECIDED)),
        (PAGES.reported(text, text), PAGES.reported("Ledgerline", "Anna's ThinkPad")),
        (PAGES.error(failed), PAGES.error(FAILED)),
    ):
        assert Reading(hostile).elements == Reading(plain).elements
        assert hostile.count("<style") == 1


@attack
def test_hidden_values_and_addresses_cannot_leave_their_attributes(text: str) -> None:
    page = Reading(PAGES.link(msgspec.structs.replace(ASKED, secret=text, action=text)))
    assert page.tags() == Reading(PAGES.link(ASKED)).tags()
    assert page.field("secret").keys() == {"type", "name", "value"}
    assert page.all("form")[0].keys() == {"method", "action"}


@attack
def test_a_label_is_isolated_and_cannot_close_its_quotation_marks(text: str) -> None:
    hostile = msgspec.structs.replace(ASKED, device_label=text)
    decided = msgspec.structs.replace(DECIDED, device_label=text)
    for html in (
        PAGES.link(hostile),
        PAGES.approved(decided),
        PAGES.rejected(decided),
        PAGES.reported("Ledgerline", text),
    ):
        (label,) = re.findall(r"“<bdi>(.*?)</bdi>”", html, re.DOTALL)
        assert not set(label) & set('“”"<>\r\n\x00')
        assert "&#34;" not in label


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_label_cannot_close_the_quotation_marks_of_any_language(language: str) -> None:
    marks = "”»」』“«"
    html = PAGES.speaking(language).approved(msgspec.structs.replace(DECIDED, device_label=f"x{marks}y"))
    (label,) = re.findall(r"<bdi>(x.*?y)</bdi>", html)
    assert not set(label) & set(marks)


def test_a_label_comes_through_whole_when_it_is_only_strange() -> None:
    label = "😀" * 64
    assert label in PAGES.link(msgspec.structs.replace(ASKED, device_label=label))


def test_the_approved_page_sends_people_back_and_offers_to_stop() -> None:
    page = Reading(PAGES.approved(DECIDED))
    assert "Return to your device" in page.text
    assert "“Anna's ThinkPad” now signs in to Ledgerline by itself." in page.text
    assert [(each["name"], each["value"]) for each in page.all("button")] == [
        ("action", "reject"),
        ("action", "report"),
    ]
    assert page.all("form") == [{"method": "post", "action": "/auth/l"}]


def test_the_rejected_page_says_that_nobody_was_let_in_and_takes_a_report() -> None:
    page = Reading(PAGES.rejected(DECIDED))
    assert "“Anna's ThinkPad” was not let in to Ledgerline." in page.text
    (report,) = page.all("button")
    assert (report["name"], report["value"]) == ("action", "report")
    assert page.field("secret")["value"] == SECRET


def test_the_reported_page_says_what_was_done_and_holds_nothing_more_to_send() -> None:
    page = Reading(PAGES.reported("Ledgerline", "Anna's ThinkPad"))
    assert "“Anna's ThinkPad” is not signed in to Ledgerline" in page.text
    assert "The operators see your report." in page.text
    assert not page.all("form")


def test_the_way_back_is_a_third_choice_in_a_form_of_its_own_and_less_prominent() -> None:
    page = Reading(PAGES.link(RETURNABLE))
    first, second, third = page.all("button")
    assert (first["class"], second["class"], third["class"]) == ("go", "stop", "lesser")
    assert (third["name"], third["value"]) == ("action", "here")
    assert "I am on the computer where I started" in page.text
    assert page.all("form")[1] == {"method": "post", "action": "/auth/l", "class": "aside"}
    assert [each["value"] for each in page.all("input") if each.get("name") == "secret"] == [SECRET, SECRET]
    assert "required" in page.field("user_code"), "the code belongs to the other form"


def test_without_a_way_back_none_is_offered() -> None:
    assert "where I started" not in PAGES.link(ASKED)


def test_the_hand_over_page_is_one_link_and_needs_nothing_else() -> None:
    html = PAGES.hand_over(HANDED_OVER)
    page = Reading(html)
    assert page.all("a") == [{"class": "go", "href": HANDED_OVER.target}]
    assert "Return to Ledgerline" in page.text
    assert "You can close this page" in page.text
    assert not {"script", "meta-refresh", "form", "img", "iframe", "link"} & set(page.tags())
    assert not [attrs for attrs in page.all("meta") if "http-equiv" in attrs]
    assert html.count("code=Qx") == 1
    assert html.count("<style") == 1
    assert "code=Qx" not in repr(HANDED_OVER)


@attack
def test_a_target_cannot_leave_the_link_of_the_hand_over_page(text: str) -> None:
    hostile = HandOverPage(application_name=text, target=f"com.example.ledger:/{text}")
    page = Reading(PAGES.hand_over(hostile))
    assert page.tags() == Reading(PAGES.hand_over(HANDED_OVER)).tags()
    (link,) = page.all("a")
    assert link.keys() == {"class", "href"}
    assert (link["href"] or "").startswith("com.example.ledger:/")


@pytest.mark.parametrize("render", [PAGES.approved, PAGES.rejected])
def test_a_decision_about_a_device_without_a_name_is_told_without_one(render: Callable[[DecidedPage], str]) -> None:
    html = render(msgspec.structs.replace(DECIDED, device_label=None))
    assert "The device that asked" in html
    assert "None" not in html


def test_the_notice_page_says_what_signed_in_and_its_one_button_does_not_draw_the_hand() -> None:
    page = Reading(PAGES.notice(NOTICED))
    for words in ("New sign-in to Ledgerline", "“Anna's ThinkPad”", "14:03 UTC on 21 November 2025", "a••@example.com"):
        assert words in page.text
    assert page.all("button") == [{"class": "stop alone"}]
    assert page.all("form") == [{"method": "post", "action": "/auth/n"}]
    assert page.field("secret")["value"] == SECRET


def test_after_a_notice_the_page_says_how_to_make_the_mailbox_safe() -> None:
    html = PAGES.notice_ended(NOTICED)
    assert "“Anna's ThinkPad” is signed out of Ledgerline." in Reading(html).text
    assert "Change the password of your mailbox" in html
    assert SECRET not in html
    assert not Reading(html).all("form")


@pytest.mark.parametrize("render", [PAGES.notice, PAGES.notice_ended])
def test_a_notice_of_a_device_without_a_name_says_so(render: Callable[[NoticePage], str]) -> None:
    html = render(msgspec.structs.replace(NOTICED, device_label=None))
    assert "ThinkPad" not in html
    assert "None" not in html


@attack
def test_a_strangers_words_stay_words_on_the_pages_of_a_notice(text: str) -> None:
    hostile = msgspec.structs.replace(
        NOTICED, application_name=text, device_label=text, masked_address=text, secret=text, action=text
    )
    for render in (PAGES.notice, PAGES.notice_ended):
        assert Reading(render(hostile)).tags() == Reading(render(NOTICED)).tags()
        (label,) = re.findall(r"“<bdi>(.*?)</bdi>”", render(hostile), re.DOTALL)
        assert not set(label) & set('“”"<>\r\n\x00')


def test_dead_links_get_the_same_bytes_from_every_process() -> None:
    assert PAGES.dead() == PAGES.dead() == Pages().dead()


def test_a_dead_link_says_how_to_start_again_and_offers_nothing_to_send() -> None:
    page = Reading(PAGES.dead())
    assert "ask for a new link in the app" in page.text
    assert not page.all("form")
    assert "reference" not in page.text.lower()


def test_the_third_wrong_code_says_why_it_is_over() -> None:
    page = Reading(PAGES.locked())
    assert "Too many tries" in page.text
    assert "ask for a new link in the app" in page.text
    assert not page.all("form")


def test_the_help_page_holds_no_secret_and_asks_for_none() -> None:
    page = Reading(PAGES.check_mail())
    assert "Open the mail on any device" in page.text
    assert "Type the code shown on the screen of the device that asked." in page.text
    assert not page.all("form")
    assert not page.all("input")


def test_an_error_page_names_the_reference_for_support() -> None:
    text = Reading(PAGES.error(FAILED)).text
    assert "We are busy" in text
    assert "Error 503" in text
    assert "01JD4Q0V9W" in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "less than a minute ago"),
        (0, "less than a minute ago"),
        (59, "less than a minute ago"),
        (60, "1 minute ago"),
        (119, "1 minute ago"),
        (120, "2 minutes ago"),
        (3599, "59 minutes ago"),
        (3600, "1 hour ago"),
        (7200, "2 hours ago"),
    ],
)
def test_ages_are_told_in_words(seconds: int, words: str) -> None:
    assert ago(seconds) == words


def test_contexts_are_frozen_and_do_not_show_their_secret() -> None:
    for context in (ASKED, DECIDED, NOTICED):
        assert SECRET not in repr(context)
        with pytest.raises(AttributeError):
            context.secret = "other"  # type: ignore[misc]


def test_a_template_that_names_what_is_not_there_fails_loudly() -> None:
    with pytest.raises(UndefinedError):
        PAGES._environment.from_string("{{ nothing }}").render()
