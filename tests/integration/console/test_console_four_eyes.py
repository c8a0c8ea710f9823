# SPDX-License-Identifier: Apache-2.0
"""What takes two operators, where COUNTERFOIL_FOUR_EYES says so: one asks, another grants, the first does it, once."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import msgspec
import pytest

from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.four_eyes import Act
from counterfoil_service.operations.act_as_operator import ActAsOperator, act_as_operator
from counterfoil_service.operations.add_operator import AddOperator, add_operator
from counterfoil_service.operations.ask_second_person import AskSecondPerson, ask_second_person
from counterfoil_service.operations.decide_request import DecideRequest, decide_request
from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.relay_link import Relayed, RelayLink, relay_link
from counterfoil_service.operations.remove_operator import remove_operator
from counterfoil_service.operations.stop_login import stop_login
from counterfoil_service.web.console import four_eyes
from support import acting
from support.http import is_page, nothing_written
from support.people import person_of, told
from support.staff import OPERATOR, Staff
from support.stage import Asked, OpenStage, Stage
from support.surfer import Surfer, forms_of
from support.tokens import sign_in

ADA = "ada@example.com"
OTTO = "otto@example.com"
REASON = "she called from her desk"
HOSTILE = "\N{RIGHT-TO-LEFT OVERRIDE}<script>alert(1)</script>"
SHOWN = re.compile(r'<output class="secret"[^>]*>([^<]*)</output>')
COUNTED = '<span class="count" title="to decide, or granted to you and not done yet">'
TOO_FEW = "This takes two here (COUNTERFOIL_FOUR_EYES)"


@pytest.fixture
async def two(open_stage: OpenStage, database_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """A service where both acts take two."""
    async with open_stage(database_url, tmp_path, four_eyes=("relay", "erase")) as stage:
        yield stage


@contextlib.asynccontextmanager
async def pair(stage: Stage) -> AsyncIterator[tuple[Staff, Staff]]:
    """Two operators, each in a browser."""
    async with Surfer(stage) as one, Surfer(stage) as other:
        yield await Staff.hired(one), await Staff.hired(other, email=OTTO)


def set_acts(stage: Stage, *acts: Act) -> None:
    """As if the service had been started with another setting."""
    msgspec.structs.force_setattr(stage.service.services.settings, "four_eyes", acts)


async def ask(staff: Staff, asked: Asked, reason: str = REASON) -> httpx2.Response:
    return await staff.press(await staff.get(f"/logins/{asked.login_id}"), "ask", reason=reason)


async def decide(staff: Staff, action: str = "grant") -> httpx2.Response:
    return await staff.press(await staff.get("/four-eyes"), action)


async def granted(asker: Staff, other: Staff, asked: Asked) -> httpx2.Response:
    """The login's page of whoever asked, once it was granted."""
    assert (await ask(asker, asked)).status_code == 303
    assert (await decide(other)).status_code == 303
    return await asker.get(f"/logins/{asked.login_id}")


async def try_relay(staff: Staff, asked: Asked) -> httpx2.Response:
    """The form as the page without a second person has it."""
    csrf = forms_of(await staff.get("/logins"))[0].fields["csrf"]
    fields = {"csrf": csrf, "action": "relay", "reason": REASON}
    return await staff.browser.client.post(f"/console/logins/{asked.login_id}", data=fields)


async def test_one_asks_another_grants_and_the_first_relays_once(two: Stage) -> None:
    asked = await two.start(ADA)
    async with pair(two) as (olga, otto):
        assert 'value="relay"' not in await olga.see(f"/logins/{asked.login_id}")
        done = await olga.browser.follow(await ask(olga, asked))
        assert "Another operator has to agree first" in done.text
        assert "has not decided yet" in done.text
        listed = await otto.see("/four-eyes")
        for shown in (ADA, REASON, OPERATOR, "Desk App"):
            assert shown in listed
        page = await granted_page(olga, otto, asked)
        answer = await olga.press(page, "relay")
        (link,) = SHOWN.findall(answer.text)
        assert await told(two, "link.relayed") == [{"operator": olga.operator_id, "granted_by": otto.operator_id}]
        (event,) = [each for each in await two.events(asked.login_id) if each.event.name == "link.relayed"]
        assert dict(event.personal or {}) == {"stated_reason": REASON}
        names = [name for name in await two.names(asked.login_id) if name.startswith("four_eyes")]
        assert names == ["four_eyes.requested", "four_eyes.granted"]
        assert ">used<" in await otto.see("/four-eyes")
    assert (await two.decide(link.rpartition("/l/")[2], "approve", asked.user_code)).status_code == 200
    assert (await two.poll(asked)).status_code == 200


