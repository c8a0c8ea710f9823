# SPDX-License-Identifier: Apache-2.0
"""Pages and mail in the name and the colour of an application, without a style that the policy does not know."""

import base64
import hashlib
import re

import httpx2

from support.http import execute, is_page
from support.stage import Stage
from support.surfer import CALLBACK, Surfer, WebClient

YELLOW = "#f2c037"


def hashes(html: str) -> list[str]:
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    return ["sha256-" + base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in styles]


def styles_allowed(response: httpx2.Response) -> list[str]:
    (sources,) = re.findall(r"style-src ([^;]*);", response.headers["content-security-policy"])
    return [each.strip("'") for each in sources.split()]


async def brand(stage: Stage, **changes: str) -> None:
    for column, value in changes.items():
        await execute(stage, f"UPDATE applications SET {column} = '{value}' WHERE id = 'desk-app'")  # noqa: S608 - ours
    stage.service.services.applications.forget()


async def test_a_page_wears_the_colour_and_the_words_of_its_application(stage: Stage) -> None:
    await brand(stage, colour=YELLOW, logo_text="D & A")
    asked = await stage.start()
    secret = await stage.secret()
    for response, status in (
        (await stage.open(secret), 200),
        (await stage.decide(secret, "approve", "QQQ-QQQ"), 422),
        (await stage.decide(secret, "approve", asked.user_code), 200),
        (await stage.decide(secret, "reject"), 200),
        (await stage.decide(secret, "report"), 200),
    ):
        text = is_page(response, status)
        assert "<bdi>D &amp; A</bdi></header>" in text
        assert f"--brand:{YELLOW};" in text
        assert "--brand-ink:#000000" in text
        assert hashes(text) == styles_allowed(response)
        assert len(hashes(text)) == 2
        assert " style=" not in text


async def test_the_pages_of_a_sign_in_by_browser_wear_them_beside_a_script(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        await stage.add_application("web-app", redirect_uris=(CALLBACK,), dpop="optional", colour="#123456")
        page = await browser.authorize(WebClient())
        assert "--brand:#123456" in page.text
        assert hashes(page.text) == styles_allowed(page)
        waiting = await browser.get(await browser.ask(page))
        assert "--brand:#123456" in waiting.text
        assert hashes(waiting.text) == styles_allowed(waiting)
        assert "script-src 'sha256-" in waiting.headers["content-security-policy"]


async def test_without_a_colour_there_is_one_style_and_the_name_stands_at_the_top(sqlite_stage: Stage) -> None:
    await sqlite_stage.start()
    page = await sqlite_stage.open(await sqlite_stage.secret())
    assert "<bdi>Desk App</bdi></header>" in page.text
    assert len(hashes(page.text)) == 1
    dead = await sqlite_stage.open("A" * 43)
    assert "<bdi>Counterfoil</bdi></header>" in dead.text
    assert hashes(dead.text) == styles_allowed(dead)


async def test_a_dead_link_does_not_tell_by_its_look_whose_it_was(sqlite_stage: Stage) -> None:
    await brand(sqlite_stage, colour=YELLOW, logo_text="LOGO")
    await sqlite_stage.start()
    secret = await sqlite_stage.secret()
    await sqlite_stage.decide(secret, "reject")
    dead, unknown = await sqlite_stage.open(secret), await sqlite_stage.open("A" * 43)
    assert dead.status_code == 410
    assert (dead.text, dead.headers.multi_items()) == (unknown.text, unknown.headers.multi_items())


async def test_what_is_no_colour_in_the_database_is_no_style_on_a_page(sqlite_stage: Stage) -> None:
    await brand(sqlite_stage, colour="red;}</style><script>")
    await sqlite_stage.start()
    page = await sqlite_stage.open(await sqlite_stage.secret())
    assert page.status_code == 200
    assert "<script" not in page.text
    assert len(hashes(page.text)) == 1


async def test_the_mail_wears_them_too(stage: Stage) -> None:
    await brand(stage, colour=YELLOW, logo_text="www.evil.example")
    await stage.start()
    (mail,) = await stage.mails()
    part = mail.get_body(("html",))
    assert part is not None
    html = str(part.get_content())
    assert f"background:{YELLOW};color:#000000" in html
    assert f".go {{ background: {YELLOW} !important; color: #000000 !important" in html
    assert "www·evil·example" in html
    assert "www.evil" not in html
