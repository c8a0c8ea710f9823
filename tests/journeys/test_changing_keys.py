# SPDX-License-Identifier: Apache-2.0
"""The service changes its signing keys under a living session, and an API that verifies tokens never stumbles."""

import json

import httpx2
import jwt
import pytest

from counterfoil_client import Session
from counterfoil_client.resource import Introspection
from journeys.conftest import OpenDesktop, OpenService
from journeys.databases import execute
from journeys.desktop import ClientKind, Desktop, let_the_token_end
from journeys.guarded_api import GuardedApi
from journeys.verified import verified
from support.mailserver import MailServer
from support.phone import Phone
from support.processes import RunningService

NOTES = "notes-app"
KEY_SET_MAX_AGE = 300
LEAD_PASSES = "UPDATE signing_keys SET active_at = active_at - 601000000, retired_at = retired_at - 601000000"


# The keys are read and written by statements that both engines share, and each restart takes its time.
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True, scope="session")
def test_an_api_verifies_across_a_rotation_and_another_algorithm(
    new_service: OpenService,
    mail: MailServer,
    phone: Phone,
    desktop: OpenDesktop,
    either_kind: ClientKind,
    address: str,
) -> None:
    api = GuardedApi()
    service = new_service()
    register = ("applications", "add", "Notes", "--audience", api.url, "--json", "--client-id")
    service.told(*register, NOTES)
    added = json.loads(service.told(*register, "notes-api", "--confidential"))
    with service, api.guarding(service, Introspection("notes-api", added["client_secret"])):
        terminal = desktop(service, either_kind, client_id=NOTES)
        asked = terminal.ask(address)
        phone.approve(mail.letter_to(address).link, asked.user_code)
        session = asked.session()
        first = _passes(service, terminal, session, api, "ES256")

        assert json.loads(service.told("keys", "rotate", "--json"))["state"] == "published"
        assert _passes(service, terminal, session, api, "ES256") == first
        _lead_passes(service, signing_algorithm="RS256")
        api.clock.ahead += KEY_SET_MAX_AGE + 1
        assert _passes(service, terminal, session, api, "ES256") == first, "what the old key signed is good to its end"
        second = _renewed(service, terminal, session, api, "ES256")

        # The API has met the next key already: it was published long before it signs.
        _lead_passes(service)
        assert _passes(service, terminal, session, api, "ES256") == second
        third = _renewed(service, terminal, session, api, "RS256")
        assert len({first, second, third}) == 3

        token = session.access_token
        service.told("sessions", "revoke", session.session_id)
        assert terminal.call(session, f"{api.url}/local").status_code == 200, "the token itself lives its five minutes"
        assert session.access_token == token
        assert terminal.is_out(session, f"{api.url}/live")


def _lead_passes(service: RunningService, **settings: str) -> None:
    """Ten minutes go by, so that the newest key signs from now on; the service is restarted with other settings."""
    execute(service.settings["database_url"], LEAD_PASSES)
    service.stop()
    service.settings |= settings
    service.start()


def _renewed(service: RunningService, terminal: Desktop, session: Session, api: GuardedApi, algorithm: str) -> str:
    let_the_token_end(session)
    return _passes(service, terminal, session, api, algorithm)


def _passes(service: RunningService, terminal: Desktop, session: Session, api: GuardedApi, algorithm: str) -> str:
    """The API lets this session in, and PyJWT would; the key that signed."""
    for path in ("/local", "/live"):
        answer = terminal.call(session, api.url + path)
        assert answer.status_code == httpx2.codes.OK, answer.text
        assert answer.json()["sub"] == session.subject
    verified(service, session.access_token, algorithm, api.url)
    return str(jwt.get_unverified_header(session.access_token)["kid"])