async def granted_page(asker: Staff, other: Staff, asked: Asked) -> httpx2.Response:
    assert (await decide(other)).status_code == 303
    page = await asker.get(f"/logins/{asked.login_id}")
    assert "Another operator agreed" in page.text
    return page


async def test_what_is_told_of_it_names_both_and_seals_the_reason(two: Stage) -> None:
    asked = await two.start(ADA)
    async with pair(two) as (olga, otto):
        await ask(olga, asked)
        await decide(otto, "decline")
        ((request,),) = await two.rows("SELECT id FROM four_eyes")
        about = {"act": "relay", "request": request}
        assert await told(two, "four_eyes.requested") == [{"operator": olga.operator_id, **about}]
        declined = {"operator": otto.operator_id, "requested_by": olga.operator_id, **about}
        assert await told(two, "four_eyes.declined") == [declined]
        assert REASON not in str(await two.rows("SELECT fields, reason FROM audit_events"))
        (event,) = [each for each in await two.events(asked.login_id) if each.event.name == "four_eyes.requested"]
        assert dict(event.personal or {}) == {"stated_reason": REASON}


async def test_without_a_grant_no_form_and_no_operation_relays(two: Stage) -> None:
    asked = await two.start(ADA)
    async with pair(two) as (olga, _):
        assert TOO_FEW in is_page(await try_relay(olga, asked), 422)
        await ask(olga, asked)
        assert TOO_FEW in is_page(await try_relay(olga, asked), 422)
        for actor in (olga.operator_id, "somebody"):
            with pytest.raises(Refusal, match=r"takes two here|Only operators"):
                await two.database.write(
                    act_as_operator, ActAsOperator(actor, None, relay_link, RelayLink(asked.login_id, REASON))
                )
        assert await told(two, "link.relayed") == []
        ((state, relayed_at),) = await two.rows(
            "SELECT state, relayed_at FROM logins WHERE address = 'ada@example.com'"
        )
        assert (state, relayed_at) == ("pending", None)


async def test_nobody_grants_or_declines_what_they_asked_for_themselves(two: Stage) -> None:
    asked = await two.start(ADA)
    async with pair(two) as (olga, _):
        await ask(olga, asked)
        page = await olga.get("/four-eyes")
        assert 'value="grant"' not in page.text
        assert "Yours: another operator decides" in page.text
        csrf = forms_of(await olga.get("/logins"))[0].fields["csrf"]
        ((request,),) = await two.rows("SELECT id FROM four_eyes")
        for action in ("grant", "decline"):
            fields = {"csrf": csrf, "action": action, "id": request}
            answer = await olga.browser.client.post("/console/four-eyes", data=fields)
            assert "You asked for this yourself" in is_page(answer, 422)
        assert await two.rows("SELECT granted, decided_by FROM four_eyes") == [(None, None)]
        assert await told(two, "four_eyes.granted") == []


async def test_nobody_else_does_what_was_granted_to_one(two: Stage) -> None:
    asked = await two.start(ADA)
    async with pair(two) as (olga, otto), Surfer(two) as third:
        page = await granted(olga, otto, asked)
        ines = await Staff.hired(third, email="ines@example.com")
        for other in (otto, ines):
            assert TOO_FEW in is_page(await try_relay(other, asked), 422)
        assert SHOWN.findall((await olga.press(page, "relay")).text)


async def test_a_grant_of_one_login_is_none_of_another(two: Stage) -> None:
    asked, other = await two.start(ADA), await two.start("bob@example.com")
    async with pair(two) as (olga, otto):
        await granted(olga, otto, asked)
        assert TOO_FEW in is_page(await try_relay(olga, other), 422)


