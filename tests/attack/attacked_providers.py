# SPDX-License-Identifier: Apache-2.0
"""One provider under attack and one that is well behind it, with a service that has both in its MAIL_URL."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from counterfoil_service.mail.transports.open import open_transport
from support.mail_providers import PROVIDERS, FakeProvider, FakeSmtp
from support.receivers import listening
from support.stage import Stage, stage_on

KINDS: Final = ("smtp", *PROVIDERS)
SHARE_SECONDS: Final = 0.5
"""Of each of the two, for one mail."""


@dataclass(frozen=True)
class Fate:
    """What became of a mail: its row, its last event, and the copies that each of the two has."""

    state: str
    provider: str | None
    reason: str | None
    copies: int
    spare_copies: int

    @property
    def told(self) -> str:
        """In words."""
        if self.state == "sent":
            copies = self.copies + self.spare_copies
            return f"sent by {self.provider}" + ("" if copies == 1 else f", {copies} copies")
        perhaps = f", perhaps with {self.provider}" if self.provider else ""
        return f"{'deferred' if self.state == 'queued' else self.state}: {self.reason}{perhaps}"


@dataclass
class Attacked:
    """`kind` is the provider under attack; the one behind it is a hook."""

    kind: str
    stage: Stage
    url: str
    provider: FakeProvider | FakeSmtp
    spare: FakeProvider
    _count: int = field(default=0)
    _login: str = field(default="")

    @property
    def next(self) -> str:
        """What the provider behind it is called."""
        return "hook_2" if self.kind == "hook" else "hook"

    async def mail(self) -> Fate:
        """Somebody asks for a link, and the worker passes once; circuits are closed before."""
        chain = open_transport(self.url, self.stage.clock)
        assert chain is not None
        chain._seconds = 2 * SHARE_SECONDS
        self.stage.service.outbox._transport = chain
        self._count += 1
        self._login = (await self.stage.start(f"{self.kind}-{self._count}@example.com")).login_id
        return await self._passed()

    async def again(self) -> Fate:
        """The worker passes once more, when the mail is due again, and the provider has done its work and is well."""
        await asyncio.sleep(self.provider.seconds)
        self.provider.seconds = 0
        self.stage.clock.advance(10)
        return await self._passed()

    async def _passed(self) -> Fate:
        await self.stage.service.outbox.work()
        event = (await self.stage.events(self._login))[-1].event
        rows = await self.stage.rows("SELECT login_id, id, state, provider FROM outbox")
        ((mail_id, state, provider),) = [row[1:] for row in rows if row[0] == self._login]
        assert self.provider.wrong == self.spare.wrong == []
        copies, spare_copies = (
            sum(mail.mail_id == mail_id for mail in each.taken) for each in (self.provider, self.spare)
        )
        return Fate(state, provider, event.reason, copies, spare_copies)


@contextlib.asynccontextmanager
async def attacked(kind: str) -> AsyncIterator[Attacked]:
    """A service of its own."""
    provider = FakeSmtp() if kind == "smtp" else FakeProvider(kind)
    spare = FakeProvider("hook")
    with tempfile.TemporaryDirectory(prefix="counterfoil-mail-") as name:
        folder = Path(name)
        async with listening(provider.connected) as port, listening(spare.connected) as spare_port:
            first = f"smtp://127.0.0.1:{port}" if kind == "smtp" else PROVIDERS[kind].url.format(port=port)
            url = f"{first},{PROVIDERS['hook'].url.format(port=spare_port)}"
            async with stage_on(f"sqlite:///{folder / 'mail.db'}", folder) as stage:
                yield Attacked(kind, stage, url, provider, spare)
