# SPDX-License-Identifier: Apache-2.0
"""The other days: a person says no, types wrongly, or does nothing; the desktop learns which."""

from counterfoil_client import LoginDenied, LoginExpired, LoginLocked
from journeys.codes import wrong_code
from journeys.conftest import OpenDesktop, OpenService
from journeys.databases import event_names, mail_is_due
from journeys.desktop import ClientKind
from journeys.explained import explained, let_the_mail_be_read, settled, typed
from support.background import wait_until
from support.mailserver import MailServer
from support.phone import Phone
from support.processes import RunningService


def test_a_rejected_desktop_is_told_so(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, client_kind: ClientKind, address: str
) -> None:
    asked = desktop(service, client_kind).ask(address)
    link = mail.letter_to(address).link
    let_the_mail_be_read(service, asked.login_id)

    phone.open(link)
    assert phone.press("Reject") == 200
    assert phone.heading == "Sign-in rejected"

    assert type(asked.error()) is LoginDenied
    assert phone.open(link) == 410
    explained(service, asked.login_id, "rejected")


def test_an_approval_taken_back_before_it_is_collected_gives_no_session(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, address: str
) -> None:
    asked = desktop(service).ask(address, wait=False)
    letter = mail.letter_to(address)
    let_the_mail_be_read(service, asked.login_id)
    phone.approve(letter.link, asked.user_code)

    assert phone.press("This was not me – stop it") == 200  # noqa: RUF001 - the page's own dash
    assert phone.heading == "Sign-in rejected"

    asked.wait()
    assert type(asked.error()) is LoginDenied
    assert phone.press("I did not ask for this – report it") == 200  # noqa: RUF001 - the page's own dash
    explained(service, asked.login_id, "approval_taken_back_and_reported")


def test_three_wrong_codes_lock_the_login(
    service: RunningService, mail: MailServer, phone: Phone, desktop: OpenDesktop, client_kind: ClientKind, address: str
) -> None:
    asked = desktop(service, client_kind).ask(address)
    link = mail.letter_to(address).link
    let_the_mail_be_read(service, asked.login_id)

    phone.open(link)
    for _ in range(2):
        phone.type_code(wrong_code(asked.user_code))
        assert phone.press("Sign in") == 422
        assert "That code does not match" in phone.text
        assert asked.waits
    phone.type_code(wrong_code(asked.user_code))
    assert phone.press("Sign in") == 410
    assert phone.heading == "Too many tries"

    assert type(asked.error()) is LoginLocked
    assert phone.open(link) == 410
    assert phone.heading == "This link does not work"
    explained(service, asked.login_id, "three_wrong_codes")


def test_logins_that_nobody_answers_expire_and_one_that_was_not_mailed_in_time_never_is(
    new_service: OpenService, sick_mail: MailServer, phone: Phone, desktop: OpenDesktop, address: str
) -> None:
    sick_mail.start()
    with new_service(link_ttl="5", mail_url=sick_mail.url) as service:
        url = service.settings["database_url"]
        terminal = desktop(service, "sync")
        mailed = terminal.ask(address)
        link = sick_mail.letter_to(address).link
        settled(service, mailed.login_id)
        sick_mail.stop()
        unmailed = desktop(service, "async").ask(f"no-{address}")

        assert type(mailed.error()) is type(unmailed.error()) is LoginExpired
        assert phone.open(link) == 410
        assert "login.completed" not in event_names(url, mailed.login_id)
        sick_mail.start()
        mail_is_due(url)
        wait_until(lambda: "mail.failed" in event_names(url, unmailed.login_id), "the mail to be given up")
        story = typed(service, "audit", "explain", unmailed.login_id)
        assert "The mail was not sent: the login had ended before." in story
        assert len(sick_mail.letters) == 1
        terminal.ask(address, wait=False)
        explained(service, mailed.login_id, "expired")