async def test_a_grant_is_used_once_however_often_it_is_pressed_at_once(two: Stage) -> None:
    asked = await two.start(ADA)
    async with pair(two) as (olga, otto):
        page = await granted(olga, otto, asked)
        answers = await asyncio.gather(*(olga.press(page, "relay") for _ in range(4)))
        assert sorted(each.status_code for each in answers) == [200, 422, 422, 422]
        assert sum(len(SHOWN.findall(each.text)) for each in answers) == 1
        # Whether it finds the link given or the grant used depends on the moment.
        late = [each.text for each in answers if each.status_code == 422]
        assert all('<p class="message failed" role="alert">' in each for each in late)


async def test_of_grants_used_at_once_for_one_erasure_one_is(two: Stage) -> None:
    """Straight at the operation, each in a transaction of its own."""
    await sign_in(two, ADA)
    ((subject,),) = await two.rows("SELECT id FROM users")
    olga = (await two.database.write(add_operator, AddOperator(OPERATOR, "operator"))).id
    otto = (await two.database.write(add_operator, AddOperator(OTTO, "operator"))).id
    asking = AskSecondPerson("erase", subject, REASON)
    request = await two.database.write(act_as_operator, ActAsOperator(olga, None, ask_second_person, asking))
    deciding = DecideRequest(request.id, granted=True)
    await two.database.write(act_as_operator, ActAsOperator(otto, None, decide_request, deciding))
    erasing = [two.database.write(act_as_operator, ActAsOperator(olga, None, erase_user, subject)) for _ in range(5)]
    results = await asyncio.gather(*erasing, return_exceptions=True)
    assert len([each for each in results if isinstance(each, Refusal)]) == 4
    assert await told(two, "user.erased") == [{"operator": olga, "granted_by": otto}]


async def test_of_decisions_at_once_one_counts(two: Stage) -> None:
    asked = await two.start(ADA)
    async with pair(two) as (olga, otto), Surfer(two) as third:
        ines = await Staff.hired(third, email="ines@example.com")
        await ask(olga, asked)
        pages = [await each.get("/four-eyes") for each in (otto, ines)]
        answers = await asyncio.gather(otto.press(pages[0], "grant"), ines.press(pages[1], "decline"))
        assert sorted(each.status_code for each in answers) == [303, 422]
        late = next(each for each in answers if each.status_code == 422)
        assert re.search("It was (granted|declined) already", late.text)
        events = await told(two, "four_eyes.granted") + await told(two, "four_eyes.declined")
        assert len(events) == 1


async def test_of_requests_at_once_by_one_operator_one_is_kept(two: Stage) -> None:
    asked = await two.start(ADA)
    async with pair(two) as (olga, _):
        page = await olga.get(f"/logins/{asked.login_id}")
        answers = await asyncio.gather(*(olga.press(page, "ask", reason=REASON) for _ in range(4)))
        assert sorted(each.status_code for each in answers) == [303, 422, 422, 422]
        assert await two.count("four_eyes") == 1


async def test_what_was_declined_is_not_done_and_may_be_asked_for_again(two: Stage) -> None:
    asked = await two.start(ADA)
    async with pair(two) as (olga, otto):
        await ask(olga, asked)
        await decide(otto, "decline")
        page = await olga.see(f"/logins/{asked.login_id}")
        assert "was declined" in page
        assert TOO_FEW in is_page(await try_relay(olga, asked), 422)
        two.clock.advance(1)
        assert SHOWN.findall((await olga.press(await granted(olga, otto, asked), "relay")).text)


async def test_the_askers_and_the_granters_roles_must_last(two: Stage) -> None:
    asked = await two.start(ADA)
    async with pair(two) as (olga, otto):
        page = await granted(olga, otto, asked)
        await two.database.write(remove_operator, OTTO)
        late = is_page(await olga.press(page, "relay"), 422)
        assert "Whoever granted this is no operator any more" in late
        assert await two.rows("SELECT used_at FROM four_eyes") == [(None,)]
        await two.database.write(remove_operator, OPERATOR)
        async with nothing_written(two):
            assert (await olga.press(page, "relay")).status_code == 303, "to the sign-in"


