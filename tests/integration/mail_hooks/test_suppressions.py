# SPDX-License-Identifier: Apache-2.0
"""Where mail came back, or was unwanted, no more is sent: nobody can tell from outside, and an operator lifts it."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from counterfoil_service.cli.main import main
from counterfoil_service.core.audit_event import EventName
from counterfoil_service.core.errors import Refusal
from counterfoil_service.core.mail_report import Accepted, MailReport
from counterfoil_service.operations.erase_user import erase_user
from counterfoil_service.operations.lift_suppression import LiftSuppression, lift_suppression
from counterfoil_service.operations.record_delivery import record_delivery
from support.stage import SECOND, Stage, stage_on

ADA, GRACE = "ada@example.com", "grac@example.com"
NOTE = "Ada says it works again"


async def report(stage: Stage, login_id: str, state: str = "bounced", event: str = "evt-1") -> None:
    """A provider's word on the newest mail of a login."""
    sql = f"SELECT id FROM outbox WHERE login_id = '{login_id}' ORDER BY id DESC"  # noqa: S608 - ours
    ((mail_id, *_), *_) = await stage.rows(sql)
    told = MailReport(state, mail_id)  # type: ignore[arg-type]  # one of them
    await stage.database.write(record_delivery, Accepted("hook", event, told))


@pytest.fixture
async def suppressed(stage: Stage) -> Stage:
    """Ada's mailbox is suppressed, and a minute has passed."""
    asked = await stage.start(ADA)
    await stage.mails()
    await report(stage, asked.login_id)
    stage.clock.advance(61)
    return stage


@pytest.mark.parametrize("state", ["bounced", "complained"])
async def test_a_suppressed_address_gets_a_decoy_that_says_why_in_the_log_alone(stage: Stage, state: str) -> None:
    first = await stage.start(ADA)
    await stage.mails()
    await report(stage, first.login_id, state)
    again = await stage.start("Ada@EXAMPLE.com")
    assert len(await stage.mails()) == 1
    _, mail = [each.event for each in await stage.events(again.login_id)]
    assert (mail.name, mail.reason) == (EventName.MAIL_SUPPRESSED, "suppressed")
    assert await stage.count("outbox") == 1


@pytest.mark.parametrize("state", ["delivered", "deferred", "suppressed", "failed"])
async def test_no_other_state_suppresses(stage: Stage, state: str) -> None:
    asked = await stage.start(ADA)
    await stage.mails()
    await report(stage, asked.login_id, state)
    await stage.start(ADA)
    assert len(await stage.mails()) == 2
    assert await stage.count("suppressions") == 0


async def test_the_answer_and_the_polls_of_a_suppressed_address_are_those_of_any_other(suppressed: Stage) -> None:
    shapes = set()
    for address in (ADA, GRACE):
        response = await suppressed.ask(suppressed.device(), address)
        shape = [(name, type(value), len(str(value))) for name, value in response.json().items()]
        response.headers.pop("ratelimit")  # it counts what this network asked for
        shapes.add((response.status_code, str(response.headers.multi_items()), str(shape), len(response.content)))
    assert len(shapes) == 1
    polls = [await suppressed.poll(await suppressed.start(address)) for address in (ADA, GRACE)]
    assert [each.json()["error"] for each in polls] == ["authorization_pending"] * 2
    assert len({len(each.content) for each in polls}) == 1


async def test_a_mail_that_was_queued_before_is_not_sent_either(stage: Stage) -> None:
    first, second = await stage.start(ADA), await stage.start(ADA)
    await report(stage, first.login_id)
    assert await stage.mails() == []
    assert await stage.rows("SELECT state, sealed_secret FROM outbox") == [("expired", None)] * 2
    event = (await stage.events(second.login_id))[-1].event
    assert (event.name, event.reason) == (EventName.MAIL_FAILED, "suppressed")
    assert await stage.rows("SELECT DISTINCT state FROM logins") == [("pending",)]


async def test_no_notice_goes_there_either(stage: Stage) -> None:
    asked = await stage.approved(ADA)
    assert (await stage.poll(asked)).status_code == 200
    await report(stage, asked.login_id)
    assert len(await stage.mails()) == 1, "the link alone"
    event = (await stage.events(asked.login_id))[-1].event
    assert (event.name, event.reason) == (EventName.MAIL_FAILED, "suppressed")


async def test_a_complaint_stands_whichever_was_told_first(stage: Stage) -> None:
    asked = await stage.start(ADA)
    await stage.mails()
    for number, state in enumerate(("bounced", "complained", "bounced")):
        await report(stage, asked.login_id, state, f"evt-{number}")
    assert await stage.rows("SELECT reason FROM suppressions") == [("complained",)]
    assert (await stage.names(asked.login_id)).count("suppression.added") == 1


