# SPDX-License-Identifier: Apache-2.0
"""Eight digits in the mail, typed into the app that asked: bound to its key, five tries, off unless it is wanted."""

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx2
import pytest

from counterfoil_service.core import budget
from counterfoil_service.core.argon2_cost import Argon2Cost
from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.mail_code import CodeMismatch
from counterfoil_service.core.story import sentence
from counterfoil_service.crypto.argon2 import hash_secret
from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.try_mail_code import TryMailCode, try_mail_code
from counterfoil_service.web import mail_codes
from counterfoil_service.web.polling import RECHECK_SECONDS
from support.acting import proof_of
from support.device import Device
from support.http import ASK, ask_form, execute, fingerprint, nothing_written, post, refused, until_held
from support.stage import Asked, OpenStage, Stage, link_of
from support.surfer import CALLBACK, Surfer, WebClient
from support.tokens import claims_of

PATH = "/oauth/mail_code"
APP = "room-app"
CHEAP = Argon2Cost(1, 8, 1)


@pytest.fixture
async def room(database_url: str, tmp_path: Path, open_stage: OpenStage) -> AsyncIterator[Stage]:
    async with open_stage(database_url, tmp_path, mail_code_cost=CHEAP) as stage:
        await stage.add_application(APP, mail_code=True)
        yield stage