async def test_a_granter_who_is_made_an_auditor_meanwhile_grants_nothing(two: Stage) -> None:
    asked = await two.start(ADA)
    async with pair(two) as (olga, otto):
        page = await granted(olga, otto, asked)
        await acting.execute(
            two, "UPDATE operators SET role = :role WHERE id = :id", role="auditor", id=otto.operator_id
        )
        assert "no operator any more" in is_page(await olga.press(page, "relay"), 422)


async def test_whoever_comes_back_to_the_role_is_another_and_uses_nothing_of_before(two: Stage) -> None:
    asked = await two.start(ADA)
    async with pair(two) as (olga, otto):
        await granted(olga, otto, asked)
        await two.database.write(remove_operator, OPERATOR)
        await two.database.write(add_operator, AddOperator(OPERATOR, "operator"))
        await olga.browser.sign_in(OPERATOR)
        assert TOO_FEW in is_page(await try_relay(olga, asked), 422)


async def test_an_auditor_sees_requests_and_decides_none(two: Stage) -> None:
    asked = await two.start(ADA)
    async with pair(two) as (olga, _), Surfer(two) as third:
        await ask(olga, asked)
        auditor = await Staff.hired(third, "auditor")
        page = await auditor.get("/four-eyes")
        assert REASON in page.text
        assert "<button" not in page.text
        assert f"{COUNTED}1" in page.text
        csrf = forms_of(await auditor.get("/logins"))[0].fields["csrf"]
        ((request,),) = await two.rows("SELECT id FROM four_eyes")
        async with nothing_written(two):
            fields = {"csrf": csrf, "action": "grant", "id": request}
            answer = await third.client.post("/console/four-eyes", data=fields)
        assert answer.status_code in {400, 403}
        assert "Only operators change things here" in answer.text


@pytest.mark.parametrize("step", ["ask", "decide"])
async def test_each_step_needs_a_fresh_sign_in(two: Stage, step: str) -> None:
    asked = await two.start(ADA)
    async with pair(two) as (olga, otto):
        if step == "decide":
            await ask(olga, asked)
        page = await (otto.get("/four-eyes") if step == "decide" else olga.get(f"/logins/{asked.login_id}"))
        two.clock.advance(301)
        before = await two.rows("SELECT * FROM four_eyes")
        answer = await (otto.press(page, "grant") if step == "decide" else olga.press(page, "ask", reason=REASON))
        assert await two.rows("SELECT * FROM four_eyes") == before
        if step == "decide":
            assert answer.headers["location"].endswith("%2Ffour-eyes%3Fdone%3Dagain&prompt=login")
        else:
            assert f'value="{REASON}"' in is_page(answer, 422)


async def test_a_relay_is_asked_for_only_while_the_login_waits_and_has_a_link(two: Stage) -> None:
    async with pair(two) as (olga, otto):
        asked = await two.start(ADA)
        page = await olga.get(f"/logins/{asked.login_id}")
        await two.database.write(stop_login, asked.login_id)
        assert "it is denied" in is_page(await olga.press(page, "ask", reason=REASON), 422)
        two.clock.advance(1)
        again = await two.start("bob@example.com")
        await ask(olga, again)
        waiting = await otto.get("/four-eyes")
        await two.database.write(stop_login, again.login_id)
        assert "it is denied" in is_page(await otto.press(waiting, "grant"), 422)
        assert await two.rows("SELECT granted FROM four_eyes") == [(None,)]
        assert (await otto.press(waiting, "decline")).status_code == 303


async def test_a_request_whose_login_is_over_is_neither_granted_nor_used(two: Stage) -> None:
    asked, other = await two.start(ADA), await two.start("bob@example.com")
    async with pair(two) as (olga, otto):
        await ask(olga, asked)
        waiting = await otto.get("/four-eyes")
        await decide(otto)
        two.clock.advance(1)
        await ask(olga, other)
        late = await otto.get("/four-eyes")
        two.clock.advance(280)
        acting_on = await olga.get(f"/logins/{asked.login_id}")
        await acting.execute(two, "UPDATE logins SET expires_at = :now", now=two.clock.now)
        await acting.execute(two, "UPDATE four_eyes SET expires_at = :now", now=two.clock.now)
        assert "its time is over" in is_page(await otto.press(late, "grant"), 422).lower()
        assert SHOWN.findall(is_page(await olga.press(acting_on, "relay"), 422)) == []
        assert waiting.status_code == 200
        assert await otto.see("/four-eyes")


