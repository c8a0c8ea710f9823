# SPDX-License-Identifier: Apache-2.0
"""An operator's own templates: they stand before ours, and none that would harm anybody is ever used."""

from email.message import EmailMessage
from importlib import resources
from pathlib import Path

import pytest

from counterfoil_service import app
from counterfoil_service.cli.doctor_templates import check_templates
from counterfoil_service.languages.folder import read_templates
from counterfoil_service.settings import SettingsError, load
from support.stage import OpenStage, settings_for

MAIL_LINK = '<a href="{{ link }}">{{ _("Open the sign-in page") }}</a>{{ mail_code or "" }}'
NOTICE_LINK = '<a href="{{ link }}">x</a>'
FORM = '<form method="post" action="{{ page.action }}"><input type="hidden" name="secret" value="{{ page.secret }}">'


def over(name: str, block: str, text: str) -> dict[str, str]:
    """One of our pages with one of its blocks replaced."""
    return {
        f"pages/{name}.html": f"{{% extends 'ours/{name}.html' %}}\n{{% block {block} %}}\n{text}\n{{% endblock %}}"
    }


GOOD = {
    "mail/link.html": MAIL_LINK,
    "mail/link.txt": "{{ link }}\n\n{{ mail_code or '' }}",
    **over("link", "title", "Acme: {{ page.application_name }}"),
    **over("dead", "main", '<h1>Gone for good</h1><a href="{{ base }}/sign-in">{{ _("Start again") }}</a>'),
    "pages/page.css": "body { color: teal; }",
}


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def template_troubles(folder: Path) -> list[str]:
    return app.template_troubles(folder, read_templates(folder))


def test_templates_that_do_what_ours_do_are_taken(tmp_path: Path) -> None:
    assert template_troubles(written(tmp_path, GOOD)) == []
    settings = settings_for("sqlite:///x.db", tmp_path, templates=tmp_path)
    ((verdict, text),) = check_templates(settings)
    assert (verdict, "replaces 5 of our files" in text) == ("ok", True)
    assert check_templates(settings_for("sqlite:///x.db", tmp_path)) == []


async def test_they_are_what_people_see(sqlite_url: str, tmp_path: Path, open_stage: OpenStage) -> None:
    folder = written(tmp_path / "own", GOOD)
    async with open_stage(sqlite_url, tmp_path, templates=folder) as stage:
        await stage.start()
        (mail,) = await stage.mails()
        assert html_of(mail).startswith('<a href="https://id.example/l/')
        page = await stage.open(await stage.secret())
        assert "Acme: Desk App" in page.text
        assert "color: teal" in page.text
        assert stage.service.services.pages.style_hashes[0] in page.headers["content-security-policy"]
        dead = await stage.client.get(f"/l/{'A' * 43}", headers={"Accept-Language": "de"})
        assert "<h1>Gone for good</h1>" in dead.text
        assert "Neu beginnen" in dead.text
        assert "Check your mail" in (await stage.client.get("/check-mail")).text, "what is not there is ours"


