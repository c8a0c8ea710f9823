# SPDX-License-Identifier: Apache-2.0
"""Whatever order reports come in, and however often: what is kept depends on which there were, and on nothing else."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterfoil_service.core.mail_report import PROVIDERS, SUPPRESSING, WEIGHTS, Accepted, MailReport
from counterfoil_service.operations.record_delivery import record_delivery
from support.stage import Stage, stage_on

REPORTS = st.tuples(st.sampled_from(PROVIDERS), st.sampled_from(sorted(WEIGHTS)))
ORDERS = st.lists(REPORTS, min_size=1, max_size=6).flatmap(
    lambda reports: st.tuples(
        st.just(reports),
        st.lists(st.sampled_from(range(len(reports))), max_size=6).flatmap(
            lambda again: st.permutations([*range(len(reports)), *again])
        ),
    )
)


async def kept(stage: Stage, reports: list[Any], order: list[int], run: str) -> None:
    """Tell them of a mail of its own, and look at what is left."""
    asked = await stage.start(f"{run}@example.com")
    await stage.mails()
    ((mail_id,),) = await stage.rows(f"SELECT id FROM outbox WHERE login_id = '{asked.login_id}'")  # noqa: S608 - ours
    before = await stage.rows(f"SELECT * FROM logins WHERE id = '{asked.login_id}'")  # noqa: S608 - ours
    begun = await stage.names(asked.login_id)
    for place in order:
        provider, state = reports[place]
        await stage.database.write(
            record_delivery, Accepted(provider, f"{run}-{place}", MailReport(state, mail_id, state))
        )
    assert await stage.rows(f"SELECT * FROM logins WHERE id = '{asked.login_id}'") == before  # noqa: S608 - ours

    told = [(provider, state) for provider, state in reports]
    events = [each.event for each in (await stage.events(asked.login_id))[len(begun) :]]
    of_mail = Counter((each.fields["provider"], each.name.value) for each in events if each.reason)
    assert of_mail == Counter((provider, f"mail.{state}") for provider, state in told)
    weightiest = max((state for _, state in told), key=lambda state: WEIGHTS[state])
    assert await stage.rows(f"SELECT delivery FROM outbox WHERE id = '{mail_id}'") == [(weightiest,)]  # noqa: S608 - ours
    suppressed = await stage.rows(f"SELECT reason FROM suppressions WHERE mail_id = '{mail_id}'")  # noqa: S608 - ours
    assert suppressed == ([(weightiest,)] if weightiest in SUPPRESSING else [])
    assert sum(each.name == "suppression.added" for each in events) == len(suppressed)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_what_is_kept_depends_on_which_reports_there_were_alone(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("sqlite_url" if engine == "sqlite" else "postgres_url")
    loop = asyncio.new_event_loop()
    stage_open = stage_on(url, tmp_path)
    stage = loop.run_until_complete(stage_open.__aenter__())
    runs = iter(range(1_000))

    @settings(
        max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(ORDERS)
    def holds(drawn: Any) -> None:
        reports, order = drawn
        loop.run_until_complete(kept(stage, reports, list(order), f"run{next(runs)}"))

    try:
        holds()
    finally:
        loop.run_until_complete(stage_open.__aexit__(None, None, None))
        loop.close()
