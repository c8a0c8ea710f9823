# SPDX-License-Identifier: Apache-2.0
"""Every kind of alert by its real cause: what thieves, strangers, providers and broken receivers do to a stage."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from counterfoil_service.audit.sealer import Sealer
from counterfoil_service.core import budget
from counterfoil_service.settings import MailWebhook, Secret
from support import acting
from support.auditor import seal
from support.http import primed
from support.log import grow_log
from support.machines import CLONED_IMAGE, LAPTOP, OTHER_MACHINE, described
from support.mail_reports import whsec
from support.processes import free_port
from support.sinks import happen, row, webhook, worker
from support.stage import ROOMY, Stage, stage_on
from support.tokens import SignedIn, present, renew, sign_in
from support.way_home import traveller

HOOK = MailWebhook("resend", Secret(whsec("resend's own secret")))


@contextlib.asynccontextmanager
async def alarmed(url: str, folder: Path, **changes: Any) -> AsyncIterator[Stage]:
    """A stage on which every cause can happen."""
    values: dict[str, Any] = {
        "mail_webhooks": (HOOK,),
        "budgets": budget.parse(f"{ROOMY},mailbox_unanswered=2/86400"),
    }
    async with stage_on(url, folder, **(values | changes)) as stage:
        yield stage


async def reuse(stage: Stage) -> str:
    """A used refresh token comes again."""
    signed = await sign_in(stage)
    stolen = signed.refresh
    for _ in range(2):
        await renew(stage, signed)
    assert (await present(stage, stolen, signed.device)).status_code == 400
    return signed.session_id


async def stolen_token(stage: Stage, signed: SignedIn | None = None) -> str:
    """A refresh token comes with a thief's key."""
    signed = signed or await sign_in(stage)
    assert (await present(stage, signed.refresh, primed(stage))).status_code == 400
    return signed.session_id


async def stolen_code(stage: Stage, address: str = "ada@example.com") -> str:
    """A device code comes with a thief's key."""
    asked = await stage.start(address)
    assert (await stage.poll(asked, primed(stage))).status_code == 400
    return asked.login_id


async def copied_key(stage: Stage) -> str:
    """The right key comes from another machine, before it was ever signed in."""
    asked = await stage.approved(device_fingerprint=described(LAPTOP))
    assert (await stage.poll(asked, device_fingerprint=described(OTHER_MACHINE))).status_code == 400
    return asked.login_id


async def intercepted_code(stage: Stage) -> str:
    """A browser's code comes without its verifier."""
    home = await traveller(stage)
    assert (await home.redeem(await home.code(), code_verifier="x" * 43)).status_code == 400
    return home.asked.login_id


async def report(stage: Stage, address: str = "ada@example.com") -> None:
    """A person says "this was not me"."""
    stage.clock.advance(1)
    await stage.start(address)
    assert (await stage.decide(await stage.secret(), "report")).status_code == 200


async def flood(stage: Stage, address: str = "ada@example.com", links: int = 3) -> None:
    """Strangers ask for link after link to one mailbox."""
    for _ in range(links):
        stage.clock.advance(1)
        await stage.start(address)
        await stage.mails()


async def cloned(stage: Stage) -> str:
    """A device looks like another one at a refresh."""
    signed = await sign_in(stage, device_fingerprint=described(LAPTOP))
    await renew(stage, signed, device_fingerprint=described(CLONED_IMAGE))
    ((device,),) = await stage.rows(f"SELECT device_id FROM sessions WHERE id = '{signed.session_id}'")  # noqa: S608
    return str(device)


async def forgery(stage: Stage) -> str:
    """Somebody posts a mail provider's report without its key."""
    answer = await stage.client.post("/hooks/mail/resend", content=b'{"type":"email.bounced"}')
    assert answer.status_code == 401
    return "resend"


async def dead_sink(stage: Stage) -> str:
    """Nobody listens where the log is pushed to."""
    sink = webhook(free_port(), "/events?token=hush")
    made = await worker(stage, sink)
    await happen(stage)
    for _ in range(10):
        assert not await made.work()
        stage.clock.now = (await row(stage, sink)).due_at
    return sink.partition("?")[0]


async def edited_log(stage: Stage) -> str:
    """Somebody edits the log behind the service's back."""
    await grow_log(stage.database, 300)
    await seal(stage)
    await acting.execute(stage, "UPDATE audit_events SET reason = 'made_up' WHERE leaf_index = 7")
    await Sealer(stage.database, 0.002).run()
    return "service"


CAUSES: dict[str, Callable[[Stage], Awaitable[str | None]]] = {
    "session.reuse_detected": reuse,
    "session.key_mismatch": stolen_token,
    "login.key_mismatch": stolen_code,
    "login.fingerprint_mismatch": copied_key,
    "login.code_refused": intercepted_code,
    "login.reported": report,
    "mailbox.flooded": flood,
    "device.changed": cloned,
    "webhook.refused": forgery,
    "audit.sink_failed": dead_sink,
    "audit.checkpoint_failed": edited_log,
}
"""What each is about comes back, where that is no digest."""


async def alerts_of(stage: Stage, kind: str) -> list[tuple[Any, ...]]:
    """About, times, login, session and subject of each of a kind."""
    sql = "SELECT about, times, login_id, session_id, subject FROM alerts WHERE kind = '{}' ORDER BY id"
    return await stage.rows(sql.format(kind))
