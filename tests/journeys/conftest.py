# SPDX-License-Identifier: Apache-2.0
"""What every story needs: a browser, a mail server, services that run, desktops."""

import contextlib
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from counterfoil_client import KeyStore
from journeys.databases import Databases, Engine
from journeys.desktop import CLIENT_ID, ClientKind, Desktop, open_desktop
from support.background import LoopThread
from support.mailserver import MailServer
from support.phone import Browser, Phone
from support.postgres import PostgresServer
from support.processes import RunningService

OpenService = Callable[..., RunningService]
OpenDesktop = Callable[..., Desktop]


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


@pytest.fixture
def address() -> str:
    """A mailbox of this story alone."""
    return f"ada-{uuid.uuid4().hex[:12]}@example.com"