async def test_what_changes_after_the_start_is_not_used_until_a_restart_has_checked_it(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    folder = written(tmp_path / "own", GOOD)
    async with open_stage(sqlite_url, tmp_path, templates=folder) as stage:
        written(folder, dict.fromkeys(GOOD, "{{ nobody }}") | {"mail/base.html": "", "pages/base.html": ""})
        # Nobody has read German yet, so nothing of it was compiled before.
        for language, opens in (("en", "Open the sign-in page"), ("de", "Anmeldeseite öffnen")):
            await stage.start(f"{language}@example.com", ui_locales=language)
            (mail,) = [each for each in await stage.mails() if each["To"] == f"{language}@example.com"]
            assert f">{opens}</a>" in html_of(mail)
            dead = await stage.client.get(f"/l/{'A' * 43}", headers={"Accept-Language": language})
            assert "<h1>Gone for good</h1>" in dead.text
            assert "color: teal" in dead.text
    with pytest.raises(SettingsError, match=r"mail/link\.html, line 1: nobody is not known"):
        async with open_stage(sqlite_url, tmp_path, templates=folder):
            pass
    for name in ("mail/base.html", "pages/base.html"):
        (folder / name).unlink()
    written(
        folder, GOOD | {"mail/link.html": f"<b>Restarted</b>{MAIL_LINK}", "pages/page.css": "body { color: plum; }"}
    )
    async with open_stage(f"sqlite:///{tmp_path}/restarted.db", tmp_path, templates=folder) as stage:
        await stage.start("after@example.com")
        (mail,) = [each for each in await stage.mails() if each["To"] == "after@example.com"]
        assert html_of(mail).startswith("<b>Restarted</b>")
        assert "color: plum" in (await stage.client.get(f"/l/{'A' * 43}")).text


TWICE = "the link must stand in it exactly once"
STYLE = "a style that loads something would load"
FORMS = "its forms are not those of ours"
SECRET = "may stand in a hidden field alone"
NAME = "a name stands in it as markup"
OUR_BASE = resources.files("counterfoil_service.web").joinpath("templates/base.html").read_text("utf-8")


def base_with(old: str, new: str) -> dict[str, str]:
    """Our base of pages, changed."""
    assert old in OUR_BASE
    return {"pages/base.html": OUR_BASE.replace(old, new)}


BAD: dict[str, tuple[dict[str, str], str]] = {
    "a name like ours": ({"pages/lnk.html": ""}, "pages/lnk.html: no template of that name is ours; did you mean link"),
    "our script": ({"pages/waiting.js": ""}, "pages/waiting.js: no template of that name is ours"),
    "beside the folders": ({"link.html": ""}, "link.html: only"),
    "a block that is not closed": ({"pages/dead.html": "\n{% if %}"}, "pages/dead.html, line 2: Expected"),
    "an unknown name": ({"mail/link.txt": "{{ link }}\n{{ addres }}"}, "mail/link.txt, line 2: addres is not known"),
    "an unknown field": (over("dead", "main", "{{ page.nobody }}"), "pages/dead.html, line 3: UndefinedError"),
    "a field of another page": (over("locked", "main", "{{ page.secret }}"), "locked.html, line 3: UndefinedError"),
    "a way out": ({"mail/link.html": MAIL_LINK + "{{ link.__class__.__mro__ }}"}, "link.html, line 1: SecurityError"),
    "a loop without end": ({"mail/link.html": "{% for _n in range(10**9) %}{% endfor %}"}, "line 1: OverflowError"),
    "itself": ({"pages/dead.html": "{% extends 'dead.html' %}"}, "RecursionError"),
    "a mail without its link": ({"mail/link.html": "<p>{{ mail_code or '' }}</p>"}, TWICE),
    "a mail with its link twice": ({"mail/link.html": MAIL_LINK * 2}, TWICE),
    "the link as text alone": ({"mail/link.html": "{{ link }}{{ mail_code or '' }}"}, "as the address of an <a>"),
    "a text without its link": (
        {"mail/link.txt": "{{ mail_code or '' }}"},
        "link.txt (known, with a code, ",
    ),
    "the link within a line": ({"mail/link.txt": "Open:{{ link }} {{ mail_code or '' }}"}, "on a line of its own"),
    "another link": ({"mail/link.html": MAIL_LINK + '<a href="/x">x</a>'}, "no other link beside it"),
    "another address": ({"mail/link.html": MAIL_LINK + "see www.example.com"}, "it holds another address"),
    "a picture that counts readers": ({"mail/link.html": MAIL_LINK + '<img src="cid:1">'}, "<img> would load"),
    "a style that counts readers": ({"mail/link.html": MAIL_LINK + "<style>p{background:url(cid:1)}</style>"}, STYLE),
    "an attribute that does": ({"mail/link.html": MAIL_LINK + '<p style="background:URL( x )">x</p>'}, STYLE),
    "a script in a mail": ({"mail/notice.html": NOTICE_LINK + "<script>1</script>"}, "scripts and forms"),
    "digits left out": ({"mail/link.txt": "{{ link }}"}, "the eight digits must stand in it"),
    "a page without its form": (over("link", "main", "<h1>x</h1>"), f"{FORMS} (post to /l)"),
    "a page without a button": (over("rejected", "main", FORM + "</form>"), f"{FORMS} (button action report)"),
    "a form that leads away": (
        over("rejected", "main", "{{ super() }}<form action='https://e.example'></form>"),
        f"{FORMS} (something was added)",
    ),
    "a script on a page": (over("dead", "head", "<script>1</script>"), "it may hold no script but ours"),
    "a style on a page": (over("dead", "head", "<style>p{}</style>"), "write pages/page.css instead"),
    "a style attribute": (over("dead", "main", "<p style='x'>{{ super() }}</p>"), "style attributes are forbidden"),
    "a handler": (over("dead", "main", "<p onclick='x'>{{ super() }}</p>"), "onclick= would load or run"),
    "a stylesheet that loads": ({"pages/page.css": "@import 'x.css';"}, "a style that loads something"),
    "a secret in an address": (over("link", "main", "{{ super() }}<a href='?{{ page.secret }}'>x</a>"), SECRET),
    "a secret to read": (over("notice", "title", "{{ page.secret }}"), SECRET),
    "a secret to read in a mail": ({"mail/link.html": MAIL_LINK + "{{ link[-43:] }}"}, "is a secret"),
    "a secret to read in a text": (
        {"mail/link.txt": "{{ link }}\n\n{{ link.split('/')[-1] }} {{ mail_code or '' }}"},
        "is a secret",
    ),
    "a name that is markup": (over("approved", "title", "{{ page.device_label | safe }}"), NAME),
    "a name of a look that is markup": (base_with("{{ look.label }}", "{{ look.label | safe }}"), NAME),
    "a name that adds attributes": (
        over("approved", "main", "{{ super() }}<b title={{ page.device_label }}>x</b>"),
        NAME,
    ),
    "a page that moves on": (
        over("dead", "head", "<meta http-equiv=refresh content='0;url=/x'>"),
        "no meta http-equiv",
    ),
    "a page that moves on elsewhere": (
        over("tapped", "head", "<meta http-equiv=refresh content='0;url=https://e.example'>"),
        "no meta http-equiv",
    ),
    "a mail that moves on": ({"mail/notice.html": NOTICE_LINK + "<meta http-equiv=refresh>"}, "meta http-equiv has no"),
    "two styles in one": (
        base_with(
            "</style>\n{% if look_style %}<style>{{ look_style }}</style>\n{% endif %}",
            "{{ look_style or '' }}</style>",
        ),
        "{{ look_style }} as ours does",
    ),
    "a colour left out": (base_with("<style>{{ look_style }}</style>", ""), "{{ look_style }} as ours does"),
    "a form left out in German": (
        over("link", "main", "{% if language == 'de' %}x{% else %}{{ super() }}{% endif %}"),
        f"{FORMS} (post to /l)",
    ),
    "a form left out without a name, in Arabic": (
        over(
            "link",
            "main",
            "{% if language == 'ar' and not page.device_label %}x{% else %}{{ super() }}{% endif %}",
        ),
        "nameless, ar): its forms are not",
    ),
    "a link left out in German": (
        {"mail/notice.txt": "{% if language == 'de' %}x{% else %}{{ link }}{% endif %}"},
        "de): the link must stand in it",
    ),
    "a link left out for long without a name": (
        {"mail/link.txt": "{% if device is not none or minutes < 2 %}{{ link }}{% endif %}\n\n{{ mail_code or '' }}"},
        f"nameless, 10 min, en): {TWICE}",
    ),
    "a test mail without its link": ({"mail/test.html": "<p>x</p>"}, TWICE),
    "a test mail that fails": ({"mail/test.txt": "{{ link }} {{ minutes }}"}, "test.txt, line 1: UndefinedError"),
    "a way on that is lost": (over("signed_out", "main", "Bye"), "it does not lead to /sign-in any more"),
}


@pytest.mark.parametrize(("files", "trouble"), BAD.values(), ids=BAD)
def test_a_template_that_would_harm_somebody_is_named_with_its_place(
    files: dict[str, str], trouble: str, tmp_path: Path
) -> None:
    found = template_troubles(written(tmp_path, files))
    assert [each for each in found if trouble in each], found
    assert all(str(tmp_path) in each for each in found)
    settings = settings_for("sqlite:///x.db", tmp_path, templates=tmp_path)
    assert check_templates(settings) == [("error", each) for each in found]


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    written(tmp_path, {"pages/dead.html": ""})
    (tmp_path / "pages" / "dead.html").write_bytes(b"\xff\xfe")
    assert template_troubles(tmp_path) == [f"{tmp_path}/pages/dead.html: cannot be read as UTF-8 (UnicodeDecodeError)"]


async def test_a_service_does_not_start_with_such_templates(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    folder = written(tmp_path / "own", {"mail/link.html": "nothing"})
    with pytest.raises(SettingsError, match=r"COUNTERFOIL_TEMPLATES: .*mail/link\.html \(.*the link must stand"):
        async with open_stage(sqlite_url, tmp_path, templates=folder):
            pass


def test_the_setting_names_a_folder_that_is_there(tmp_path: Path) -> None:
    environ = {"COUNTERFOIL_PUBLIC_URL": "https://id.example", "COUNTERFOIL_SECRET_KEY": "5e" * 32}
    assert load(environ | {"COUNTERFOIL_TEMPLATES": str(tmp_path)}).templates == tmp_path
    with pytest.raises(SettingsError, match="COUNTERFOIL_TEMPLATES: names what is no folder"):
        load(environ | {"COUNTERFOIL_TEMPLATES": str(tmp_path / "nobody")})
