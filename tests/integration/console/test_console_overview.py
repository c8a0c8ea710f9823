# SPDX-License-Identifier: Apache-2.0
"""The console's first page: what it counts is what happened, and it says what it does not know [R139]."""

import os
import re
from html import unescape
from pathlib import Path

import pytest

from counterfoil_service.core.audit_event import AuditEvent, EventName
from counterfoil_service.core.event_buckets import DAY, HOUR
from counterfoil_service.core.identifiers import ulid
from counterfoil_service.db import audit
from counterfoil_service.db.engine import Context, Transaction
from counterfoil_service.db.overview_figures import APPROVALS
from counterfoil_service.operations.record_failed_checkpoint import FailedCheckpoint, record_failed_checkpoint
from counterfoil_service.operations.seal_events import seal_events
from counterfoil_service.settings import Secret
from counterfoil_service.settings.mail_webhooks import read_mail_webhooks
from counterfoil_service.settings.witnesses import Witness
from support import acting
from support.http import nothing_written
from support.staff import Staff
from support.stage import SECOND, OpenStage, Stage
from support.surfer import Surfer
from support.witness import LoopbackWitness

NONE = "\N{EN DASH}"
CELL = re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.DOTALL)


def rows_of(page: str, heading: str) -> list[list[str]]:
    """The rows below the first line of the table in the panel of this heading, as texts."""
    panel = page.partition(f">{heading}</h2>")[2]
    assert panel, heading
    table = panel.partition("<table")[2].partition("</table>")[0]
    lines = [CELL.findall(row) for row in table.partition("<tbody>")[2].split("</tr>")[:-1]]
    return [[unescape(" ".join(re.sub(r"<[^>]*>", " ", cell).split())) for cell in cells] for cells in lines]


def funnel_of(page: str) -> dict[str, tuple[str, str, str]]:
    return {row[0]: (row[1], row[3], row[4]) for row in rows_of(page, "How far logins came")}


def figure_of(page: str, name: str) -> str:
    found = re.search(rf"<dt>(?:<a [^>]*>)?{name}(?:</a>)?</dt><dd[^>]*>([^<]*)", page)
    assert found is not None, name
    return found[1]


async def seal(stage: Stage) -> None:
    while (await stage.database.write(seal_events, 1000)).counted:
        pass


async def append_all(tx: Transaction, events: list[tuple[int, AuditEvent]], context: Context) -> None:
    for ago, event in events:
        at = Context(context.now - ago, context.entropy, context.keys, context.settings)
        await audit.append(tx, at, event)


async def test_what_people_did_is_what_the_funnel_says(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)  # asked, mailed, opened, approved and collected by itself
        for number in range(3):
            await acting.ask(stage, f"person{number}@example.com", f"key {number}")
        begun = await acting.ask(stage, "ada@example.com")
        await acting.miss(stage, begun)
        await acting.approve(stage, begun)
        stage.clock.advance(8)
        await seal(stage)
        page = await staff.see()
        steps = funnel_of(page)
        assert steps["Asked for"] == ("5", "", "")
        assert steps["Mailed"] == ("1", "20 %", "20 %")
        assert "Delivered" not in steps
        assert steps["Opened"] == ("1", "100 %", "20 %")
        assert steps["Approved"] == ("2", "200 %", "40 %")
        assert steps["Collected"] == ("1", "50 %", "20 %")
        assert figure_of(page, "Wrong codes") == "1"
        assert figure_of(page, "Logins locked by them") == "0"
        assert "the median of 2 approvals" in page
        assert rows_of(page, "Mail") == [["file", "in use", "1", *["0"] * 5]]


