# SPDX-License-Identifier: Apache-2.0
"""The composition root: the one file that knows every part and puts them together."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from litestar import Litestar, Router, route

from counterfoil_service.audit.sealer import Sealer
from counterfoil_service.crypto.jwt import SigningKey
from counterfoil_service.crypto.nonces import Nonces
from counterfoil_service.db.engine import Clock, Database, Entropy
from counterfoil_service.db.unlock import unlock
from counterfoil_service.languages.folder import OwnTemplates, TemplateFolder, read_templates
from counterfoil_service.limiting.limiter import Limiter
from counterfoil_service.limiting.shared import Shared, open_shared
from counterfoil_service.mail.outbox import OutboxWorker
from counterfoil_service.mail.render import MailTemplates
from counterfoil_service.mail.transports.open import open_transport
from counterfoil_service.operations.ensure_signing_key import ensure_signing_key, lacks_signing_key
from counterfoil_service.operations.note_settings import note_settings
from counterfoil_service.operations.rotate_keys import RotateKeys
from counterfoil_service.settings import Settings, SettingsError
from counterfoil_service.sweeper import Sweeper
from counterfoil_service.waiting import Hub
from counterfoil_service.watching import Watching
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
from counterfoil_service.web.audit_api.routes import audit_router
from counterfoil_service.web.browser.host import host_router
from counterfoil_service.web.browser.routes import browser_router
from counterfoil_service.web.console.errors import handle_unrouted_error
from counterfoil_service.web.console.frame import CONSOLE_PATH
from counterfoil_service.web.console.routes import console_router
from counterfoil_service.web.headers import security_headers
from counterfoil_service.web.known_applications import KnownApplications
from counterfoil_service.web.mail_codes import MailCodes
from counterfoil_service.web.mail_hooks.hooks import MailHooks
from counterfoil_service.web.mail_hooks.receive import receive_report
from counterfoil_service.web.pace import Paces
from counterfoil_service.web.pages import Pages
from counterfoil_service.web.places import Places
from counterfoil_service.web.secret_checks import SecretChecks
from counterfoil_service.web.services import Services
from counterfoil_service.web.signers import ROTATION_LEAD_SECONDS, Signers

if TYPE_CHECKING:
    from counterfoil_service.alerting.worker import PushWorker
    from counterfoil_service.audit.sinks.worker import SinkWorker
    from counterfoil_service.audit.witnesses import WitnessWorker
    from counterfoil_service.mail.transports.chain import Chain

LAST_WORK_SECONDS = 10
"""How long a process that leaves waits for a mail server's last word, or for a batch under way."""


def system_clock() -> int:
    """Now, in microseconds since 1970 UTC."""
    return time.time_ns() // 1000


class _Worker(Protocol):
    """Works until it is stopped; `stop` returns at once, `run` once what is under way is done."""

    async def run(self) -> None: ...

    def stop(self) -> None: ...


class Service:
    """Everything one process runs, over an open and migrated database."""

    def __init__(self, services: Services, outbox: OutboxWorker, others: list[_Worker], watching: Watching) -> None:
        self.services = services
        self.outbox = outbox
        self.watching = watching
        self.app = _litestar(services)
        self._others = [*others, *watching.begin(services, [route.path_format for route in self.app.routes])]

    @classmethod
    async def start(
        cls,
        settings: Settings,
        database: Database,
        *,
        clock: Clock = system_clock,
        entropy: Entropy = os.urandom,
        watching: Watching | None = None,
    ) -> "Service":
        """Unlock the keys and put the parts together; raises WrongSecretKeyError, SettingsError, or a 503 Refusal."""
        own, watching = _own_templates(settings), watching or Watching(settings)
        database, observer = watching.database(database), watching.observer
        keys = await unlock(database, settings, clock=clock, entropy=entropy)
        await _ensure_signing_key(database, settings, clock(), entropy)
        await database.write(note_settings, settings)
        hub, applications, shared = Hub(), KnownApplications(database), _shared(settings, clock)

        def changed(login_id: str | None) -> None:
            hub.wake(login_id)
            if login_id is None:
                applications.forget()

        database.on_change = changed
        transport = open_transport(settings.mail_url.reveal(), clock, observer)
        outbox = OutboxWorker(database, transport, settings, MailTemplates(own.mail), clock=clock, entropy=entropy)
        services = Services(
            settings=settings,
            clock=clock,
            database=database,
            applications=applications,
            keys=keys,
            hub=hub,
            nonces=Nonces(keys.nonce),
            shared=shared,
            limiter=Limiter(settings.budgets, keys.source, clock, shared.counters),
            paces=Paces(),
            signers=Signers(database, keys.seal_signing),
            secret_checks=SecretChecks(keys.client_secret),
            mail_codes=MailCodes(settings.mail_code_cost, entropy),
            mail_hooks=MailHooks(settings.mail_webhooks),
            places=Places(settings.mmdb_files),
            pages=Pages(urlsplit(settings.public_url).path, overrides=own.pages),
            wake_mail=outbox.wake,
            mail_circuits=outbox.circuits,
        )
        if transport is not None:
            _rehearse(outbox)
        witnesses = _witness_workers(database, settings, entropy)
        pushes = _push_workers(database, settings, transport, own.mail)
        return cls(services, outbox, [*_sink_workers(database, settings), *witnesses, *pushes], watching)

    @contextlib.asynccontextmanager
    async def workers(self) -> AsyncIterator[None]:
        """Run everything that works beside the requests; what is begun may be finished when the process leaves."""
        workers = self._workers()
        tasks = [asyncio.create_task(worker.run()) for worker in workers]
        try:
            yield
        finally:
            for worker in workers:
                worker.stop()
            await asyncio.wait(tasks, timeout=LAST_WORK_SECONDS)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.services.places.close()
            await self.services.shared.close()
            await self.watching.close()

    def _workers(self) -> list[_Worker]:
        services, observer = self.services, self.watching.observer
        return [
            self.outbox,
            Sealer(services.database, services.settings.audit_delay, observer),
            Sweeper(services.database, lambda: services.paces.prune(services.clock()), observer),
            *self._others,
        ]


