# SPDX-License-Identifier: Apache-2.0
"""Mail servers are down, refuse, or hang; processes die. No mail is lost and none is doubled."""

import time

from journeys.conftest import OpenDesktop, OpenService
from journeys.databases import event_names, mail_is_due
from journeys.explained import explained, let_the_mail_be_read
from support.background import wait_until
from support.mailserver import MailServer
from support.phone import Phone
from support.processes import RunningService

AT_ONCE = 2.0


def test_a_desktop_does_not_wait_for_a_mail_server_that_is_down(
    new_service: OpenService, sick_mail: MailServer, phone: Phone, desktop: OpenDesktop, address: str
) -> None:
    with new_service(mail_url=sick_mail.url) as service:
        terminal = desktop(service)
        began = time.monotonic()
        asked = terminal.ask(address)
        assert time.monotonic() - began < AT_ONCE
        _wait_for(service, asked.login_id, "mail.deferred")

        sick_mail.start()
        letter = sick_mail.letter_to(address)
        let_the_mail_be_read(service, asked.login_id)
        assert phone.approve(letter.link, asked.user_code) == 200
        assert asked.session().subject
        assert len(sick_mail.letters_to(address)) == 1
        explained(service, asked.login_id, "mail_server_that_was_down")


def test_a_refused_recipient_is_in_the_story_and_one_put_off_is_tried_again(
    new_service: OpenService, sick_mail: MailServer, desktop: OpenDesktop, address: str
) -> None:
    sick_mail.start()
    with new_service(mail_url=sick_mail.url) as service:
        terminal = desktop(service)
        sick_mail.refusal = "550 5.1.1 No such mailbox"
        refused = terminal.ask(f"no-{address}", wait=False)
        _wait_for(service, refused.login_id, "mail.failed")

        sick_mail.refusal = "451 4.7.1 Come back later"
        put_off = terminal.ask(address, wait=False)
        _wait_for(service, put_off.login_id, "mail.deferred")
        sick_mail.refusal = None
        mail_is_due(service.settings["database_url"])
        sick_mail.letter_to(address)
        assert sick_mail.refused == [f"no-{address}", address]
        assert sick_mail.letters_to(f"no-{address}") == []
        explained(service, refused.login_id, "refused_recipient")
        explained(service, put_off.login_id, "recipient_put_off")


def test_a_mail_survives_the_death_of_its_process_and_keeps_its_name(
    new_service: OpenService, sick_mail: MailServer, phone: Phone, desktop: OpenDesktop, address: str
) -> None:
    sick_mail.start()
    sick_mail.hanging = True
    service = new_service(mail_url=sick_mail.url).start()
    asked = desktop(service).ask(address, wait=False)
    unfinished = wait_until(lambda: sick_mail.letters_to(address), "the mail to be on its way")[0]
    service.kill()

    sick_mail.hanging = False
    mail_is_due(service.settings["database_url"])
    with service:
        letter = sick_mail.letter_to(address)
        _wait_for(service, asked.login_id, "mail.sent")
        assert letter.message["Message-ID"] == unfinished.message["Message-ID"]
        assert letter.link == unfinished.link
        let_the_mail_be_read(service, asked.login_id)
        assert phone.approve(letter.link, asked.user_code) == 200
        asked.wait()
        assert asked.session().subject
        assert [one.accepted for one in sick_mail.letters_to(address)] == [False, True]
        explained(service, asked.login_id, "mail_that_survived_a_crash")


def _wait_for(service: RunningService, login_id: str, name: str) -> None:
    url = service.settings["database_url"]
    wait_until(lambda: name in event_names(url, login_id), f"{name} in the audit log")