async def test_a_person_is_erased_by_two_and_the_reason_goes_with_them(two: Stage) -> None:
    await sign_in(two, "Ada.Lovelace@example.com")
    async with pair(two) as (olga, otto):
        person = await person_of(olga, "Ada.Lovelace@example.com")
        here = f"/people/{str(person.url).rpartition('/')[2]}/erase"
        page = await olga.get(here)
        assert 'value="erase"' not in page.text
        asked = await olga.press(page, "ask", reason="she asked us by letter")
        assert "Another operator has to agree first" in (await olga.browser.follow(asked)).text
        listed = await otto.see("/four-eyes")
        assert "Ada.Lovelace@example.com" in listed
        assert "she asked us by letter" in listed
        assert (await decide(otto)).status_code == 303
        two.clock.advance(1)
        wrong = await olga.press(await olga.get(here), "erase", address="bob@example.com")
        assert wrong.status_code == 422
        assert await two.count("users") == 3
        done = await olga.press(await olga.get(here), "erase", address="Ada.Lovelace@example.com")
        assert done.status_code == 303
        assert await told(two, "user.erased") == [{"operator": olga.operator_id, "granted_by": otto.operator_id}]
        assert await two.rows("SELECT reason FROM four_eyes") == [("",)]
        after = await otto.see("/four-eyes")
        assert "Ada.Lovelace@example.com" not in after
        assert ">used<" in after


@pytest.mark.parametrize("late", [3600, 86_400])
async def test_a_grant_to_erase_lasts_an_hour_and_a_request_a_day(two: Stage, late: int) -> None:
    await sign_in(two, ADA)
    ((subject,),) = await two.rows("SELECT id FROM users")
    olga = (await two.database.write(add_operator, AddOperator(OPERATOR, "operator"))).id
    otto = (await two.database.write(add_operator, AddOperator(OTTO, "operator"))).id

    async def as_(actor: str, operation: object, command: object) -> object:
        return await two.database.write(act_as_operator, ActAsOperator(actor, None, operation, command))  # type: ignore[arg-type]  # any of them

    request = await as_(olga, ask_second_person, AskSecondPerson("erase", subject, REASON))
    deciding = DecideRequest(request.id, granted=True)  # type: ignore[attr-defined]  # it is a request
    if late == 3600:
        await as_(otto, decide_request, deciding)
        two.clock.advance(late)
        with pytest.raises(Refusal, match="takes two here"):
            await as_(olga, erase_user, subject)
        assert await two.count("users") == 1
    else:
        two.clock.advance(late)
        with pytest.raises(Refusal, match="its time is over"):
            await as_(otto, decide_request, deciding)


async def test_a_mailbox_without_a_user_is_erased_by_two_as_well(two: Stage) -> None:
    await two.start("typo@example.com")
    async with pair(two) as (olga, otto):
        person = await person_of(olga, "typo@example.com")
        here = f"/people/{str(person.url).rpartition('/')[2]}/erase"
        await olga.press(await olga.get(here), "ask", reason=REASON)
        listed = await otto.see("/four-eyes")
        assert "a mailbox without a user" in listed
        assert here.removesuffix("/erase") in listed
        await decide(otto)
        done = await olga.press(await olga.get(here), "erase", address="typo@example.com")
        assert done.status_code == 303
        assert await told(two, "user.erased") == [{"operator": olga.operator_id, "granted_by": otto.operator_id}]


async def test_a_grant_to_erase_a_mailbox_is_used_up_also_where_it_asks_again(two: Stage) -> None:
    """Its keyed hash is the same again."""
    await two.start("typo@example.com")
    async with pair(two) as (olga, otto):
        person = await person_of(olga, "typo@example.com")
        here = f"/people/{str(person.url).rpartition('/')[2]}/erase"
        await olga.press(await olga.get(here), "ask", reason=REASON)
        await decide(otto)
        page = await olga.get(here)
        assert (await olga.press(page, "erase", address="typo@example.com")).status_code == 303
        two.clock.advance(1)
        await two.start("typo@example.com")
        assert TOO_FEW in is_page(await olga.press(page, "erase", address="typo@example.com"), 422)
        assert len(await told(two, "user.erased")) == 1