async def _ensure_signing_key(database: Database, settings: Settings, now: int, entropy: Entropy) -> None:
    """Looks first, as a key for RS256 takes a while to make, and makes it off the loop."""
    if await database.read(lacks_signing_key, settings.signing_algorithm, now):
        key = await asyncio.to_thread(SigningKey.generate, settings.signing_algorithm, entropy)
        await database.write(ensure_signing_key, RotateKeys(key, ROTATION_LEAD_SECONDS))


def _shared(settings: Settings, clock: Clock) -> Shared:
    try:
        return open_shared(settings.redis_url, clock)
    except ImportError:
        raise SettingsError(["COUNTERFOIL_REDIS_URL: install the extra, `counterfoil-service[redis]`"]) from None


def _rehearse(outbox: OutboxWorker) -> None:
    try:
        outbox.rehearse()
    except ValueError as error:
        raise SettingsError(
            [f"no mail can be written with COUNTERFOIL_MAIL_FROM and COUNTERFOIL_PUBLIC_URL: {error}"]
        ) from None


def template_troubles(folder: Path, own: OwnTemplates) -> list[str]:
    """What is wrong with an operator's templates; their checks are imported where there are any."""
    from counterfoil_service.languages.overrides import strangers
    from counterfoil_service.mail.template_checks import mail_troubles
    from counterfoil_service.web.template_checks import page_troubles

    mails = [] if own.mail is None else mail_troubles(own.mail)
    return [*strangers(folder), *mails, *([] if own.pages is None else page_troubles(own.pages))]


def _own_templates(settings: Settings) -> OwnTemplates:
    """Read once, as what is served must be what was checked."""
    own = read_templates(settings.templates)
    troubles = [] if settings.templates is None else template_troubles(settings.templates, own)
    if troubles:
        raise SettingsError([f"COUNTERFOIL_TEMPLATES: {trouble}" for trouble in troubles])
    return own


def _sink_workers(database: Database, settings: Settings) -> "list[SinkWorker]":
    """Their modules are imported where there are sinks: few services have any."""
    if not settings.audit_sinks:
        return []
    from counterfoil_service.audit.sinks.workers import sink_workers

    try:
        return sink_workers(database)
    except ValueError as error:
        raise SettingsError([f"COUNTERFOIL_AUDIT_SINKS: {error}"]) from None


def _witness_workers(database: Database, settings: Settings, entropy: Entropy) -> "list[WitnessWorker]":
    """As with sinks."""
    if not settings.audit_witnesses:
        return []
    from counterfoil_service.audit.witnesses import witness_workers

    try:
        return witness_workers(database, settings, entropy=entropy)
    except ValueError as error:
        raise SettingsError([f"COUNTERFOIL_AUDIT_WITNESSES: {error}"]) from None


def _push_workers(
    database: Database, settings: Settings, transport: "Chain | None", own: TemplateFolder | None
) -> "list[PushWorker]":
    """As with sinks."""
    if not settings.alerts:
        return []
    from counterfoil_service.alerting.workers import push_workers
    from counterfoil_service.mail.alert_letter import MailPush

    console, templates = f"{settings.public_url}{CONSOLE_PATH}/alerts", MailTemplates(own)
    try:
        return push_workers(database, console, partial(MailPush, transport, settings, templates, console))
    except ValueError as error:
        raise SettingsError([f"COUNTERFOIL_ALERTS: {error}"]) from None


def _litestar(services: Services) -> Litestar:
    """The web application; an issuer with a path is served under that path, but for its metadata (RFC 8414 §3.1).

    Routers stand side by side: Litestar copies one with all that is in it each time it is put into another.
    """
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
            receive_report,
            health.live,
            health.ready,
        ],
    )
    pages = [
        make(path)
        for make in (link_pages.link_router, browser_router, notice_pages.notice_router, audit_router, console_router)
    ]
    well_known = route(metadata.WELL_KNOWN + path.rstrip("/"), http_method=metadata.READ)(metadata.authorization_server)
    app = Litestar(
        [below, *pages, well_known, host_router()],
        exception_handlers={Exception: handle_unrouted_error},
        before_send=[security_headers(services.settings, services.pages.style_hashes, services.nonces, services.clock)],
        openapi_config=None,
        logging_config=None,
    )
    app.state.services = services
    return app
