# SPDX-License-Identifier: Apache-2.0
"""In which language mail and pages come: by what the application asks for, else by what the browser asks for."""

from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest

from support.http import add_user, execute, is_page, refused
from support.stage import Asked, OpenStage, Stage
from support.surfer import CALLBACK, Surfer, WebClient, form_of

GERMAN, FRENCH, ENGLISH = "Bei Desk App anmelden?", "Se connecter à Desk App\N{NO-BREAK SPACE}?", "Sign in to Desk App?"
SUBJECTS = {
    "de": "Bei Desk App anmelden",
    "es": "Inicia sesión en Desk App",
    "fr": "Se connecter à Desk App",
    "hi": "Desk App में साइन इन करें",
    "ja": "Desk App にサインイン",
    "ar": "تسجيل الدخول إلى Desk App",
    "en": "Sign in to Desk App",
}


async def ask(stage: Stage, ui_locales: str | None = None, accept: str | None = None) -> httpx2.Response:
    form = {"client_id": "desk-app", "login_hint": "ada@example.com"}
    form |= {} if ui_locales is None else {"ui_locales": ui_locales}
    headers = {} if accept is None else {"Accept-Language": accept}
    return await stage.device().post(stage.client, "/oauth/device_authorization", form, headers)


def plain(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return " ".join(str(part.get_content()).split())


def speaks(response: httpx2.Response, language: str, status: int = 200) -> str:
    text = is_page(response, status)
    assert f'<html lang="{language}"' in text
    assert response.headers["content-language"] == language
    assert response.headers["vary"] == "Accept-Language"
    return text


@pytest.mark.parametrize("language", SUBJECTS)
async def test_the_mail_is_written_in_the_language_asked_for_and_the_page_too(
    sqlite_stage: Stage, language: str
) -> None:
    assert (await ask(sqlite_stage, f"nl {language}-XX en", "it")).status_code == 200
    (mail,) = await sqlite_stage.mails()
    assert mail["Subject"] == SUBJECTS[language]
    speaks(await sqlite_stage.open(await sqlite_stage.secret(), accept_language="it"), language)
    assert await sqlite_stage.rows("SELECT language FROM logins") == [(language,)]


@pytest.mark.parametrize(
    ("ui_locales", "accept", "language"),
    [
        (None, "fr-CH, de;q=0.9", "fr"),
        ("nl", "de;q=0.3, fr;q=0.2", "de"),
        ("", "de", "de"),
        ("de", "fr", "de"),
        ("\N{SNOWMAN} <script> d\u202ee", "ja", "ja"),
        (None, None, None),
        ("nl", "it, *;q=0.1", None),
        (None, "," * 1000 + "de", None),
        ("x" * 9000, "de", "de"),
    ],
)
async def test_the_names_asked_for_come_before_the_header_and_what_is_not_known_counts_for_nothing(
    sqlite_stage: Stage, ui_locales: str | None, accept: str | None, language: str | None
) -> None:
    assert (await ask(sqlite_stage, ui_locales, accept)).status_code == 200
    assert await sqlite_stage.rows("SELECT language FROM logins") == [(language,)]
    (mail,) = await sqlite_stage.mails()
    assert mail["Subject"] == SUBJECTS[language or "en"]


async def test_where_the_asking_device_named_none_the_page_speaks_that_of_whoever_opens_it(
    sqlite_stage: Stage,
) -> None:
    await ask(sqlite_stage)
    secret = await sqlite_stage.secret()
    for accept, language, words in (("de, en;q=0.5", "de", GERMAN), ("fr", "fr", FRENCH), ("it", "en", ENGLISH)):
        response = await sqlite_stage.client.get(f"/l/{secret}", headers={"Accept-Language": accept})
        assert words in speaks(response, language).replace("<bdi>", "").replace("</bdi>", "")


async def test_decisions_are_answered_in_the_language_of_the_login(sqlite_stage: Stage) -> None:
    answer = (await ask(sqlite_stage, "de", "fr")).json()
    asked = Asked(sqlite_stage.device(), answer["device_code"], answer["user_code"], answer["login_id"])
    secret = await sqlite_stage.secret()
    wrong = await sqlite_stage.decide(secret, "approve", "QQQ-QQQ", {"Accept-Language": "ja"})
    assert "Dieser Code stimmt nicht." in speaks(wrong, "de", 422)
    approved = await sqlite_stage.decide(secret, "approve", asked.user_code, {"Accept-Language": "ja"})
    assert "Gehen Sie zurück zu Ihrem Gerät" in speaks(approved, "de")
    assert "Anmeldung abgelehnt" in speaks(await sqlite_stage.decide(secret, "reject"), "de")
    assert "Anmeldung gemeldet" in speaks(await sqlite_stage.decide(secret, "report"), "de")


async def test_a_dead_link_is_one_page_for_all_who_read_the_same_language(sqlite_stage: Stage) -> None:
    await ask(sqlite_stage, "ar")
    used = await sqlite_stage.secret()
    await sqlite_stage.decide(used, "reject")
    sqlite_stage.clock.advance(61)
    await ask(sqlite_stage, "ja")
    expired = await sqlite_stage.secret()
    sqlite_stage.clock.advance(3600)
    for accept, language in (("fr", "fr"), ("de-AT", "de"), ("it", "en"), (None, "en")):
        headers = {} if accept is None else {"Accept-Language": accept}
        answers = [
            await sqlite_stage.client.get(f"/l/{secret}", headers=headers)
            for secret in (used, expired, "A" * 43, "not-a-link", "%2e%2e", "🙈")
        ]
        assert len({speaks(each, language, 410) for each in answers}) == 1
        assert len({str(sorted(each.headers.multi_items())) for each in answers}) == 1
        pressed = await sqlite_stage.decide(used, "approve", "QQQ-QQQ", headers)
        assert speaks(pressed, language, 410) == answers[0].text


async def test_a_decoy_cannot_be_told_by_its_language(database_url: str, tmp_path: Path, open_stage: OpenStage) -> None:
    async with open_stage(database_url, tmp_path, sign_up="invited") as stage:
        await add_user(stage, "ada@example.com")
        shapes = []
        for address in ("ada@example.com", "eve@example.com"):
            form = {"client_id": "desk-app", "login_hint": address, "ui_locales": "ar"}
            answer = await stage.device().post(stage.client, "/oauth/device_authorization", form, {})
            shape = [(name, len(str(value))) for name, value in answer.json().items()]
            answer.headers.pop("ratelimit")  # it counts what this network asked for
            shapes.append((answer.status_code, answer.headers.multi_items(), shape))
        assert shapes[0] == shapes[1]
        assert {name.lower() for name, _ in shapes[0][1]} & {"content-language", "vary"} == set()
        assert await stage.rows("SELECT decoy, language FROM logins ORDER BY decoy") == [(0, "ar"), (1, "ar")]


async def test_the_sign_in_page_speaks_what_the_application_asks_for_and_so_does_all_that_follows(
    sqlite_stage: Stage,
) -> None:
    await sqlite_stage.add_application("web-app", name="Wiki", redirect_uris=(CALLBACK,), dpop="optional")
    async with Surfer(sqlite_stage) as browser:
        page = await browser.authorize(WebClient(), ui_locales="nl es-419 de")
        assert "Inicia sesión en <bdi>Wiki</bdi>" in speaks(page, "es")
        again = await browser.submit(form_of(page), email="ada")
        assert "Esta dirección de correo no se puede usar: debe contener exactamente una @." in speaks(again, "es", 422)
        waiting = await browser.ask(again)
        shown = speaks(await browser.get(waiting, accept_language="ja"), "es")
        assert "ui_locales=es" in shown
        assert (await sqlite_stage.mails())[-1]["Subject"] == "Inicia sesión en Wiki"
        assert "Lo pediste en este mismo navegador" in speaks(
            await browser.get(f"/l/{await sqlite_stage.secret()}"), "es"
        )


async def test_a_request_for_no_language_of_ours_is_no_reason_to_refuse_it(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        for query in ("ui_locales=de&ui_locales=fr", "ui_locales=%ff", f"ui_locales={'x' * 5000}", "ui_locales="):
            speaks(await browser.get(f"/check-mail?{query}", accept_language="fr"), "fr")
        for path in ("/sign-in", "/check-mail", f"/l/{'A' * 43}"):
            text = (await browser.get(f"{path}?ui_locales={'x' * 9000}", accept_language="fr")).text
            assert '<html lang="fr"' in text
        speaks(await browser.get("/check-mail?ui_locales=ar", accept_language="fr"), "ar")
        speaks(await browser.get("/sign-in?ui_locales=hi", accept_language="fr"), "hi")


async def test_errors_are_told_to_people_in_their_language_and_to_programs_in_english(sqlite_stage: Stage) -> None:
    german = {"Accept-Language": "de"}
    page = speaks(await sqlite_stage.client.get("/oauth/authorize?client_id=nobody", headers=german), "de", 400)
    assert "Die Website, von der Sie kommen, ist bei diesem Dienst nicht registriert (client_id)." in page
    technical = speaks(await sqlite_stage.client.post("/l", content=b"a=1&a=2", headers=german), "de", 400)
    assert "Die Anfrage ist nicht richtig" in technical
    assert '<p lang="en" dir="ltr">The body must be application/x-www-form-urlencoded.</p>' in technical
    body = refused(await sqlite_stage.client.post("/oauth/token", headers=german), 400, "invalid_request")
    assert body["error_description"].startswith("the body must be")
    cross = {"Sec-Fetch-Site": "cross-site", **german}
    assert "Diese Anfrage kam von einer anderen Website" in speaks(
        await sqlite_stage.client.post("/l", data={}, headers=cross), "de", 403
    )


async def test_who_asks_too_often_is_told_so_in_their_language(tmp_path: Path, open_stage: OpenStage) -> None:
    from counterfoil_service.core import budget

    url = f"sqlite:///{tmp_path}/counterfoil.db"
    async with open_stage(url, tmp_path, budgets=budget.parse("address_range=1/60")) as stage, Surfer(stage) as browser:
        page = await browser.get("/sign-in?ui_locales=de")
        await browser.ask(page)
        refused_page = await browser.submit(form_of(page), {"Accept-Language": "de"}, email="eve@example.com")
        seconds = refused_page.headers["retry-after"]
        assert f"Warten Sie {seconds} Sekunden" in speaks(refused_page, "de", 429)


async def test_a_notice_and_its_page_speak_the_language_of_the_sign_in(stage: Stage) -> None:
    asked = await stage.approved(ui_locales="fr", device_label="Ada's laptop")
    stage.clock.advance(1)
    assert (await stage.poll(asked)).status_code == 200
    secret = await stage.notice_secret()
    mail = (await stage.mails())[-1]
    assert mail["Subject"] == "Nouvelle connexion à Desk App"
    assert "Était-ce vous" in plain(mail)
    german = {"Accept-Language": "de"}
    page = speaks(await stage.client.get(f"/n/{secret}", headers=german), "fr")
    assert "«\N{NO-BREAK SPACE}<bdi>Ada&#39;s laptop</bdi>\N{NO-BREAK SPACE}»" in page
    assert "La session est terminée" in speaks(await stage.client.post("/n", data={"secret": secret}), "fr")
    speaks(await stage.client.get(f"/n/{'A' * 43}", headers=german), "de", 410)


async def test_a_language_that_only_another_release_knew_is_english_in_mail_and_open_on_the_page(
    sqlite_stage: Stage,
) -> None:
    await ask(sqlite_stage, "de")
    await execute(sqlite_stage, "UPDATE logins SET language = 'tlh'")
    (mail,) = await sqlite_stage.mails()
    assert mail["Subject"] == SUBJECTS["en"]
    secret = await sqlite_stage.secret()
    speaks(await sqlite_stage.client.get(f"/l/{secret}", headers={"Accept-Language": "es"}), "es")


async def test_a_place_is_told_in_the_language_of_the_page(sqlite_stage: Stage) -> None:
    pages = sqlite_stage.service.services.pages
    words = "Germany, Deutsche Telekom AG"
    assert pages.place("DE", words) == words
    assert pages.speaking("ja").place("DE", words) == "ドイツ、Deutsche Telekom AG"
    assert pages.speaking("es").place("DE", "Germany") == "Alemania"
    assert pages.speaking("es").place("DE", "Germanya, X") == "Germanya, X"
    assert pages.speaking("es").place("DE", "Bundesrepublik") == "Bundesrepublik"
    assert pages.speaking("es").place(None, "Example Net") == "Example Net"
    assert pages.speaking("es").place("DE", None) is None