async def test_a_grant_to_erase_a_mailbox_is_none_to_erase_who_signed_in_with_it_since(two: Stage) -> None:
    asked = await two.start("new@example.com")
    async with pair(two) as (olga, otto):
        person = await person_of(olga, "new@example.com")
        here = f"/people/{str(person.url).rpartition('/')[2]}/erase"
        await olga.press(await olga.get(here), "ask", reason=REASON)
        await decide(otto)
        page = await olga.get(here)
        relayed = await two.database.write(relay_link, RelayLink(asked.login_id, REASON))
        assert isinstance(relayed, Relayed)
        answer = await olga.press(page, "erase", address="new@example.com")
        assert TOO_FEW in is_page(answer, 422)
        assert await two.count("users") == 3


async def test_the_setting_switched_on_while_a_page_is_open_holds_for_that_page(stage: Stage) -> None:
    asked = await stage.start(ADA)
    async with pair(stage) as (olga, _):
        page = await olga.get(f"/logins/{asked.login_id}")
        assert 'value="relay"' in page.text
        set_acts(stage, "relay")
        answer = is_page(await olga.press(page, "relay", reason=REASON), 422)
        assert TOO_FEW in answer
        assert 'value="ask"' in answer
        assert f'value="{REASON}"' in answer
        assert await told(stage, "link.relayed") == []


async def test_the_setting_switched_off_asks_for_nobody_any_more(two: Stage) -> None:
    asked = await two.start(ADA)
    async with pair(two) as (olga, otto):
        page = await olga.get(f"/logins/{asked.login_id}")
        await ask(olga, asked)
        waiting = await otto.get("/four-eyes")
        set_acts(two, "erase")
        assert "takes no second person here" in is_page(await otto.press(waiting, "grant"), 422)
        assert "takes no second person here" in is_page(await olga.press(page, "ask", reason=REASON), 422)
        set_acts(two)
        assert SHOWN.findall((await try_relay(olga, asked)).text)


async def test_without_the_setting_nothing_speaks_of_it(stage: Stage) -> None:
    asked = await stage.start(ADA)
    async with pair(stage) as (olga, _):
        text = await olga.see(f"/logins/{asked.login_id}")
        assert "four-eyes" not in text
        is_page(await olga.get("/four-eyes"), 404)
        csrf = forms_of(await olga.get("/logins"))[0].fields["csrf"]
        fields = {"csrf": csrf, "action": "grant", "id": "x"}
        is_page(await olga.browser.client.post("/console/four-eyes", data=fields), 404)
        assert SHOWN.findall((await try_relay(olga, asked)).text)
        assert await told(stage, "link.relayed") == [{"operator": olga.operator_id}]


async def test_the_command_line_is_free_of_it_and_its_events_say_so(two: Stage) -> None:
    asked = await two.start(ADA)
    await two.database.write(relay_link, RelayLink(asked.login_id, REASON))
    await two.database.write(erase_user, ADA)
    assert await told(two, "link.relayed") == [{"operator": "cli"}]
    assert await told(two, "user.erased") == [{"operator": "cli"}]


async def test_whoever_asked_learns_of_the_grant_with_the_way_to_do_it_until_it_is_done(two: Stage) -> None:
    asked, signed = await two.start(ADA), await sign_in(two, "bob@example.com")
    async with pair(two) as (olga, otto):
        await ask(olga, asked)
        erase = await olga.get(f"/people/{signed.subject}/erase")
        assert (await olga.press(erase, "ask", reason=REASON)).status_code == 303
        assert "Granted to you" not in await olga.see("/four-eyes")
        await decide(otto)
        await decide(otto)
        ways = re.findall(r'<li><a href="/console([^"]*)">', granted_to(await olga.see("/four-eyes")))
        assert sorted(ways) == [f"/logins/{asked.login_id}#relay", f"/people/{signed.subject}/erase"]
        assert f"{COUNTED}2" in await olga.see()
        for page in (await otto.see("/four-eyes"), await otto.see()):
            assert "Granted to you" not in page
            assert COUNTED not in page
        await olga.press(await olga.get(f"/logins/{asked.login_id}"), "relay")
        assert f"{COUNTED}1" in await olga.see()
        two.clock.advance(3601)
        assert "Granted to you" not in (await olga.get("/four-eyes")).text
        assert COUNTED not in await olga.see()


