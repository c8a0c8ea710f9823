# SPDX-License-Identifier: Apache-2.0
"""A budget of more than one request a key counts superseded logins, and not those that the device gave up."""

from pathlib import Path

from counterfoil_service.core import budget
from support.stage import ROOMY, OpenStage

MANY_MAILS = "mailbox_mails=100/900,mailbox_live_logins=100/3600"


async def test_superseded_logins_count_and_given_up_ones_do_not(
    database_url: str, open_stage: OpenStage, tmp_path: Path
) -> None:
    budgets = budget.parse(f"{ROOMY},{MANY_MAILS},device_key=2/60")
    async with open_stage(database_url, tmp_path, budgets=budgets) as stage:
        device = stage.device()
        given_up = await stage.start(device=device)
        form = {"client_id": "desk-app", "token": given_up.device_code}
        assert (await device.post(stage.client, "/oauth/revoke", form)).status_code == 200
        await stage.start(device=device)
        await stage.start(device=device)
        refused = await stage.ask(device)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
        stage.clock.advance(60)
        await stage.start(device=device)
