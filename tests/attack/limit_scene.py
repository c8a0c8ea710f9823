# SPDX-License-Identifier: Apache-2.0
"""Where the attacks on budgets take place: one service, and people at three networks."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from counterfoil_service.core import budget
from counterfoil_service.core.argon2_cost import Argon2Cost
from counterfoil_service.web.gate import Gate
from support.device import Device
from support.mail_reports import Secrets
from support.stage import Asked, Stage, stage_on

ATTACKER, NEIGHBOUR, ELSEWHERE = "203.0.113.66", "203.0.113.7", "198.51.100.7"
"""The neighbour shares the attacker's range of addresses."""

ADA = "ada@example.com"
MAIL_CODE_APP = "room-app"
HOOK = Secrets()
"""Whose reports of mail are taken."""


@dataclass
class Scene:
    """Each sees the one service from where they are."""

    attacker: Stage
    neighbour: Stage
    elsewhere: Stage

    async def knows(self, device: Device, address: str = ADA) -> None:
        """Let this device have signed in to the mailbox before; what that used up is over."""
        asked = await self.elsewhere.approved(address, device)
        assert (await self.elsewhere.poll(asked)).status_code == 200
        await self.elsewhere.mails()
        self.elsewhere.clock.advance(3_601)

    async def mailed(self, asked: Asked) -> bool:
        """Whether this login's link was mailed, and is no decoy."""
        await self.elsewhere.mails()
        return "mail.sent" in await self.elsewhere.names(asked.login_id)

    async def signs_in(self, at: Stage, device: Device, address: str = ADA) -> bool:
        """Whether the owner, at this device and network, gets a mail, approves and has tokens."""
        at.clock.advance(1)  # so that hers is the newest mail
        response = await at.ask(device, address)
        if response.status_code != httpx2.codes.OK:
            return False
        answer = response.json()
        asked = Asked(device, answer["device_code"], answer["user_code"], answer["login_id"])
        if not await self.mailed(asked):
            return False
        page = await at.decide(await at.secret(), "approve", asked.user_code)
        return page.status_code == httpx2.codes.OK and (await at.poll(asked)).status_code == httpx2.codes.OK


@contextlib.asynccontextmanager
async def scene(url: str, folder: Path, budgets: str, **settings: Any) -> AsyncIterator[Scene]:
    """With these budgets in place of the defaults."""
    values: dict[str, Any] = {"budgets": budget.parse(budgets), "mail_code_cost": Argon2Cost(1, 8, 1)} | settings
    values["mail_webhooks"] = HOOK.webhooks
    async with stage_on(url, folder, **values) as stage, contextlib.AsyncExitStack() as doors:
        await stage.add_application(MAIL_CODE_APP, mail_code=True)
        places = [await doors.enter_async_context(_at(stage, place)) for place in (ATTACKER, NEIGHBOUR, ELSEWHERE)]
        yield Scene(*places)


@contextlib.asynccontextmanager
async def _at(stage: Stage, address: str) -> AsyncIterator[Stage]:
    app: Any = Gate(stage.service.app)  # httpx2 and Litestar each have their own types for ASGI
    transport = httpx2.ASGITransport(app=app, client=(address, 40000))
    async with httpx2.AsyncClient(transport=transport, base_url=stage.issuer) as client:
        yield Stage(stage.service, client, stage.clock, stage.mail_folder)
