# SPDX-License-Identifier: Apache-2.0
"""`action=here`: the browser goes home with a code; the login stays pending, whoever polls [R31, R32, R49-R53]."""

import asyncio
import re
from html import unescape

import pytest

from support.http import execute, is_page, nothing_written, put_into, refused
from support.stage import ISSUER, Stage
from support.way_home import APP, LOOPBACK, STATE, carried, fields_of, traveller

FORGED = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}


def policy_of(answer: object) -> str:
    """What forms may lead to."""
    headers = answer.headers  # type: ignore[attr-defined]  # any response
    (found,) = re.findall("form-action ([^;]*);", headers["content-security-policy"])
    return str(found)


@pytest.mark.parametrize(
    ("uri", "allowed"),
    [
        ("https://app.example/callback", "'self' https://app.example"),
        (LOOPBACK, "'self' http://127.0.0.1:49152"),
        ("http://[::1]:49152/callback", "'self'"),
        ("com.example.app:/callback?item=1", "'self'"),
    ],
)
async def test_the_third_choice_is_there_and_its_policy_lets_the_form_lead_home(
    sqlite_stage: Stage, uri: str, allowed: str
) -> None:
    home = await traveller(sqlite_stage, uri)
    page = await sqlite_stage.open(home.secret)
    assert 'name="action" value="here"' in is_page(page, 200)
    assert policy_of(page) == allowed
    again = await sqlite_stage.decide(home.secret, "approve", "")
    assert 'name="action" value="here"' in is_page(again, 422)
    assert policy_of(again) == allowed
    assert uri not in page.text
    for other in (await sqlite_stage.open("A" * 43), await home.press("reject")):
        assert policy_of(other) == "'self'"


async def test_without_a_way_home_the_page_offers_none(sqlite_stage: Stage) -> None:
    await sqlite_stage.start()
    page = await sqlite_stage.open(await sqlite_stage.secret())
    assert "where I started" not in page.text
    assert policy_of(page) == "'self'"


@pytest.mark.parametrize("uri", ["https://app.example/callback", LOOPBACK])
async def test_here_sends_the_browser_home_with_code_state_and_issuer(stage: Stage, uri: str) -> None:
    home = await traveller(stage, uri)
    answer = await home.press()
    assert answer.status_code == 303
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.text == ""
    target = answer.headers["location"]
    assert target.startswith(uri + "?code=")
    fields = carried(answer)
    assert list(fields) == ["code", "state", "iss"]
    assert (fields["state"], fields["iss"]) == (STATE, ISSUER)
    assert re.fullmatch("[A-Za-z0-9_-]{43}", fields["code"])
    assert await stage.rows("SELECT state, codes_minted FROM logins") == [("pending", 1)]
    assert (await stage.names(home.asked.login_id))[-1] == "login.code_issued"


async def test_codes_are_stored_as_hashes_and_told_to_no_auditor(stage: Stage) -> None:
    home = await traveller(stage)
    code = await home.code()
    for table in ("authorization_codes", "audit_events", "logins"):
        assert code not in repr(await stage.rows(f"SELECT * FROM {table}"))  # noqa: S608 - our own names
    assert code not in repr(await stage.events(home.asked.login_id))


@pytest.mark.parametrize("uri", ["http://[::1]:49152/callback", "com.example.app:/callback?item=42&y=%20"])
async def test_where_no_form_may_lead_a_page_with_one_link_does_it(stage: Stage, uri: str) -> None:
    home = await traveller(stage, uri)
    html = is_page(await home.press(), 200)
    (href,) = re.findall('<a [^>]*href="([^"]*)"', html)
    target = unescape(href)
    assert target.startswith(f"{uri}{'&' if '?' in uri else '?'}code=")
    fields = fields_of(target)
    assert (fields["state"], fields["iss"]) == (STATE, ISSUER)
    assert "Return to <bdi>Desk App</bdi>" in html
    assert "<script" not in html
    assert "http-equiv" not in html
    assert (await home.redeem(fields["code"])).status_code == 200


@pytest.mark.parametrize(
    "state", ["'\"><script>alert(1)</script>", "a&code=evil&iss=x", "100%", "#x", " ", "+", "=" * 512]
)
@pytest.mark.parametrize("uri", [LOOPBACK, "com.example.app:/callback?i=%22%3E%3Cb%3E&j='"])
async def test_a_strange_state_comes_back_as_it_was_and_breaks_out_of_nothing(
    sqlite_stage: Stage, state: str, uri: str
) -> None:
    home = await traveller(sqlite_stage, uri, state=state)
    answer = await home.press()
    if answer.status_code == 303:
        target = answer.headers["location"]
    else:
        (href,) = re.findall('<a [^>]*href="([^"]*)"', is_page(answer, 200))
        target = unescape(href)
        assert "<b>" not in answer.text
        assert "<script" not in answer.text
    assert target.startswith(uri)
    fields = fields_of(target)
    assert (fields["state"], fields["iss"]) == (state, ISSUER)


