# SPDX-License-Identifier: Apache-2.0
"""No mail is set up: an operator at the service's own machine finds who waits, and gives them their link by hand."""

import json

from counterfoil_client import LoginExpired
from journeys.conftest import OpenDesktop, OpenService
from journeys.databases import event_names
from journeys.desktop import ClientKind
from journeys.explained import assert_told, typed
from support.background import wait_until
from support.phone import Phone


def test_an_operator_relays_a_link_by_hand_and_the_desktop_gets_its_session(
    new_service: OpenService, phone: Phone, desktop: OpenDesktop, either_kind: ClientKind, address: str
) -> None:
    with new_service(mail_url="none:") as service:
        asked = desktop(service, either_kind).ask(address)
        (waits,) = json.loads(typed(service, "links", "list", "--json"))
        assert (waits["login_id"], waits["email"], waits["device"]) == (asked.login_id, address, "Ada's laptop")
        (stranger,) = json.loads(typed(service, "users", "list", "--json"))
        assert (stranger["email"], stranger["state"], stranger["subject"]) == (address, "unverified", None)

        relay = ("links", "relay", asked.login_id, "--reason", "the mail server moves house")
        given = json.loads(service.told(*relay, "--json"))  # a process of its own, beside the one that serves
        (vouched,) = json.loads(typed(service, "users", "list", "--json"))
        assert (vouched["email"], vouched["state"]) == (address, "unverified")
        assert service.cli(*relay).returncode == 1
        assert asked.waits, "a relay tells the desktop nothing"

        assert phone.approve(given["link"], asked.user_code) == 200
        assert asked.session().subject == vouched["subject"]
        assert json.loads(typed(service, "links", "list", "--json")) == []
        (verified,) = json.loads(typed(service, "users", "list", "--json"))
        assert (verified["state"], verified["sessions"]) == ("verified", 1)
        url = service.settings["database_url"]
        wait_until(lambda: "mail.deferred" in event_names(url, asked.login_id), "the notice to find no mail set up")
        assert_told(typed(service, "audit", "explain", asked.login_id), "relayed_by_hand")
        assert given["link"].rpartition("/")[2] not in service.log


def test_whom_nobody_relays_a_link_waits_in_vain(new_service: OpenService, desktop: OpenDesktop, address: str) -> None:
    with new_service(mail_url="none:", link_ttl="5") as service:
        asked = desktop(service).ask(address)
        assert type(asked.error()) is LoginExpired
        wait_until(lambda: json.loads(typed(service, "users", "list", "--json")) == [], "the stranger to be gone")
        done = service.cli("links", "relay", asked.login_id, "--reason", "too late")
        assert (done.returncode, done.stdout) == (1, "")
        assert "it is expired" in " ".join(done.stderr.split())
