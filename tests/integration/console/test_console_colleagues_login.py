# SPDX-License-Identifier: Apache-2.0
"""No operator becomes a second one: the link of a colleague's own sign-in to these pages is given to nobody here."""

from pathlib import Path

import pytest

from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.operator import ROLES, Role
from counterfoil_service.operations.act_as_operator import ActAsOperator, act_as_operator
from counterfoil_service.operations.add_operator import AddOperator, add_operator
from counterfoil_service.operations.relay_link import RelayLink, relay_link
from counterfoil_service.operations.remove_operator import remove_operator
from support import acting
from support.http import is_page
from support.people import told
from support.staff import Staff
from support.stage import OpenStage, Stage
from support.surfer import Surfer, forms_of
from support.tokens import sign_in

ADA = "ada@example.com"
OTTO = "otto@example.com"
REASON = "he called from his desk"
WAY_OUT = "counterfoil operators add EMAIL --link"


async def waiting_for(stage: Stage, browser: Surfer, address: str) -> str:
    """A login at the service's own pages, by whoever types the address: its id."""
    await browser.ask(await browser.get("/sign-in"), address)
    row = await acting.query(stage, "SELECT id FROM logins WHERE state = 'pending' ORDER BY created_at DESC")
    return str(row[0][0])


async def press_anyway(staff: Staff, login_id: str, action: str) -> str:
    """The form as other logins have it: the page may show none. What is said."""
    csrf = forms_of(await staff.get("/logins"))[0].fields["csrf"]
    fields = {"csrf": csrf, "action": action, "reason": REASON}
    answer = await staff.browser.client.post(f"/console/logins/{login_id}", data=fields)
    assert 'class="secret"' not in answer.text
    return is_page(answer, 422)


@pytest.mark.parametrize("role", ROLES)
async def test_the_link_of_a_colleagues_own_sign_in_is_not_given_at_the_console(stage: Stage, role: Role) -> None:
    await stage.database.write(add_operator, AddOperator(OTTO, role))
    async with Surfer(stage) as browser, Surfer(stage) as other:
        staff = await Staff.hired(browser)
        login_id = await waiting_for(stage, other, OTTO)
        page = await staff.see(f"/logins/{login_id}")
        assert 'value="relay"' not in page
        assert WAY_OUT in page
        before = await acting.query(stage, "SELECT link_hash, relayed_at FROM logins WHERE id = :id", id=login_id)
        assert WAY_OUT in await press_anyway(staff, login_id, "relay")
        after = await acting.query(stage, "SELECT link_hash, relayed_at FROM logins WHERE id = :id", id=login_id)
        assert after == before
        assert await told(stage, "link.relayed") == []


async def test_a_role_that_is_given_while_the_login_waits_is_minded(stage: Stage) -> None:
    async with Surfer(stage) as browser, Surfer(stage) as other:
        staff = await Staff.hired(browser)
        login_id = await waiting_for(stage, other, OTTO)
        assert 'value="relay"' in await staff.see(f"/logins/{login_id}")
        await stage.database.write(add_operator, AddOperator(OTTO, "auditor"))
        assert WAY_OUT in await press_anyway(staff, login_id, "relay")


async def test_what_somebody_began_before_their_role_ends_with_it_and_elsewhere_they_stay_signed_in(
    stage: Stage,
) -> None:
    """A colleague may have relayed it, as was allowed then, and would hold a session that now has a role."""
    elsewhere = await sign_in(stage, OTTO)
    async with Surfer(stage) as browser, Surfer(stage) as other, Surfer(stage) as third:
        staff = await Staff.hired(browser)
        await other.sign_in(OTTO)
        assert (await other.get("/account")).status_code == 200
        login_id = await waiting_for(stage, third, OTTO)
        acts = ActAsOperator(staff.operator_id, stage.clock.now, relay_link, RelayLink(login_id, REASON))
        assert (await stage.database.write(act_as_operator, acts)).link
        await stage.database.write(add_operator, AddOperator(OTTO, "operator"))
        assert (await other.get("/console")).status_code == 303, "to the sign-in"
        states = await acting.query(stage, "SELECT state FROM logins WHERE id = :id", id=login_id)
        assert states == [("denied",)]
        await stage.database.write(remove_operator, OTTO)
        assert "is denied" in await press_anyway(staff, login_id, "relay")
    living = await acting.query(
        stage, "SELECT id FROM sessions WHERE ended_at IS NULL AND application_id <> 'counterfoil'"
    )
    assert living == [(elsewhere.session_id,)]
    ends = await acting.query(stage, "SELECT reason FROM audit_events WHERE name = 'session.ended'")
    assert ends == [("role_given",)]


async def test_whoever_grants_for_oneself_as_a_colleague_gets_no_link_to_be_them(
    open_stage: OpenStage, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'colleagues.db'}"
    async with open_stage(url, tmp_path, four_eyes=("relay", "erase")) as stage:
        await stage.database.write(add_operator, AddOperator(OTTO, "operator"))
        async with Surfer(stage) as browser, Surfer(stage) as other:
            staff = await Staff.hired(browser)
            login_id = await waiting_for(stage, other, OTTO)
            assert WAY_OUT in await press_anyway(staff, login_id, "ask")
            assert await acting.query(stage, "SELECT id FROM four_eyes") == []


async def test_others_and_other_applications_are_given_theirs_and_so_is_the_machine(stage: Stage) -> None:
    await stage.database.write(add_operator, AddOperator(OTTO, "operator"))
    asked = await stage.start(OTTO)
    async with Surfer(stage) as browser, Surfer(stage) as third, Surfer(stage) as fourth:
        staff = await Staff.hired(browser)
        auth_time = stage.clock.now
        for login_id in (asked.login_id, await waiting_for(stage, third, ADA)):
            acts = ActAsOperator(staff.operator_id, auth_time, relay_link, RelayLink(login_id, REASON))
            assert (await stage.database.write(act_as_operator, acts)).link
        own = await waiting_for(stage, fourth, OTTO)
        acts = ActAsOperator(staff.operator_id, auth_time, relay_link, RelayLink(own, REASON))
        with pytest.raises(Refusal, match="leads a colleague"):
            await stage.database.write(act_as_operator, acts)
        assert (await stage.database.write(relay_link, RelayLink(own, REASON))).link