async def test_lifting_lets_mail_go_out_and_says_why_where_only_the_mailboxs_key_reads_it(suppressed: Stage) -> None:
    lifted = await suppressed.database.write(lift_suppression, LiftSuppression(ADA.upper(), NOTE))
    assert (lifted.address, lifted.reason) == (ADA, "bounced")
    await suppressed.start(ADA)
    assert len(await suppressed.mails()) == 2
    sql = "SELECT fields, sealed IS NULL, mailbox IS NULL FROM audit_events WHERE name = 'suppression.lifted'"
    assert [tuple(map(str, row)) for row in await suppressed.rows(sql)] in (
        [('{"operator":"cli"}', "0", "0")],
        [('{"operator":"cli"}', "False", "False")],
    )


async def test_a_report_that_comes_again_does_not_bring_back_what_was_lifted_but_a_new_bounce_does(
    suppressed: Stage,
) -> None:
    await suppressed.database.write(lift_suppression, LiftSuppression(ADA, NOTE))
    ((login_id,),) = await suppressed.rows("SELECT id FROM logins")
    await report(suppressed, login_id)
    assert await suppressed.count("suppressions") == 0
    again = await suppressed.start(ADA)
    await suppressed.mails()
    await report(suppressed, again.login_id, event="evt-2")
    assert await suppressed.count("suppressions") == 1
    assert "suppression.added" in await suppressed.names(again.login_id)


@pytest.mark.parametrize("note", ["", "  ", "x" * 201, "two\nlines", "bell\a"])
async def test_a_reason_is_one_line_that_says_something(suppressed: Stage, note: str) -> None:
    with pytest.raises(Refusal, match="--reason"):
        await suppressed.database.write(lift_suppression, LiftSuppression(ADA, note))
    assert await suppressed.count("suppressions") == 1


async def test_what_is_not_suppressed_cannot_be_lifted_and_is_not_repeated(suppressed: Stage) -> None:
    with pytest.raises(Refusal) as caught:
        await suppressed.database.write(lift_suppression, LiftSuppression(GRACE, NOTE))
    assert "suppressions list" in caught.value.description
    assert GRACE not in caught.value.description


async def test_erasing_a_person_takes_the_suppression_too_and_no_late_report_brings_the_address_back(
    suppressed: Stage,
) -> None:
    ((login_id,),) = await suppressed.rows("SELECT id FROM logins")
    await suppressed.database.write(erase_user, ADA)
    assert await suppressed.count("suppressions") == 0
    await report(suppressed, login_id, "complained", "evt-2")
    assert await suppressed.count("suppressions") == 0
    assert (await suppressed.names(login_id))[-1] == "mail.complained"


async def test_an_erasure_and_a_report_in_one_instant_leave_no_address(stage: Stage) -> None:
    for number in range(5):
        address = f"person{number}@example.com"
        asked = await stage.start(address)
        await stage.mails()
        erasing = stage.database.write(erase_user, address)
        await asyncio.gather(erasing, report(stage, asked.login_id, event=f"evt-{number}"))
        assert await stage.rows("SELECT address FROM suppressions") == []


async def test_two_reports_in_one_instant_suppress_once(stage: Stage) -> None:
    asked = await stage.start(ADA)
    await stage.mails()
    await asyncio.gather(*(report(stage, asked.login_id, event=f"evt-{number % 3}") for number in range(9)))
    names = await stage.names(asked.login_id)
    assert (names.count("mail.bounced"), names.count("suppression.added")) == (3, 1)


def test_the_commands_list_and_lift(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def begin() -> int:
        async with stage_on(sqlite_url, tmp_path) as stage:
            asked = await stage.start(ADA)
            await stage.mails()
            await report(stage, asked.login_id)
            return stage.clock() // SECOND

    asyncio.run(begin())
    for name, value in (("PUBLIC_URL", "https://id.example"), ("SECRET_KEY", "5e" * 32), ("DATABASE_URL", sqlite_url)):
        monkeypatch.setenv(f"COUNTERFOIL_{name}", value)
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> str:
        result = CliRunner().invoke(main, ["suppressions", *words])
        assert result.exit_code == 0, result.output
        return result.output

    (listed,) = json.loads(run("list", "--json"))
    assert (listed["email"], listed["reason"], listed["provider"]) == (ADA, "bounced", "hook")
    assert ADA in run("list")
    assert json.loads(run("lift", ADA, "--reason", NOTE, "--json")) == listed | {"lifted": True}
    assert json.loads(run("list", "--json")) == []
    assert "No address is suppressed" in run("list")
    assert CliRunner().invoke(main, ["suppressions", "lift", ADA]).exit_code == 2
    assert CliRunner().invoke(main, ["suppressions", "lift", ADA, "--reason", NOTE]).exit_code == 1