async def test_before_anything_is_sealed_the_page_says_what_it_leaves_out(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        page = await staff.see()
        assert funnel_of(page)["Asked for"] == ("0", "", "")
        assert funnel_of(page)["Mailed"] == ("0", NONE, NONE)
        assert "none is sealed yet" in page
        await seal(stage)
        assert "which are being counted" not in await staff.see()
        await acting.execute(stage, "DELETE FROM event_counts")
        count = await stage.count("audit_events")
        assert f"leave out {count} entries" in await staff.see()


@pytest.mark.parametrize(
    ("window", "bars", "seen"), [("hour", 12, 1), ("day", 24, 2), ("week", 28, 3), ("year", 24, 2), ("", 24, 2)]
)
async def test_a_window_holds_what_was_in_it_and_nothing_else(
    sqlite_stage: Stage, window: str, bars: int, seen: int
) -> None:
    done = AuditEvent(name=EventName.LOGIN_COMPLETED, login_id="01A")
    other = AuditEvent(name=EventName.LOGIN_EXPIRED, login_id="01B")
    times = (1, 2 * HOUR, 5 * DAY, 8 * DAY)
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        await sqlite_stage.database.write(append_all, [(ago, each) for ago in times for each in (done, other)])
        await seal(sqlite_stage)
        page = await staff.see(f"?window={window}")
    rows = rows_of(page, "How logins ended")
    assert len(rows) == bars
    assert sum(int(row[1]) for row in rows) == seen + 1, "and the sign-in of whoever looks"
    assert sum(int(row[2]) for row in rows) == seen
    assert page.count('aria-current="true"') == 1


async def test_the_plot_says_each_column_in_words_and_loads_and_styles_nothing_inline(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        await seal(sqlite_stage)
        page = await staff.see()
    svg = page.partition('class="room"')[2].partition("</svg>")[0]
    assert svg.count("<title>") == 24
    assert "1 collected, 0 denied, locked or expired" in svg
    assert 'role="img" aria-label="' in svg
    assert "style=" not in page
    assert not re.search(r"\son[a-z]+=", page)
    assert page.count("<h1") == 1


async def test_mail_is_told_by_provider_and_whoever_rests_is_named(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    webhooks = read_mail_webhooks("resend=whsec_" + "A" * 32)
    url = Secret(f"file:{tmp_path / 'mail'},smtp://127.0.0.1:9")
    events = [
        AuditEvent(name=EventName.MAIL_SENT, login_id="01A", fields={"attempt": 1, "provider": "smtp"}),
        AuditEvent(name=EventName.MAIL_SENT, login_id="01A", session_id="02A", fields={"provider": "smtp"}),
        AuditEvent(name=EventName.MAIL_BOUNCED, login_id="01A", outcome="failure", fields={"provider": "resend"}),
        AuditEvent(name=EventName.MAIL_DEFERRED, login_id="01A", outcome="failure", fields={"attempt": 1}),
    ]
    async with (
        open_stage(sqlite_url, tmp_path, mail_webhooks=webhooks, mail_url=url) as stage,
        Surfer(stage) as browser,
    ):
        staff = await Staff.hired(browser)
        await stage.database.write(append_all, [(0, event) for event in events])
        await seal(stage)
        smtp = stage.service.outbox._transport._providers[1].circuit  # type: ignore[union-attr]
        for _ in range(3):
            smtp.fail()
        page = await staff.see()
    assert rows_of(page, "Mail") == [
        ["file", "in use", "1", "0", "0", "0", "0", "0"],
        ["smtp", "paused", "2", "0", "0", "0", "0", "0"],
        ["resend", "not in use", "0", "0", "0", "0", "1", "0"],
        ["not taken by any", "", "0", "0", "1", "0", "0", "0"],
    ]
    assert funnel_of(page)["Mailed"][0] == "2", "a notice is no link"
    assert funnel_of(page)["Delivered"] == ("0", "0 %", "0 %")


async def test_nobody_is_said_to_report_nothing_beside_what_was_reported(sqlite_stage: Stage) -> None:
    silent = "reports what became of mail"
    async with Surfer(sqlite_stage) as browser:
        staff = await Staff.hired(browser)
        assert silent in await staff.see()
        told = AuditEvent(name=EventName.MAIL_DELIVERED, login_id="01A", fields={"provider": "resend"})
        await sqlite_stage.database.write(append_all, [(1, told)])
        await seal(sqlite_stage)
        page = await staff.see()
    assert silent not in page
    assert funnel_of(page)["Delivered"][0] == "1"


async def test_what_waits_is_counted_and_since_when(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        await acting.ask(stage)
        stage.clock.advance(120)
        await seal(stage)
        await acting.execute(
            stage,
            "INSERT INTO audit_sinks (name, next_index, attempts, due_at, problem, created_at)"
            " VALUES ('siem', 2, 3, 0, 'time<out', 0)",
        )
        await acting.execute(
            stage,
            "INSERT INTO alert_pushes (id, alert_id, target, state, attempts, due_at, created_at)"
            " VALUES ('1', '2', 'mail', 'queued', 0, 9000000000000000000, 0)",
        )
        page = await staff.see()
        size = (await stage.rows("SELECT max(size) FROM checkpoints"))[0][0]
    assert re.search(r"Waiting to be sent</dt><dd>2 <span[^>]*>· 2 due, the oldest since <time", page), (
        "a notice is one, too"
    )
    assert re.search(r"Alerts to be sent</dt><dd>1</dd>", page), "later, so none is due"
    assert rows_of(page, "Receivers of the log") == [["siem time<out", str(size - 2), "0 s ago"]]
    assert "time<out" not in page


async def test_witnesses_are_told_by_how_far_they_are_behind(
    sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    near, late, gone = (
        LoopbackWitness(lambda: 0, name, name[:1].encode() * 32).vkey for name in ("w.example/1", "late", "gone")
    )
    witnesses = (Witness(near, "https://w.example"), Witness(late, "https://late.example"))
    async with open_stage(sqlite_url, tmp_path, audit_witnesses=witnesses) as stage, Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        await seal(stage)
        size = (await stage.rows("SELECT max(size) FROM checkpoints"))[0][0]
        for vkey, of in ((near, size - 3), (gone, 1)):
            await acting.execute(stage, f"INSERT INTO cosignatures VALUES ('{vkey}', {of}, '', {stage.clock()})")  # noqa: S608 - values of ours
        rows = rows_of(await staff.see(), "Audit log")
    assert [row[:3] for row in rows] == [
        ["w.example/1", f"{size - 3}", "3"],
        ["late", "never", ""],
        ["gone not in use", "1", f"{size - 1}"],
    ]


async def test_a_log_that_was_changed_is_the_first_thing_one_reads_until_it_is_signed_again(stage: Stage) -> None:
    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        await seal(stage)
        stage.clock.advance(5)
        await stage.database.write(record_failed_checkpoint, FailedCheckpoint(3, None))
        page = await staff.see()
        assert "signing stopped" in page
        assert page.index("signing stopped") < page.index("How far logins came")
        stage.clock.advance(5)
        await seal(stage)
        assert "signing stopped" not in await staff.see()


async def test_the_median_is_of_the_newest_approvals_and_of_none_that_took_a_browser_on(stage: Stage) -> None:
    def approval(ago: int, took: int, session: str | None = None) -> tuple[int, AuditEvent]:
        login = ulid(stage.clock() - ago - took * SECOND, os.urandom)
        name = EventName.LOGIN_CODE_ISSUED if session else EventName.LOGIN_APPROVED
        return ago, AuditEvent(name=name, login_id=login, session_id=session)

    async with Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        stage.clock.advance(60)
        assert "the median of one approval" in await staff.see()
        slow = [approval(HOUR // 2 + number, 500) for number in range(APPROVALS)]
        fast = [approval(number, 75) for number in range(APPROVALS)]
        on = [approval(number, 3000, "02A") for number in range(APPROVALS - 1)]
        await stage.database.write(append_all, slow + fast + on)
        page = await staff.see("?window=hour")
    assert figure_of(page, "From asking to approval") == "1 min 15 s"
    assert f"the median of the newest {APPROVALS} approvals" in page


async def test_looking_writes_nothing_and_shows_nobody_but_who_looks(sqlite_stage: Stage) -> None:
    async with Surfer(sqlite_stage) as browser:
        await sqlite_stage.start("ada@example.com")
        staff = await Staff.hired(browser, "auditor")
        await seal(sqlite_stage)
        async with nothing_written(sqlite_stage):
            page = await staff.see("?window=week")
    assert "ada@" not in page


async def test_a_service_that_sends_no_mail_says_so(sqlite_url: str, tmp_path: Path, open_stage: OpenStage) -> None:
    async with open_stage(sqlite_url, tmp_path) as stage, Surfer(stage) as browser:
        staff = await Staff.hired(browser)
        object.__setattr__(stage.service.services, "mail_circuits", list)
        assert "No provider is set up" in await staff.see()