def plain(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


async def code_in_mail(stage: Stage) -> str:
    mails = [plain(mail) for mail in await stage.mails() if mail["Subject"].startswith("Sign in to")]
    (code,) = re.findall(r"^(\d{4} \d{4})\r?$", mails[-1], re.MULTILINE)
    return str(code)


async def begin(stage: Stage, **fields: Any) -> tuple[Asked, str]:
    asked = await stage.start(client_id=APP, **fields)
    return asked, await code_in_mail(stage)


def wrong(code: str, step: int = 1) -> str:
    return f"{(int(code.replace(' ', '')) + step) % 10**8:08d}"


async def submit(
    stage: Stage, asked: Asked, code: str, device: Device | None = None, **changes: str
) -> httpx2.Response:
    form = {"client_id": APP, "device_code": asked.device_code, "mail_code": code} | changes
    return await (device or asked.device).post(stage.client, PATH, form)


async def collect(stage: Stage, asked: Asked, **fields: Any) -> httpx2.Response:
    return await stage.poll(asked, client_id=APP, **fields)


async def test_the_digits_of_the_mail_sign_the_app_in(room: Stage) -> None:
    asked, code = await begin(room)
    answer = await submit(room, asked, code)
    assert (answer.status_code, answer.json()) == (200, {})
    tokens = (await collect(room, asked)).json()
    assert claims_of(tokens["access_token"])["amr"] == ["pop", "swk"], "no second device took part"
    told = [sentence(each.event, each.personal) for each in await room.events(asked.login_id)]
    assert "Approved by the digits of the mail, typed into the app that asked." in told


async def test_a_poll_that_is_held_wakes_up(room: Stage) -> None:
    asked, code = await begin(room)
    held = asyncio.create_task(room.poll(asked, wait=20, client_id=APP))
    await until_held(room)
    assert (await submit(room, asked, code)).status_code == 200
    async with asyncio.timeout(RECHECK_SECONDS / 2):
        assert (await held).status_code == 200


async def test_a_poll_that_is_held_hears_of_the_lock(room: Stage) -> None:
    asked, code = await begin(room)
    held = asyncio.create_task(room.poll(asked, wait=20, client_id=APP))
    await until_held(room)
    for step in range(1, 6):
        await submit(room, asked, wrong(code, step))
    async with asyncio.timeout(RECHECK_SECONDS / 2):
        assert refused(await held, 400, "access_denied")["reason"] == "locked"


async def test_the_mail_has_link_and_digits_and_neither_subject_nor_opening_shows_them(room: Stage) -> None:
    _, code = await begin(room)
    mail = (await room.mails())[-1]
    text = plain(mail)
    assert link_of(mail)
    assert code not in str(mail["Subject"])
    assert text.index(code) > 400, "previews end long before"
    html = mail.get_body(("html",))
    assert html is not None
    assert html.get_content().count(code) == 1
    assert "Never tell them to anybody" in text


async def test_an_application_without_mail_codes_mails_none_and_takes_none(room: Stage) -> None:
    asked = await room.start()
    assert not re.search(r"\d{4} \d{4}", plain((await room.mails())[-1]))
    form = {"client_id": "desk-app", "device_code": asked.device_code, "mail_code": "12345678"}
    async with nothing_written(room):
        refused(await asked.device.post(room.client, PATH, form), 400, "unauthorized_client")


@pytest.mark.parametrize("spelling", ["{}", " {} ", "{}\t"])
async def test_blanks_and_hyphens_are_forgiven(room: Stage, spelling: str) -> None:
    asked, code = await begin(room)
    assert (await submit(room, asked, spelling.format(code.replace(" ", "-")))).status_code == 200


async def test_five_wrong_codes_lock_the_login_for_good(room: Stage) -> None:
    asked, code = await begin(room)
    secret = await room.secret()
    for left in (4, 3, 2, 1):
        body = refused(await submit(room, asked, wrong(code, left)), 400, "code_mismatch")
        assert body["tries_left"] == left
    last = refused(await submit(room, asked, wrong(code)), 400, "access_denied")
    assert (last["reason"], "tries_left" in last) == ("locked", False)
    for _ in range(2):
        assert refused(await submit(room, asked, code), 400, "access_denied")["reason"] == "locked"
    assert refused(await collect(room, asked), 400, "access_denied")["reason"] == "locked"
    assert (await room.decide(secret, "approve", asked.user_code)).status_code == 410
    names = [name for name in await room.names(asked.login_id) if name.startswith("login.")]
    assert names[:-1] == ["login.requested", *["login.code_mismatch"] * 4, "login.locked"]
    assert names[-1] == "login.illegal_transition", "what was tried at the link"


async def test_misses_survive_a_restart_and_are_counted_apart_from_those_at_the_link(
    database_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    async with open_stage(database_url, tmp_path, mail_code_cost=CHEAP) as room:
        await room.add_application(APP, mail_code=True)
        asked, code = await begin(room)
        secret = await room.secret()
        for step in (1, 2, 3, 4):
            refused(await submit(room, asked, wrong(code, step)), 400, "code_mismatch")
        room.service.services.paces.forget(asked.login_id)
        assert (await room.decide(secret, "approve", "BBBBBB")).status_code == 422
        assert await room.rows("SELECT misses, mail_code_misses FROM logins") == [(1, 4)]
        assert (await submit(room, asked, code)).status_code == 200


@pytest.mark.parametrize("code", ["1234567", "123456789", "abcdefgh", "\uff11\uff12345678", "1234567\u0668"])
async def test_what_is_not_eight_digits_is_refused_and_not_counted(room: Stage, code: str) -> None:
    asked, _ = await begin(room)
    async with nothing_written(room):
        assert "eight digits" in refused(await submit(room, asked, code), 400, "invalid_request")["error_description"]


async def test_another_key_or_machine_opens_nothing_and_counts_nothing(room: Stage) -> None:
    asked, code = await begin(room, device_fingerprint=fingerprint("A" * 43))
    thief = room.device()
    refused(await submit(room, asked, code, thief, device_fingerprint=fingerprint("A" * 43)), 400, "invalid_grant")
    refused(await submit(room, asked, code, device_fingerprint=fingerprint("B" * 43)), 400, "invalid_grant")
    refused(await submit(room, asked, code), 400, "invalid_grant")
    assert await room.rows("SELECT state, mail_code_misses FROM logins") == [("pending", 0)]
    alerts = [each.event for each in await room.events(asked.login_id) if each.event.outcome == "failure"]
    assert [event.name.value for event in alerts] == [
        "login.key_mismatch",
        "login.fingerprint_mismatch",
        "login.fingerprint_mismatch",
    ]
    assert {event.fields["at"] for event in alerts} == {"mail_code"}
    assert (await submit(room, asked, code, device_fingerprint=fingerprint("A" * 43))).status_code == 200


async def test_without_a_proof_there_is_no_answer(room: Stage) -> None:
    asked, code = await begin(room)
    form = {"client_id": APP, "device_code": asked.device_code, "mail_code": code}
    async with nothing_written(room):
        refused(await post(room, PATH, form), 400, "invalid_dpop_proof")


async def test_one_proof_serves_once(room: Stage) -> None:
    asked, code = await begin(room)
    proof = asked.device.proof(PATH)
    form = {"client_id": APP, "device_code": asked.device_code, "mail_code": wrong(code)}
    refused(await post(room, PATH, form, proof=proof), 400, "code_mismatch")
    room.proofs._current.clear()  # another replica has never seen it
    refused(await post(room, PATH, form | {"mail_code": code}, proof=proof), 400, "invalid_dpop_proof")


async def test_the_code_of_one_login_opens_no_other(room: Stage) -> None:
    first, code = await begin(room)
    second = await room.start("bob@example.com", client_id=APP)
    refused(await submit(room, second, code), 400, "code_mismatch")
    refused(await submit(room, first, code, second.device), 400, "invalid_grant")


async def test_a_lost_answer_may_be_asked_for_again_until_it_is_collected(room: Stage) -> None:
    asked, code = await begin(room)
    for _ in range(3):
        assert (await submit(room, asked, code)).status_code == 200
    assert (await collect(room, asked)).status_code == 200
    refused(await submit(room, asked, code), 400, "invalid_grant")
    assert (await room.names(asked.login_id)).count("login.approved") == 1


@pytest.mark.parametrize(("end", "error"), [("reject", "access_denied"), ("expire", "expired_token")])
async def test_a_login_that_is_over_takes_no_code(room: Stage, end: str, error: str) -> None:
    asked, code = await begin(room)
    if end == "reject":
        await room.decide(await room.secret(), "reject")
    else:
        room.clock.advance(601)
    refused(await submit(room, asked, code), 400, error)


async def test_a_decoy_answers_like_any_other_login_up_to_the_lock(
    database_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    async with open_stage(database_url, tmp_path, mail_code_cost=CHEAP, sign_up="invited") as stage:
        await stage.add_application(APP, mail_code=True)
        asked = await stage.start("nobody@example.com", client_id=APP)
        assert await stage.mails() == []
        for left in (4, 3, 2, 1):
            body = refused(await submit(stage, asked, f"{left}2345678"), 400, "code_mismatch")
            assert body["tries_left"] == left
        assert refused(await submit(stage, asked, "02345678"), 400, "access_denied")["reason"] == "locked"


async def test_twenty_guesses_at_once_are_five_guesses(room: Stage) -> None:
    asked, code = await begin(room)
    devices = [Device(asked.device.issuer, room.clock, asked.device.key, asked.device.nonce) for _ in range(20)]
    answers = await asyncio.gather(*(submit(room, asked, wrong(code, n + 1), each) for n, each in enumerate(devices)))
    errors = [answer.json()["error"] for answer in answers]
    assert errors.count("code_mismatch") <= 4
    assert set(errors) <= {"code_mismatch", "slow_down", "access_denied"}
    assert (await room.rows("SELECT mail_code_misses FROM logins"))[0][0] <= 5


async def test_whoever_is_refused_for_what_is_asked_costs_no_hash(room: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_codes, "hash_secret", lambda *_: pytest.fail("it was hashed"))
    for name, error in (("scope", "invalid_scope"), ("resource", "invalid_request")):
        answer = await room.device().post(room.client, ASK, ask_form(client_id=APP, **{name: "https://x.example"}))
        refused(answer, 400, error)


async def test_requests_of_one_network_that_come_at_once_hash_no_more_than_its_budget(
    database_url: str, tmp_path: Path, open_stage: OpenStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def counted(secret: str, cost: Argon2Cost) -> str:
        made.append(secret)
        return hash_secret(secret, cost)

    monkeypatch.setattr(mail_codes, "hash_secret", counted)
    async with open_stage(database_url, tmp_path, mail_code_cost=CHEAP, budgets=budget.DEFAULTS) as stage:
        await stage.add_application(APP, mail_code=True)
        asks = [stage.device().post(stage.client, ASK, ask_form(client_id=APP, login_hint=f"p{n}@example.com"))
                for n in range(30)]  # fmt: skip
        answers = await asyncio.gather(*asks)
    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [429] * 20
    assert len(made) == 10


async def test_a_full_queue_says_when_to_come_back_and_empties() -> None:
    codes = mail_codes.MailCodes(CHEAP, bytes)
    gate = asyncio.Event()

    async def hold(network: str) -> None:
        async with codes.one_request(network):
            await gate.wait()

    held = [asyncio.create_task(hold("net")) for _ in range(mail_codes._MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(Refusal) as full:
        async with codes.one_request("net"):
            pass
    assert full.value.retry_after == 1
    async with codes.one_request("another net"):
        pass
    gate.set()
    await asyncio.gather(*held)
    assert codes._turns == {}
    codes._waiting = mail_codes._MOST_WAITING
    with pytest.raises(Refusal):
        await codes.make()
    codes._waiting = 0
    assert len((await codes.make())[0]) == 8
    assert codes._waiting == 0


async def test_a_hundred_misses_in_a_row_and_a_mailbox_gets_no_digits_until_somebody_signs_in(room: Stage) -> None:
    """R98: the guesser is whoever asks, and his next login would give him five more tries."""
    await begin(room)
    await execute(room, "UPDATE mailbox_keys SET mail_code_misses = 99")
    asked, code = await begin(room)
    refused(await submit(room, asked, wrong(code)), 400, "code_mismatch")
    room.clock.advance(1)
    later = await room.start(client_id=APP)
    assert not re.search(r"\d{4} \d{4}", plain((await room.mails())[-1]))
    refused(await submit(room, later, code), 400, "code_mismatch")
    ((before,), (after,)) = await room.rows(
        "SELECT length(mail_code_hash) FROM logins ORDER BY created_at DESC LIMIT 2"
    )
    assert before == after, "nobody can tell by its length"
    await room.decide(await room.secret(), "approve", later.user_code)
    assert (await collect(room, later)).status_code == 200
    room.clock.advance(1000)
    await begin(room)


async def test_tries_that_reach_the_database_at_once_are_five(room: Stage) -> None:
    """Beside each other on two replicas no process keeps them apart."""
    asked, _ = await begin(room)
    outcomes = await asyncio.gather(*(tried(room, asked, fits=False) for _ in range(12)))
    codes = [outcome.code.value for outcome in outcomes if outcome is not None]
    assert (codes.count("code_mismatch"), codes.count("access_denied")) == (4, 8)
    assert await room.rows("SELECT state, mail_code_misses FROM logins") == [("locked", 5)]


async def test_one_try_of_a_login_is_checked_at_a_time() -> None:
    codes = mail_codes.MailCodes(CHEAP, bytes)
    with codes.one_try("L1"):
        with codes.one_try("L2"):
            pass
        with pytest.raises(Refusal, match="being checked"), codes.one_try("L1"):
            pass
        with pytest.raises(Refusal, match="being checked"), codes.one_try("L1"):
            pass
    with pytest.raises(ZeroDivisionError), codes.one_try("L1"):
        _ = 1 / 0
    with codes.one_try("L1"):
        pass


@pytest.mark.parametrize("fits", [True, False])
async def test_whoever_comes_second_to_an_approval_has_nothing_left_to_do(room: Stage, fits: bool) -> None:  # noqa: FBT001 - a table
    asked, _ = await begin(room)
    await room.decide(await room.secret(), "approve", asked.user_code)
    assert await tried(room, asked, fits=fits) is None
    assert await room.rows("SELECT state, mail_code_misses FROM logins") == [("approved", 0)]


async def test_even_the_right_digits_approve_no_decoy(database_url: str, tmp_path: Path, open_stage: OpenStage) -> None:
    async with open_stage(database_url, tmp_path, mail_code_cost=CHEAP, sign_up="invited") as stage:
        await stage.add_application(APP, mail_code=True)
        asked = await stage.start("nobody@example.com", client_id=APP)
        refusal = await tried(stage, asked, fits=True)
        assert isinstance(refusal, CodeMismatch)
        assert await stage.rows("SELECT state, mail_code_misses FROM logins") == [("pending", 1)]


async def tried(stage: Stage, asked: Asked, *, fits: bool) -> Refusal | None:
    """What a try comes to whose code was checked before something else happened to the login."""
    command = TryMailCode(asked.login_id, proof_of("laptop"), fits, "192.0.2.10", "Desk/1.0")
    return await stage.database.write(try_mail_code, command)


async def test_whoever_is_erased_leaves_no_hash_of_digits(room: Stage) -> None:
    asked, code = await begin(room)
    await submit(room, asked, code)
    assert (await collect(room, asked)).status_code == 200
    await room.database.write(erase_user, "ada@example.com")
    assert await room.rows("SELECT mail_code_hash FROM logins") == [(None,)]


async def test_hashes_are_made_off_the_loop_two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, threads = 0, 0, set()
    lock = threading.Lock()

    def slow(_secret: str, _cost: object) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            threads.add(threading.current_thread())
        time.sleep(0.02)
        with lock:
            running -= 1
        return "hash"

    monkeypatch.setattr(mail_codes, "hash_secret", slow)
    codes = mail_codes.MailCodes(CHEAP, bytes)
    await asyncio.gather(*(codes.make() for _ in range(6)))
    assert most == 2
    assert threading.main_thread() not in threads


async def test_whoever_is_over_budget_costs_no_hash(
    database_url: str, tmp_path: Path, open_stage: OpenStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_stage(database_url, tmp_path, mail_code_cost=CHEAP, budgets=budget.DEFAULTS) as stage:
        await stage.add_application(APP, mail_code=True)
        device = stage.device()
        await stage.start(device=device, client_id=APP)
        monkeypatch.setattr(mail_codes, "hash_secret", lambda *_: pytest.fail("it was hashed"))
        refused(await device.post(stage.client, ASK, ask_form(client_id=APP)), 429, "slow_down")


async def test_the_digits_are_stored_as_argon2id_alone_and_the_outbox_forgets_them(room: Stage) -> None:
    _, code = await begin(room)
    ((encoded,),) = await room.rows("SELECT mail_code_hash FROM logins")
    assert encoded.startswith("$argon2id$v=19$m=8192,t=1,p=1$")
    tables = repr([await room.rows(f"SELECT * FROM {table}") for table in ("logins", "outbox", "audit_events")])  # noqa: S608 - ours
    assert code.replace(" ", "") not in tables
    assert await room.rows("SELECT sealed_secret FROM outbox") == [(None,)]


async def test_a_browser_gets_no_digits_as_it_has_no_field_for_them(room: Stage) -> None:
    await room.add_application("web-app", redirect_uris=(CALLBACK,), mail_code=True)
    async with Surfer(room) as browser:
        await browser.ask(await browser.authorize(WebClient()))
    assert not re.search(r"\d{4} \d{4}", plain((await room.mails())[-1]))
    assert await room.rows("SELECT mail_code_hash FROM logins") == [(None,)]