async def test_forged_headers_move_neither_the_issuer_nor_the_target(sqlite_stage: Stage) -> None:
    """A14: `iss` is the configured issuer, or the check at home is worth nothing."""
    home = await traveller(sqlite_stage)
    sqlite_stage.client.headers.update(FORGED)
    answer = await home.press()
    assert carried(answer)["iss"] == ISSUER
    assert "evil" not in answer.headers["location"] + answer.headers["content-security-policy"]


async def test_a_target_named_in_the_form_is_nobodys_business(sqlite_stage: Stage) -> None:
    """R58: no address is taken from a request at the link."""
    home = await traveller(sqlite_stage)
    form = {"secret": home.secret, "action": "here", "redirect_uri": "https://evil.example/", "state": "evil"}
    answer = await sqlite_stage.client.post("/l?redirect_uri=https://evil.example/", data=form)
    assert answer.headers["location"].startswith(LOOPBACK + "?")
    assert carried(answer)["state"] == STATE


async def test_an_attacker_who_polls_throughout_never_gets_tokens(stage: Stage) -> None:
    """A20: the attacker asked, the victim presses; the codes go to the victim's own machine, and nowhere else."""
    attacker = await traveller(stage, redirect_uri=LOOPBACK)
    for _ in range(3):
        refused(await attacker.poll(), 400, "authorization_pending")
        await attacker.code()
        stage.clock.advance(5)
        refused(await attacker.poll(), 400, "authorization_pending")
        stage.clock.advance(5)
    held = asyncio.create_task(attacker.poll(wait=1))
    assert is_page(await attacker.press(), 422)
    stage.clock.advance(2)
    stage.service.services.hub.wake(None)
    refused(await held, 400, "authorization_pending")
    stage.clock.advance(600)
    refused(await attacker.poll(), 400, "expired_token")
    assert await stage.count("sessions") == 0


async def test_a_fourth_code_is_not_to_be_had_and_the_code_still_works(stage: Stage) -> None:
    """A2, R50: a robot presses the button three times; then a person types what the device shows."""
    home = await traveller(stage)
    for _ in range(3):
        carried(await home.press())
    async with nothing_written(stage):
        page = await home.press()
        assert "Type the code instead" in is_page(page, 422)
        assert 'value="here"' not in page.text
        assert policy_of(page) == "'self'"
    assert await stage.count("authorization_codes") == 3
    is_page(await home.approve(), 200)
    assert (await home.poll()).status_code == 200


async def test_of_ten_presses_at_once_three_get_a_code(stage: Stage) -> None:
    home = await traveller(stage)
    answers = await asyncio.gather(*(home.press() for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [303] * 3 + [422] * 7
    assert len({answer.headers["location"] for answer in answers if answer.status_code == 303}) == 3
    assert await stage.rows("SELECT codes_minted FROM logins") == [(3,)]


async def test_without_a_way_home_here_is_told_so_and_changes_nothing(sqlite_stage: Stage) -> None:
    await sqlite_stage.start()
    secret = await sqlite_stage.secret()
    async with nothing_written(sqlite_stage):
        assert "Type the code instead" in is_page(await sqlite_stage.decide(secret, "here"), 422)


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}]
)
async def test_another_site_cannot_press_it(sqlite_stage: Stage, headers: dict[str, str]) -> None:
    """A18."""
    home = await traveller(sqlite_stage)
    async with nothing_written(sqlite_stage):
        is_page(await home.press(**headers), 403)
        is_page(await home.press("report", **headers), 403)


@pytest.mark.parametrize("state", ["approved", "denied", "locked", "cancelled", "consumed", "expired"])
async def test_at_a_dead_link_nobody_goes_home(stage: Stage, state: str) -> None:
    home = await traveller(stage)
    gone = (await stage.open("A" * 43)).content
    await put_into(stage, home.asked, state)
    answer = await home.press()
    assert (answer.status_code, answer.content) == (410, gone)
    assert await stage.rows("SELECT state, codes_minted FROM logins") == [(state, 0)]
    assert await stage.count("authorization_codes") == 0
    assert (await stage.names(home.asked.login_id))[-1] == "login.illegal_transition"


async def test_an_expired_login_gives_no_code_and_none_outlives_its_login(stage: Stage) -> None:
    home = await traveller(stage)
    stage.clock.advance(599)
    code = await home.code()
    stage.clock.advance(1)
    is_page(await home.press(), 410)
    refused(await home.redeem(code), 400, "invalid_grant")
    assert await stage.count("sessions") == 0


async def test_a_decoy_has_no_way_home_even_for_who_guesses_its_link(stage: Stage) -> None:
    home = await traveller(stage)
    await execute(stage, "UPDATE logins SET decoy = 1")
    is_page(await home.press(), 410)
    assert await stage.count("authorization_codes") == 0


async def test_a_head_of_the_link_offers_the_same_policy_and_no_code(sqlite_stage: Stage) -> None:
    home = await traveller(sqlite_stage)
    head = await sqlite_stage.open(home.secret, "HEAD")
    assert (head.status_code, head.content, policy_of(head)) == (200, b"", "'self' http://127.0.0.1:49152")
    assert await sqlite_stage.count("authorization_codes") == 0
    assert APP not in head.headers["content-security-policy"]
