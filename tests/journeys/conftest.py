# SPDX-License-Identifier: Apache-2.0
"""What every story needs: a browser, a mail server, services that run, desktops."""

import contextlib
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from counterfoil_client import KeyStore
from journeys.computer import DESK, Computer, computer
from journeys.console_world import World, seeded
from journeys.databases import Databases, Engine
from journeys.desktop import CLIENT_ID, ClientKind, Desktop, open_desktop
from journeys.explained import WRITTEN
from journeys.web_sign_in import OpenComputer
from journeys.web_site import WebSite
from support.background import LoopThread
from support.mailserver import MailServer
from support.phone import Browser, Phone
from support.postgres import PostgresServer
from support.processes import RunningService

OpenService = Callable[..., RunningService]
OpenDesktop = Callable[..., Desktop]


@pytest.fixture(scope="session", autouse=True)
def no_text_written_anew() -> Iterator[None]:
    """A run that wrote how stories end has compared nothing: it must not pass."""
    yield
    assert not WRITTEN, f"written anew, read them and run again without JOURNEY_TEXTS: {sorted(set(WRITTEN))}"


@pytest.fixture(scope="session")
def loop() -> Iterator[LoopThread]:
    """The loop beside the stories."""
    with LoopThread() as thread:
        yield thread


@pytest.fixture(scope="session")
def browser(loop: LoopThread) -> Iterator[Browser]:
    """One Chromium for the run."""
    with Browser(loop) as opened:
        yield opened


@pytest.fixture
def phone(browser: Browser) -> Iterator[Phone]:
    """A fresh phone."""
    with browser.phone() as opened:
        yield opened


@pytest.fixture
def laptop(browser: Browser) -> Iterator[Phone]:
    """The same, on a computer."""
    with browser.phone(**DESK) as opened:
        yield opened


@pytest.fixture(scope="session")
def mail() -> Iterator[MailServer]:
    """A mail server that is well."""
    with MailServer() as server:
        yield server


@pytest.fixture
def sick_mail() -> Iterator[MailServer]:
    """A mail server of a story's own, down at first."""
    server = MailServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Databases:
    """Makes databases."""
    return Databases(tmp_path_factory.mktemp("databases"), postgres_server)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    name: Engine = request.param
    return name


@pytest.fixture(params=["sync", "async"])
def client_kind(request: pytest.FixtureRequest) -> ClientKind:
    """Each SDK client in turn."""
    kind: ClientKind = request.param
    return kind


@pytest.fixture
def either_kind(engine: Engine) -> ClientKind:
    """One client for each engine, for stories that all four pairs would not tell better."""
    return "sync" if engine == "sqlite" else "async"


@pytest.fixture(scope="session")
def service(
    engine: Engine, databases: Databases, mail: MailServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    """One service for all stories that leave it as it was."""
    folder = tmp_path_factory.mktemp(f"service-{engine}")
    with RunningService(folder, database_url=databases.fresh(engine, folder), mail_url=mail.url) as running:
        yield running


@pytest.fixture
def new_service(engine: Engine, databases: Databases, mail: MailServer, tmp_path: Path) -> OpenService:
    """A service of a story's own, not started; settings replace the usual ones."""

    def make(**settings: str) -> RunningService:
        folder = tmp_path / uuid.uuid4().hex
        values = {"mail_url": mail.url} | settings
        if "database_url" not in values:
            values["database_url"] = databases.fresh(engine, folder)
        return RunningService(folder, **values)

    return make


@pytest.fixture
def desktop(loop: LoopThread) -> Iterator[OpenDesktop]:
    """Opens desktops, each with a key of its own or that of a store, and closes them all at the end."""
    with contextlib.ExitStack() as stack:

        def make(
            service: RunningService,
            kind: ClientKind = "sync",
            *,
            store: KeyStore | None = None,
            client_id: str = CLIENT_ID,
            **options: Any,
        ) -> Desktop:
            opened = open_desktop(kind, service.public_url, loop, store, client_id, **options)
            stack.callback(opened.close)
            return opened

        yield make


@pytest.fixture(scope="session")
def world(
    engine: Engine, databases: Databases, mail: MailServer, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A service with a past, whose console is open: stories leave each other's people alone."""
    folder = tmp_path_factory.mktemp(f"console-{engine}")
    service = RunningService(folder, database_url=databases.fresh(engine, folder), mail_url=mail.url)
    made = seeded(service, mail, browser)
    with service:
        yield made


@pytest.fixture(scope="session")
def ledger(databases: Databases, mail: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSite]:
    """A web application, at a service on SQLite: engines are told apart by one story alone."""
    folder = tmp_path_factory.mktemp("web-sign-in")
    with (
        RunningService(folder, database_url=databases.fresh("sqlite", folder), mail_url=mail.url) as running,
        WebSite(running, "Ledger") as site,
    ):
        yield site


@pytest.fixture(scope="session")
def wiki(ledger: WebSite) -> Iterator[WebSite]:
    """Another one at the same service."""
    with WebSite(ledger.service, "Wiki") as site:
        yield site


@pytest.fixture
def desk(browser: Browser, mail: MailServer) -> OpenComputer:
    """Opens computers that sign in to web applications."""

    def make(*sites: WebSite, **options: Any) -> AbstractContextManager[Computer]:
        origins = {site.origin for site in sites} | {site.service.public_url for site in sites}
        return computer(browser, mail, *origins, **options)

    return make


@pytest.fixture
def address() -> str:
    """A mailbox of this story alone."""
    return f"ada-{uuid.uuid4().hex[:12]}@example.com"
