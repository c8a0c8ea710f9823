# SPDX-License-Identifier: Apache-2.0
"""Figures count what happened, say how things stand, and name nobody, however hard somebody tries to be named."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from counterfoil_service.audit.sealer import Sealer
from counterfoil_service.core.budget import Budgets
from counterfoil_service.core.errors import Refusal
from counterfoil_service.db.engine import unavailable
from counterfoil_service.metrics.figures import Figures
from counterfoil_service.metrics.measuring import Measuring
from counterfoil_service.metrics.prometheus import status_class
from counterfoil_service.observing import Answered
from counterfoil_service.settings.parsers import Listening
from counterfoil_service.sweeper import Sweeper
from support.figures import Series, read, text_of, value
from support.stage import OpenStage, Stage

ANYWHERE = Listening("127.0.0.1", 9464)
NEEDLE = "needle7f3a"
MOST_SERIES = 2500
"""All routes there are, each with a dozen buckets, and closed lists of everything else."""


def _measuring(stage: Stage) -> Measuring:
    measuring = stage.service.watching.measuring
    assert measuring is not None
    return measuring


def _figures(stage: Stage) -> Figures:
    (figures,) = (each for each in stage.service._others if isinstance(each, Figures))
    return figures


async def _series(stage: Stage) -> Series:
    """Sealed, looked up, and read."""
    await Sealer(stage.database, 1, stage.service.watching.observer)._round(check=False)
    await _figures(stage).look()
    return read(text_of(_measuring(stage).registry))


async def test_a_sign_in_is_counted_at_each_of_its_steps(
    open_stage: OpenStage, database_url: str, tmp_path: Path
) -> None:
    async with open_stage(database_url, tmp_path, metrics=ANYWHERE) as stage:
        asked = await stage.approved()
        assert (await stage.poll(asked)).status_code == 200
        stage.clock.advance(1)
        await stage.start("grace@example.com")
        await stage.decide(await stage.secret(), "reject")
        found = await _series(stage)
        steps = {step: value(found, "counterfoil_logins_total", step=step)
                 for step in ("asked", "mailed", "approved", "collected", "denied", "expired")}  # fmt: skip
        assert steps == {"asked": 2, "mailed": 2, "approved": 1, "collected": 1, "denied": 1, "expired": 0}
        assert value(found, "counterfoil_events_total", event="login.requested") == 2
        assert value(found, "counterfoil_mail_attempts_total", provider="file", outcome="taken") == 3, "the notice, too"
        assert value(found, "counterfoil_mail_attempt_seconds_count", provider="file") == 3
        assert value(found, "counterfoil_worker_rounds_total", worker="mail", outcome="done") == 3
        assert value(found, "counterfoil_requests_total", route="/oauth/device_authorization", status="2xx") == 2
        assert value(found, "counterfoil_request_seconds_count", route="/oauth/device_authorization") >= 2
        again = await _series(stage)
        assert value(again, "counterfoil_logins_total", step="asked") == 2, "each event counts once"


async def test_what_waits_is_told_with_its_age(open_stage: OpenStage, database_url: str, tmp_path: Path) -> None:
    async with open_stage(database_url, tmp_path, metrics=ANYWHERE) as stage:
        await stage.start()
        stage.clock.advance(40)
        await _figures(stage).look()
        found = read(text_of(_measuring(stage).registry))
        assert value(found, "counterfoil_mail_queue") == 1
        assert value(found, "counterfoil_mail_queue_due") == 1
        assert value(found, "counterfoil_mail_queue_oldest_seconds") == 40
        assert value(found, "counterfoil_log_unsealed") >= 1
        assert value(found, "counterfoil_log_unsealed_oldest_seconds") == pytest.approx(40, abs=0.01)
        assert value(found, "counterfoil_log_checkpoint_timestamp_seconds") == 0
        await stage.mails()
        found = await _series(stage)
        assert value(found, "counterfoil_mail_queue") == 0
        assert value(found, "counterfoil_mail_queue_oldest_seconds") == 0
        assert value(found, "counterfoil_log_unsealed") == 0
        assert value(found, "counterfoil_log_unsealed_oldest_seconds") == 0
        assert value(found, "counterfoil_log_checkpoint_timestamp_seconds") == stage.clock() / 1_000_000
        assert value(found, "counterfoil_log_size") > 0


async def test_a_held_poll_is_counted_and_does_not_spoil_the_durations(
    open_stage: OpenStage, sqlite_url: str, tmp_path: Path
) -> None:
    async with open_stage(sqlite_url, tmp_path, metrics=ANYWHERE) as stage:
        asked = await stage.start()
        poll = asyncio.create_task(stage.poll(asked, wait=25))
        async with asyncio.timeout(5):
            while not len(stage.service.services.hub):  # noqa: ASYNC110 - the hub tells nobody
                await asyncio.sleep(0)
        found = await _series(stage)
        assert value(found, "counterfoil_held_polls") == 1
        stage.service.services.hub.drain()
        await poll
        found = await _series(stage)
        assert value(found, "counterfoil_held_polls") == 0
        before = value(found, "counterfoil_requests_total", route="/oauth/token", status="4xx")
        assert before == 1
        assert value(found, "counterfoil_request_seconds_count", route="/oauth/token") == 0


async def test_a_refusal_names_the_budget_that_was_used_up(
    open_stage: OpenStage, sqlite_url: str, tmp_path: Path
) -> None:
    async with open_stage(sqlite_url, tmp_path, metrics=ANYWHERE) as stage:
        device = stage.device()
        await stage.start(device=device)
        assert (await stage.ask(device)).status_code == 429
        found = await _series(stage)
    assert value(found, "counterfoil_limit_refusals_total", budget="device_key") == 1
    budgets = {dict(labels)["budget"] for name, labels in found if name == "counterfoil_limit_refusals_total"}
    assert budgets == set(Budgets.__struct_fields__)


async def test_nobody_and_nothing_secret_is_in_the_figures_and_no_caller_makes_series(
    open_stage: OpenStage, sqlite_url: str, tmp_path: Path
) -> None:
    async with open_stage(sqlite_url, tmp_path, metrics=ANYWHERE) as stage:
        needles = await _noise(stage)
        found = await _series(stage)
        text = text_of(_measuring(stage).registry)
    for needle in needles:
        assert needle not in text
    assert len(found) < MOST_SERIES
    assert {name.partition("_")[0] for name, _ in found} <= {"counterfoil", "process", "python"}
    labels = {label for _, pairs in found for label, _ in pairs}
    assert labels == {"route", "status", "le", "budget", "step", "event", "provider", "outcome", "worker", "version",
                      "python"}  # fmt: skip
    routes = {dict(pairs)["route"] for _, pairs in found if "route" in dict(pairs)}
    assert routes <= {route.path_format for route in stage.service.app.routes} | {"-"}


async def _noise(stage: Stage) -> list[str]:
    """A sign-in, and callers who bait every place that a label could be taken from; what must not come out."""
    asked = await stage.start("ada.lovelace@example.com", device_label=NEEDLE)
    secret = await stage.secret()
    for number in range(150):
        bait = f"{NEEDLE}{number}"
        for path in (f"/{bait}", f"/l/{bait}", f"/oauth/{bait}", f"/console/people/{bait}", f"/check-mail?{bait}"):
            await stage.client.get(path, headers={"User-Agent": bait, "Host": bait, "X-Request-ID": bait})
        await stage.client.request(bait.upper(), f"/{bait}")
    await stage.open(secret)
    await stage.decide(secret, "approve", asked.user_code)
    tokens = (await stage.poll(asked)).json()
    ids = [asked.login_id, tokens["session_id"], tokens["sub"], "desk-app"]
    secrets = [secret, asked.device_code, asked.user_code, tokens["access_token"], tokens["refresh_token"], "5e" * 32]
    return [*ids, *secrets, NEEDLE, NEEDLE.upper(), "lovelace", "192.0.2.10"]


def test_what_no_list_knows_is_counted_without_its_name() -> None:
    measuring = Measuring()
    measuring.begin(["/known"], [])
    for number in range(500):
        measuring.metrics.answered(Answered("GET", f"/{number}", number, 0.1, f"budget{number}"))
    found = read(text_of(measuring.registry))
    assert sum(found[key] for key in found if key[0] == "counterfoil_requests_total") == 500
    assert {dict(labels)["route"] for _, labels in found if "route" in dict(labels)} == {"-"}
    assert value(found, "counterfoil_requests_total", route="-", status="none") == 100
    assert sum(found[key] for key in found if key[0] == "counterfoil_limit_refusals_total") == 0


@pytest.mark.parametrize(("status", "shown"), [(0, "none"), (99, "none"), (204, "2xx"), (303, "3xx"), (431, "4xx"),
                                               (503, "5xx"), (600, "none")])  # fmt: skip
def test_a_status_is_told_by_its_class(status: int, shown: str) -> None:
    assert status_class(status) == shown


async def test_a_worker_that_fails_is_counted_as_such(
    open_stage: OpenStage, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_stage(sqlite_url, tmp_path, metrics=ANYWHERE) as stage:
        rounds: list[Sweeper] = []
        sweeper = Sweeper(stage.database, lambda: rounds.pop().stop(), stage.service.watching.observer)
        rounds.append(sweeper)

        async def fails(*_arguments: Any) -> Any:
            raise unavailable()

        monkeypatch.setattr(stage.database, "write", fails)
        await sweeper.run()
        found = read(text_of(_measuring(stage).registry))
    assert value(found, "counterfoil_worker_rounds_total", worker="sweeper", outcome="failed") == 1
    assert value(found, "counterfoil_worker_rounds_total", worker="sweeper", outcome="done") == 0


async def test_figures_that_cannot_be_looked_up_stay_and_their_moment_shows_it(
    open_stage: OpenStage, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_stage(sqlite_url, tmp_path, metrics=ANYWHERE) as stage:
        await stage.start()
        await _figures(stage).look()
        looked_at = stage.clock() / 1_000_000

        async def fails(*_arguments: Any) -> Any:
            raise unavailable()

        monkeypatch.setattr(stage.database, "read", fails)
        stage.clock.advance(100)
        with pytest.raises(Refusal):
            await _figures(stage).look()
        found = read(text_of(_measuring(stage).registry))
    assert value(found, "counterfoil_mail_queue") == 1
    assert value(found, "counterfoil_figures_timestamp_seconds") == looked_at


def test_nothing_is_measured_unless_somebody_wants_it(sqlite_stage: Stage) -> None:
    assert sqlite_stage.service.watching.measuring is None
    assert not [each for each in sqlite_stage.service._others if isinstance(each, Figures)]
