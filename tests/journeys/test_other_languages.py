# SPDX-License-Identifier: Apache-2.0
"""An app that knows its person's language says so, and mail and page are in it, whatever the phone speaks."""

import threading

import pytest

from counterfoil_client import Client, Session
from journeys.desktop import CLIENT_ID
from support.mailserver import MailServer
from support.phone import Browser
from support.processes import RunningService


@pytest.mark.parametrize(
    ("ui_locales", "subject", "heading", "field", "button", "done", "direction"),
    [
        (
            "de-AT en",
            "Bei Desk App anmelden",
            "Bei Desk App anmelden?",
            "Code auf dem Bildschirm des Geräts",
            "Anmelden",
            "Gehen Sie zurück zu Ihrem Gerät",
            "ltr",
        ),
        (
            "nl ar",
            "تسجيل الدخول إلى Desk App",
            "تسجيل الدخول إلى Desk App؟",
            "الرمز الظاهر على شاشة الجهاز",
            "تسجيل الدخول",
            "يُرجى العودة إلى جهازك",
            "rtl",
        ),
    ],
    ids=["German", "Arabic"],
)
def test_a_person_signs_in_in_the_language_of_their_app(
    service: RunningService,
    mail: MailServer,
    browser: Browser,
    address: str,
    ui_locales: str,
    subject: str,
    heading: str,
    field: str,
    button: str,
    done: str,
    direction: str,
) -> None:
    sessions: list[Session] = []
    with Client(service.public_url, CLIENT_ID) as client, browser.phone(locale="fr-FR") as phone:
        pending = client.start_login(address, ui_locales=ui_locales)
        waiting = threading.Thread(target=lambda: sessions.append(pending.wait()))
        waiting.start()
        letter = mail.letter_to(address)
        assert letter.message["Subject"] == subject
        assert phone.open(letter.link) == 200
        assert phone.heading == heading
        assert phone.run(phone.page.evaluate("getComputedStyle(document.querySelector('main')).direction")) == direction
        code = phone.page.get_by_label(field, exact=True)
        phone.run(code.fill(pending.user_code))
        assert phone.run(code.evaluate("(each) => getComputedStyle(each).direction")) == "ltr"
        assert phone.press(button) == 200
        assert phone.heading == done
        waiting.join(30)
        assert len(sessions) == 1
