# SPDX-License-Identifier: Apache-2.0
"""The composition root: the one file that knows every part and puts them together."""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from litestar import Litestar, Router, route

from counterfoil_service.audit.sealer import Sealer
from counterfoil_service.core.errors import Refusal
from counterfoil_service.crypto.jwt import SigningKey
from counterfoil_service.crypto.nonces import Nonces
from counterfoil_service.db.engine import Clock, Database, Entropy
from counterfoil_service.db.unlock import unlock
from counterfoil_service.mail.outbox import OutboxWorker
from counterfoil_service.mail.transports import open_transport
from counterfoil_service.operations.ensure_signing_key import ensure_signing_key, lacks_signing_key
from counterfoil_service.operations.rotate_keys import RotateKeys
from counterfoil_service.operations.sweep import sweep
from counterfoil_service.settings import Settings, SettingsError
from counterfoil_service.waiting import Hub
from counterfoil_service.web import (
    health,
    introspection,
    link_pages,
    mail_code,
    me,
    metadata,
    notice_pages,
    oauth,
    revocation,
    userinfo,
)
from counterfoil_service.web.browser.host import host_router
from counterfoil_service.web.browser.routes import browser_router
from counterfoil_service.web.headers import security_headers
from counterfoil_service.web.mail_codes import MailCodes
from counterfoil_service.web.pace import Paces
from counterfoil_service.web.pages import Pages
from counterfoil_service.web.places import Places
from counterfoil_service.web.replay import ReplayMemory
from counterfoil_service.web.secret_checks import SecretChecks
from counterfoil_service.web.services import Services
from counterfoil_service.web.signers import ROTATION_LEAD_SECONDS, Signers

MAX_BODY_BYTES = 16 * 1024
SWEEP_SECONDS = 5
SWEEP_BATCH = 200
LAST_MAIL_SECONDS = 10
"""How long a process that leaves waits for a mail server's last word."""

log = logging.getLogger(__name__)


def system_clock() -> int:
    """Now, in microseconds since 1970 UTC."""
    return time.time_ns() // 1000


class Service:
    """Everything one process runs, over an open and migrated database."""

    def __init__(self, services: Services, outbox: OutboxWorker) -> None:
        self.services = services
        self.outbox = outbox
        self.app = _litestar(services)

    @classmethod
    async def start(
        cls, settings: Settings, database: Database, *, clock: Clock = system_clock, entropy: Entropy = os.urandom
    ) -> "Service":
        """Unlock the keys and put the parts together; raises WrongSecretKeyError, SettingsError, or a 503 Refusal."""
        keys = await unlock(database, settings, clock=clock, entropy=entropy)
        await _ensure_signing_key(database, settings, clock(), entropy)
        hub = Hub()
        database.on_change = hub.wake
        transport = open_transport(settings.mail_url.reveal())
        outbox = OutboxWorker(database, transport, settings, clock=clock, entropy=entropy)
        services = Services(
            settings=settings,
            clock=clock,
            database=database,
            keys=keys,
            hub=hub,
            nonces=Nonces(keys.nonce),
            replay=ReplayMemory(),
            paces=Paces(),
            signers=Signers(database, keys.seal_signing),
            secret_checks=SecretChecks(keys.client_secret),
            mail_codes=MailCodes(settings.mail_code_cost, entropy),
            places=Places(settings.mmdb_files),
            pages=Pages(urlsplit(settings.public_url).path),
            wake_mail=outbox.wake,
        )
        if transport is not None:
            _rehearse(outbox)
        return cls(services, outbox)

    @contextlib.asynccontextmanager
    async def workers(self) -> AsyncIterator[None]:
        """Run the outbox worker and the sweeper beside the requests."""
        sealer = Sealer(self.services.database)
        mailing, sweeping, sealing = (
            asyncio.create_task(work) for work in (self.outbox.run(), self._sweep(), sealer.run())
        )
        try:
            yield
        finally:
            self.outbox.stop()
            sealer.stop()
            await asyncio.wait([mailing, sealing], timeout=LAST_MAIL_SECONDS)
            for task in (mailing, sweeping, sealing):
                task.cancel()
            await asyncio.gather(mailing, sweeping, sealing, return_exceptions=True)
            self.services.places.close()

    async def _sweep(self) -> None:
        while True:
            try:
                while await self.services.database.write(sweep, SWEEP_BATCH) == SWEEP_BATCH:
                    pass
                self.services.paces.prune(self.services.clock())
            except Refusal:
                log.warning("the sweeper waits: the database does not answer")
            except Exception:
                log.exception("the sweeper met an error and goes on")
            await asyncio.sleep(SWEEP_SECONDS)


async def _ensure_signing_key(database: Database, settings: Settings, now: int, entropy: Entropy) -> None:
    """Looks first, as a key for RS256 takes a while to make, and makes it off the loop."""
    if await database.read(lacks_signing_key, settings.signing_algorithm, now):
        key = await asyncio.to_thread(SigningKey.generate, settings.signing_algorithm, entropy)
        await database.write(ensure_signing_key, RotateKeys(key, ROTATION_LEAD_SECONDS))


def _rehearse(outbox: OutboxWorker) -> None:
    try:
        outbox.rehearse()
    except ValueError as error:
        raise SettingsError(
            [f"no mail can be written with COUNTERFOIL_MAIL_FROM and COUNTERFOIL_PUBLIC_URL: {error}"]
        ) from None


def _litestar(services: Services) -> Litestar:
    """The web application; an issuer with a path is served under that path, but for its metadata (RFC 8414 §3.1)."""
    path = urlsplit(services.settings.public_url).path or "/"
    below = Router(
        path,
        route_handlers=[
            oauth.device_authorization,
            oauth.token,
            mail_code.submit_mail_code,
            revocation.revoke,
            introspection.introspect,
            userinfo.userinfo,
            me.list_sessions,
            me.delete_session,
            me.list_devices,
            me.change_device,
            metadata.key_set,
            health.live,
            health.ready,
            link_pages.link_router("/"),
            browser_router("/"),
            notice_pages.notice_router("/"),
        ],
    )
    well_known = route(metadata.WELL_KNOWN + path.rstrip("/"), http_method=metadata.READ)(metadata.authorization_server)
    app = Litestar(
        [below, well_known, host_router()],
        exception_handlers={Exception: link_pages.handle_any_error},
        before_send=[security_headers(services.settings, services.pages.style_hash, services.nonces, services.clock)],
        request_max_body_size=MAX_BODY_BYTES,
        openapi_config=None,
        logging_config=None,
    )
    app.state.services = services
    return app