def granted_to(page: str) -> str:
    return page.partition("Granted to you: do it now")[2].partition("</section>")[0]


async def test_the_menu_counts_what_waits_for_somebody_else(two: Stage) -> None:
    asked = await two.start(ADA)
    counted = f"{COUNTED}1"
    async with pair(two) as (olga, otto):
        await ask(olga, asked)
        assert counted not in await olga.see()
        assert counted in await otto.see()
        await decide(otto)
        assert counted not in await otto.see()


@pytest.mark.parametrize("reason", ["", " ", "x" * 201, HOSTILE])
async def test_a_request_needs_a_reason_that_fits_one_line(two: Stage, reason: str) -> None:
    asked = await two.start(ADA)
    async with pair(two) as (olga, _):
        text = is_page(await ask(olga, asked, reason), 422)
        assert 'aria-invalid="true"' in text
        assert "<script>alert" not in text
        assert await two.count("four_eyes") == 0


async def test_markup_in_a_reason_stays_text(two: Stage) -> None:
    asked = await two.start(ADA)
    async with pair(two) as (olga, otto):
        await ask(olga, asked, "<img src=x onerror=alert(1)>")
        text = await otto.see("/four-eyes")
        assert "<img" not in text
        assert "&lt;img src=x" in text


@pytest.mark.parametrize("request_id", ["x", "01M7Q5Z0ERT000000000000000", "' OR 1=1 --"])
async def test_a_request_that_is_not_there_is_said_to_be_none(two: Stage, request_id: str) -> None:
    async with pair(two) as (olga, _):
        csrf = forms_of(await olga.get("/logins"))[0].fields["csrf"]
        fields = {"csrf": csrf, "action": "grant", "id": request_id}
        answer = await olga.browser.client.post("/console/four-eyes", data=fields)
        assert "Nobody asks for this" in is_page(answer, 422)


async def test_many_that_are_over_are_shown_page_by_page(two: Stage) -> None:
    await sign_in(two, ADA)
    ((subject,),) = await two.rows("SELECT id FROM users")
    async with pair(two) as (olga, otto):
        for number in range(60):
            two.clock.advance(0.01)
            asking = AskSecondPerson("erase", subject, f"reason {number}")
            acting_ = ActAsOperator(olga.operator_id, None, ask_second_person, asking)
            request = await two.database.write(act_as_operator, acting_)
            deciding = DecideRequest(request.id, granted=False)
            await two.database.write(act_as_operator, ActAsOperator(otto.operator_id, None, decide_request, deciding))
        first = await olga.see("/four-eyes")
        following = re.search(r'href="(\?before=[^"]*)" rel="next"', first)
        assert following is not None
        rest = await olga.see(f"/four-eyes{following[1]}")
        shown = [re.findall(r"reason (\d+)<", each) for each in (first, rest)]
        assert [int(each) for page in shown for each in page] == list(range(59, -1, -1))
        assert 'rel="next"' not in rest


async def test_requests_leave_with_the_logins_of_their_time(two: Stage) -> None:
    asked = await two.start(ADA)
    async with pair(two) as (olga, _):
        await ask(olga, asked)
    two.clock.advance(30 * 86_400 - 60)
    await two.sweep()
    assert await two.count("four_eyes") == 1
    two.clock.advance(1200)
    await two.sweep()
    assert await two.count("four_eyes") == 0


async def test_who_decides_is_let_in_once(two: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def twice(_: object) -> None:
        pytest.fail("the form was read from somebody who had been let in")

    asked = await two.start(ADA)
    async with pair(two) as (olga, otto):
        await ask(olga, asked)
        page = await otto.get("/four-eyes")
        monkeypatch.setattr(four_eyes, "admit", twice)
        assert (await otto.press(page, "grant")).status_code == 303
