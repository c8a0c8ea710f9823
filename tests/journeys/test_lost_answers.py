# SPDX-License-Identifier: Apache-2.0
"""The network loses the one answer that matters: the desktop asks again and there is still one session."""

from journeys.conftest import OpenDesktop, OpenService
from journeys.databases import event_names, rows, sessions_of
from journeys.explained import explained, let_the_mail_be_read
from journeys.proxy import Proxy
from support.background import LoopThread
from support.mailserver import MailServer
from support.phone import Phone


def test_a_lost_token_answer_is_not_a_lost_login(
    new_service: OpenService, mail: MailServer, phone: Phone, desktop: OpenDesktop, loop: LoopThread, address: str
) -> None:
    with Proxy(loop) as proxy, new_service(public_url=proxy.url) as service:
        url = service.settings["database_url"]
        proxy.targets = [service.port]
        asked = [desktop(service, "sync").ask(address), desktop(service, "async").ask(address)]
        letters = mail.wait_for(address, 2)

        for one, letter in zip(asked, letters, strict=True):
            let_the_mail_be_read(service, one.login_id)
            proxy.losses += 1
            assert phone.approve(letter.link, one.user_code) == 200
        sessions = [one.session() for one in asked]

        assert proxy.lost == 2
        for one, session in zip(asked, sessions, strict=True):
            assert sessions_of(url, one.login_id) == 1
            assert event_names(url, one.login_id)[-1] == "login.reissued"
            assert any(step.state == "unreachable" for step in one.progress)
            tokens = rows(url, "SELECT state FROM refresh_tokens WHERE session_id = ?", session.session_id)
            assert sorted(state for (state,) in tokens) == ["current", "replaced"]
        explained(service, asked[1].login_id, "lost_answer")
