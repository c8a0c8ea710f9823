# SPDX-License-Identifier: Apache-2.0
"""Two replicas behind nginx are one service: a sign-in may meet either at each step, and what one learns binds both."""

import asyncio
import base64
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import httpx2
import pytest

from counterfoil_service.web.polling import RECHECK_SECONDS
from journeys.conftest import OpenDesktop
from journeys.crowd import Started, approve, client_of, device_of, poll, start
from journeys.databases import Databases, event_names, sessions_of
from journeys.desktop import CLIENT_ID, ClientKind
from journeys.replicas import Answered, Replicas, replicas
from support.background import LoopThread, wait_until
from support.mailserver import Letter, MailServer
from support.phone import Phone
from support.processes import ROOMY, RunningService

SIGN_INS = 4
WAKES = 7
WOKEN_WITHIN = 1.0
ASK, TOKEN, USERINFO = "/oauth/device_authorization", "/oauth/token", "/oauth/userinfo"
Steps = tuple[int, int, int, int]


@pytest.fixture(scope="module")
def pair(databases: Databases, mail: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    """Two, which no story of this module ends."""
    folder = tmp_path_factory.mktemp("replicas")
    with replicas(folder, databases.fresh("postgresql", folder), mail_url=mail.url) as running:
        yield running


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_person_signs_in_through_nginx_and_the_session_is_good_at_every_replica(
    pair: Replicas, mail: MailServer, phone: Phone, desktop: OpenDesktop, kind: ClientKind, address: str
) -> None:
    terminal = desktop(pair.services[0], kind)
    asked = terminal.ask(address)
    assert phone.approve(mail.letter_to(address).link, asked.user_code) == 200
    session = asked.session()
    first = len(pair.balancer.answered)
    assert {terminal.sub(session) for _ in range(4)} == {session.subject}
    userinfo = [each for each in pair.balancer.answered[first:] if each.path == USERINFO]
    assert {each.port for each in userinfo if each.status == 200} == {service.port for service in pair.services}
    assert sessions_of(pair.url, asked.login_id) == 1


def test_each_step_of_a_sign_in_lands_on_either_replica_and_all_come_to_an_end(
    pair: Replicas, mail: MailServer, loop: LoopThread, address: str
) -> None:
    found: list[Steps] = []
    for number in range(SIGN_INS):
        name = f"{number}-{address}"
        first = len(pair.balancer.answered)
        assert pair.balancer.is_ready()
        login_id = loop.run(_signed_in(pair, mail, name, another_turn=number % 2 == 1))
        assert sessions_of(pair.url, login_id) == 1
        names = event_names(pair.url, login_id)
        assert names.count("login.approved") == names.count("session.created") == 1
        found.append(_steps(pair.balancer.answered[first:]))
    ports = {service.port for service in pair.services}
    for step in zip(*found, strict=True):
        assert set(step) == ports, f"each step was to land on both: {found}"
    assert any(approved != polled for _, _, approved, polled in found)


def test_an_approval_at_one_replica_wakes_the_poll_that_the_other_holds_within_a_second(
    pair: Replicas, mail: MailServer, loop: LoopThread, address: str
) -> None:
    took: list[float] = []
    for number in range(WAKES):
        here, there = pair.services if number % 2 else reversed(pair.services)
        name = f"{number}-{address}"
        started = loop.run(start(pair.address, here.address, name))
        took.append(loop.run(_woken(here.address, there.address, started, mail.letter_to(name))))
    assert max(took) < RECHECK_SECONDS, f"no notice came, only the look that every poll takes now and then: {took}"
    assert median(took) < WOKEN_WITHIN, took


def test_wrong_codes_count_together_wherever_they_were_typed(
    pair: Replicas, mail: MailServer, loop: LoopThread, address: str
) -> None:
    started = loop.run(start(pair.address, pair.address, address))
    letter = mail.letter_to(address)
    wrong = "BCDFGH" if started.user_code.replace("-", "") != "BCDFGH" else "HGFDCB"

    async def tries() -> list[int]:
        found = []
        for number in range(4):
            async with client_of(pair.services[number % 2].address) as client:
                found.append((await approve(client, letter, wrong)).status_code)
        return found

    assert loop.run(tries()) == [422, 422, 410, 410]
    for service in pair.services:
        assert loop.run(_polled(service.address, started)) == (400, "access_denied")


def test_a_proof_that_made_a_login_makes_none_at_the_other_replica(
    pair: Replicas, loop: LoopThread, address: str
) -> None:
    device = device_of(pair.address)
    form = {"client_id": CLIENT_ID, "login_hint": address}

    async def asked_twice() -> list[httpx2.Response]:
        async with client_of(pair.services[0].address) as here, client_of(pair.services[1].address) as there:
            await here.post(ASK, data=form, headers={"DPoP": device.proof(ASK)})
            device.nonce = (await there.post(ASK, data=form)).headers["DPoP-Nonce"]
            stolen = {"DPoP": device.proof(ASK)}
            return [await client.post(ASK, data=form, headers=stolen) for client in (here, there)]

    first, second = loop.run(asked_twice())
    assert first.status_code == 200, first.text
    assert (second.status_code, second.json()["error"]) == (400, "invalid_dpop_proof"), second.text


def test_a_proof_that_grants_nothing_is_good_once_at_each_replica_and_no_more(
    pair: Replicas, mail: MailServer, loop: LoopThread, address: str
) -> None:
    started = loop.run(start(pair.address, pair.address, address))
    letter = mail.letter_to(address)

    async def answers() -> list[int]:
        async with client_of(pair.services[0].address) as here, client_of(pair.services[1].address) as there:
            await approve(here, letter, started.user_code)
            tokens = (await poll(here, started)).json()
            ath = (
                base64.urlsafe_b64encode(hashlib.sha256(tokens["access_token"].encode()).digest()).decode().rstrip("=")
            )
            proof = started.device.proof(USERINFO, method="GET", ath=ath)
            headers = {"Authorization": f"DPoP {tokens['access_token']}", "DPoP": proof}
            turns = (here, here, there, there)
            return [(await client.get(USERINFO, headers=headers)).status_code for client in turns]

    assert loop.run(answers()) == [200, 401, 200, 401]


def test_an_application_that_is_removed_is_unknown_to_every_replica_within_a_second(
    pair: Replicas, loop: LoopThread, address: str
) -> None:
    form = {"client_id": "short-lived", "login_hint": address}

    async def asked(service: RunningService) -> str:
        async with client_of(service.address) as client:
            answer = await device_of(pair.address).post(client, ASK, form)
        return str(answer.json().get("error", answer.status_code))

    def told() -> set[str]:
        return {loop.run(asked(service)) for service in pair.services}

    assert told() == {"invalid_client"}
    pair.services[0].told("applications", "add", "Short", "--client-id", "short-lived")
    assert told() == {"200"}, "who was unknown a moment ago is looked up again"
    assert told() == {"200"}
    pair.services[1].told("applications", "remove", "short-lived")
    wait_until(lambda: told() == {"invalid_client"}, "both to have forgotten it", WOKEN_WITHIN)


def test_a_nonce_of_one_replica_is_good_at_the_other(pair: Replicas, loop: LoopThread, address: str) -> None:
    device = device_of(pair.address)
    form = {"client_id": CLIENT_ID, "login_hint": address}

    async def asked() -> int:
        async with client_of(pair.services[0].address) as here, client_of(pair.services[1].address) as there:
            device.nonce = (await here.post(ASK, data=form)).headers["DPoP-Nonce"]
            return (await there.post(ASK, data=form, headers={"DPoP": device.proof(ASK)})).status_code

    assert loop.run(asked()) == 200


def test_a_budget_is_one_for_all_replicas(
    databases: Databases, mail: MailServer, loop: LoopThread, tmp_path: Path, address: str
) -> None:
    url = databases.fresh("postgresql", tmp_path)
    budgets = ROOMY.replace("device_key=1000/60", "device_key=1/60")
    with replicas(tmp_path, url, mail_url=mail.url, budgets=budgets) as pair:
        device = device_of(pair.address)
        form = {"client_id": CLIENT_ID, "login_hint": address}

        async def asked() -> list[int]:
            found = []
            for service in pair.services:
                async with client_of(service.address) as client:
                    found.append((await device.post(client, ASK, form)).status_code)
            return found

        assert loop.run(asked()) == [200, 429]


async def _signed_in(pair: Replicas, mail: MailServer, name: str, *, another_turn: bool) -> str:
    """Every step through nginx, which takes the replicas in turn; a request more, and the others answer."""
    started = await start(pair.address, pair.address, name)
    if another_turn:
        await asyncio.to_thread(pair.balancer.is_ready)
    letter = await asyncio.to_thread(mail.letter_to, name)
    async with client_of(pair.address) as phone, client_of(pair.address) as desk:
        assert (await phone.get(f"/l/{letter.secret}")).status_code == 200
        held = asyncio.create_task(poll(desk, started, wait=25))
        await asyncio.sleep(0.2)
        assert not held.done()
        assert (await approve(phone, letter, started.user_code)).status_code == 200
        answer = await held
    assert answer.status_code == 200, answer.text
    return started.login_id


def _steps(answered: list[Answered]) -> Steps:
    """Who took the request, the opening, the approval and the poll; each succeeded once."""
    right = [each for each in answered if each.status == 200]
    kinds = [("POST", ASK), ("GET", "/l/"), ("POST", "/l"), ("POST", TOKEN)]
    ports = []
    for method, path in kinds:
        same = [each.port for each in right if each.method == method and each.path.startswith(path)]
        if path == "/l":
            same = [each.port for each in right if (each.method, each.path) == (method, path)]
        assert len(same) == 1, answered
        ports += same
    asked, opened, approved, polled = ports
    return asked, opened, approved, polled


async def _woken(here: str, there: str, started: Started, letter: Letter) -> float:
    """Seconds from the answer to who approves here to the tokens for who waits there."""
    async with client_of(here) as phone, client_of(there) as desk:
        held = asyncio.create_task(poll(desk, started, wait=25))
        await asyncio.sleep(0.2)
        assert not held.done()
        assert (await approve(phone, letter, started.user_code)).status_code == 200
        began = time.monotonic()
        answer = await held
    assert answer.status_code == 200, answer.text
    return time.monotonic() - began


async def _polled(address: str, started: Started) -> tuple[int, str]:
    async with client_of(address) as client:
        answer = await poll(client, started)
    return answer.status_code, str(answer.json()["error"])
