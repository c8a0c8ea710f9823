# SPDX-License-Identifier: Apache-2.0
"""Run the service."""

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import uvicorn

from counterfoil_service import logs
from counterfoil_service.app import Service
from counterfoil_service.cli.database import opened, settings_or_fail
from counterfoil_service.cli.deaf_clients import cut_off
from counterfoil_service.cli.output import fail
from counterfoil_service.cli.process import calm_collector, raise_descriptor_limit
from counterfoil_service.cli.workers import supervise
from counterfoil_service.core.errors import Refusal
from counterfoil_service.db.open import sqlite_path
from counterfoil_service.db.unlock import WrongSecretKeyError
from counterfoil_service.settings import Settings, SettingsError
from counterfoil_service.tracing.setup import open_tracing
from counterfoil_service.waiting import Hub
from counterfoil_service.watching import Watching

if TYPE_CHECKING:
    from counterfoil_service.metrics.measuring import Measuring

KEEP_ALIVE_SECONDS = 75
"""Longer than the interval of polls: uvicorn's default closes just as the next one comes."""

DRAIN_SECONDS = 10
LAST_REQUESTS_SECONDS = 0.1
DEAF_SECONDS = 0.4
"""When the process leaves, who takes nothing of what waits for it from one look to the next is cut off."""

log = logging.getLogger("counterfoil")

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class _Server(uvicorn.Server):
    """Answers held polls as soon as the process is told to go: lifespan hooks would run only after they ended."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave by our own way out: uvicorn's raises the signal again, before the database is closed."""
        loop = asyncio.get_running_loop()
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in _STOP_SIGNALS:
                loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer whoever waits, and say with the answer that the connection ends: nobody asks on it again."""
        for connection in self.server_state.connections:
            cycle = getattr(connection, "cycle", None)
            if cycle is not None:
                cycle.keep_alive = False
        self._hub.drain()
        # What is on its way meanwhile is answered, too: a connection that ends beneath a request loses it.
        await asyncio.sleep(LAST_REQUESTS_SECONDS)
        cutting = asyncio.create_task(cut_off(self.server_state.connections, DEAF_SECONDS))
        try:
            await super().shutdown(sockets)
        finally:
            cutting.cancel()

    def leave_with(self, parent: int) -> None:
        """Leave when this pipe ends, as the process at its other end then is gone."""
        loop = asyncio.get_running_loop()

        def left() -> None:
            loop.remove_reader(parent)
            self.handle_exit(signal.SIGTERM, None)

        loop.add_reader(parent, left)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes; PostgreSQL only above 1."
)
@click.option("--fd", type=int, hidden=True, help="A listening socket handed down by a parent.")
@click.option("--parent", type=int, hidden=True, help="A pipe that ends with the parent.")
def serve(host: str, port: int, workers: int, fd: int | None, parent: int | None) -> None:
    """Serve sign-ins until told to stop."""
    settings = settings_or_fail()
    logs.set_up(settings.log)
    connections = raise_descriptor_limit()
    listener = socket.socket(fileno=fd) if fd is not None else _listen(host, port)
    if workers > 1:
        if sqlite_path(settings.database_url.reveal()) is not None:
            fail("several workers need PostgreSQL: set COUNTERFOIL_DATABASE_URL to it, or leave --workers out")
        with _together(settings) as ended:
            status = supervise(listener, workers, ended)
        sys.exit(status)
    with _only_one(settings), asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(settings, listener, connections, parent))


@contextlib.contextmanager
def _together(settings: Settings) -> Iterator[Callable[[int], None]]:
    """Answer for the figures of all workers; gives what wants to know the process id of one that has ended."""
    if settings.metrics is None:
        yield lambda _pid: None
        return
    from counterfoil_service.metrics.several import exposed_together

    with contextlib.ExitStack() as stack:
        try:
            ended = stack.enter_context(exposed_together(settings.metrics))
        except OSError as error:
            fail(_no_figures(error))
        yield ended


@contextlib.contextmanager
def _figures(settings: Settings, measuring: "Measuring | None", *, alone: bool) -> Iterator[None]:
    """Answer for those of this process, where no parent does."""
    if settings.metrics is None or measuring is None or not alone:
        yield
        return
    from counterfoil_service.metrics.exposition import exposed

    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(exposed(settings.metrics, measuring.registry))
        except OSError as error:
            fail(_no_figures(error))
        yield


def _no_figures(error: OSError) -> str:
    return f"cannot listen at COUNTERFOIL_METRICS ({error.strerror}): choose another address or port, or leave it out"


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Uvloop where the `fast` extra is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        fail(f"cannot listen on {host} port {port} ({error.strerror}): choose another --host or --port")


async def _serve(settings: Settings, listener: socket.socket, connections: int, parent: int | None) -> None:
    async with opened(settings, upgrade=True) as database:
        try:
            service = await Service.start(settings, database, watching=Watching(settings, open_tracing(os.environ)))
        except (WrongSecretKeyError, SettingsError) as error:
            fail(str(error))
        except Refusal as refusal:
            fail(f"the database stopped answering while starting: {refusal.description}")
        config = uvicorn.Config(
            service.watching.around(service.app),
            http=_protocol(),
            log_config=None,
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            ws="none",
            backlog=2048,
            limit_concurrency=connections,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
        server = _Server(config, service.services.hub)
        if parent is not None:
            server.leave_with(parent)
        with _figures(settings, service.watching.measuring, alone=parent is None):
            async with service.workers():
                bound = listener.getsockname()
                log.info("serving %s on %s port %d", settings.public_url, bound[0], bound[1])
                calm_collector()
                await server.serve(sockets=[listener])


def _protocol() -> type[asyncio.Protocol] | Literal["h11"]:
    """The fast parser where it is installed, else h11, which bounds a head by itself."""
    try:
        from counterfoil_service.cli.pipelined_requests import PipelinedHttpTools
    except ImportError:
        return "h11"
    return PipelinedHttpTools


@contextlib.contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """One `serve` for each SQLite file: a second would not wake the first one's held polls at once."""
    path = sqlite_path(settings.database_url.reveal())
    if path is None:
        yield
        return
    lock_path = Path(f"{path.resolve()}.lock")
    try:
        lock = lock_path.open("w")
    except OSError as error:
        fail(f"cannot write beside the database ({error.strerror}): make its folder exist and writable")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            fail(f"another `counterfoil serve` runs on {path}: stop it, or use PostgreSQL for several processes")
        yield
