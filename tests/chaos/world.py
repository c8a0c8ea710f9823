# SPDX-License-Identifier: Apache-2.0
"""Everything that runs: replicas behind nginx, a database, Redis, a mail server, and the wires between them."""

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos.clock import PATH, SteppedClock
from chaos.database import Ballast, MortalPostgres, small_disk
from chaos.mailbox import Mailbox
from chaos.namespace import HERE, Namespace, namespace
from chaos.wire import Wire, listen
from journeys.databases import REGISTRATION, Databases, Engine
from journeys.replicas import Balancer
from support.background import LoopThread
from support.postgres import name_of
from support.processes import STOP_SECONDS, RunningService
from support.redis import RedisServer

_TRACEBACK = re.compile(r"^Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)+(\S.*)$", re.MULTILINE)
DISK_MEGABYTES: Mapping[Engine, int] = {"postgresql": 1024, "sqlite": 256}


class Replica(RunningService):
    """Its clock follows a file; `release` is a folder with another release of the service, None for this one."""

    clock: SteppedClock
    release: Path | None = None

    @property
    def environ(self) -> Mapping[str, str]:
        """With the clock first on the path, as Python looks for it at every start."""
        path = ":".join(map(str, filter(None, (PATH, self.release))))
        return {**super().environ, **self.clock.environ, "PYTHONPATH": path}

    def stop(self) -> float:
        """SIGTERM; the exit must be clean, whatever it has printed in a life full of faults."""
        process, self._process = self._process, None
        assert process is not None, "the service does not run"
        began = time.monotonic()
        process.terminate()
        status = process.wait(STOP_SECONDS)
        assert status == 0, f"the service left with status {status}:\n{self.log[-2000:]}"
        return time.monotonic() - began

    @property
    def tracebacks(self) -> Counter[str]:
        """What it has printed one for, by the last line of each."""
        return Counter(_TRACEBACK.findall(self.log))

    @property
    def runs(self) -> bool:
        """Whether it was started and not yet stopped."""
        return self._process is not None


@dataclass
class World:
    """`url` reaches the database past every wire; what an engine does not need is None. `clerk` never serves."""

    engine: Engine
    folder: Path
    url: str
    replicas: list[Replica]
    clerk: Replica
    clock: SteppedClock
    mailbox: Mailbox
    disk: Ballast | None
    balancer: Balancer | None = None
    postgres: MortalPostgres | None = None
    redis: RedisServer | None = None
    database_wires: tuple[Wire, ...] = ()
    redis_wires: tuple[Wire, ...] = ()
    mail_wires: tuple[Wire, ...] = ()
    namespace: Namespace | None = None
    upgraded: bool = False

    @property
    def issuer(self) -> str:
        """Where desktops and phones ask."""
        return self.replicas[0].public_url

    @property
    def url_name(self) -> str:
        """What the database is called at its server."""
        return name_of(self.url)

    @property
    def processes(self) -> dict[str, int]:
        """The pid of each that runs for long."""
        found = {f"replica {number}": each.pid for number, each in enumerate(self.replicas, 1)}
        found["mail server"] = self.mailbox.pid
        if self.balancer is not None:
            found["nginx"] = self.balancer.pid
        if self.postgres is not None:
            found["PostgreSQL"] = self.postgres.pid
        if self.redis is not None:
            found["Redis"] = self.redis.pid
        return found


@contextmanager
def world(engine: Engine, folder: Path, wires: LoopThread) -> Iterator[World]:
    """One that runs, on a database that nobody has signed in at."""
    with ExitStack() as stack:
        mailbox = Mailbox(folder / "mail")
        stack.callback(mailbox.kill)
        mailbox.start()
        has_disk = stack.enter_context(small_disk(folder / "disk", DISK_MEGABYTES[engine]))
        disk = Ballast(folder / "disk") if has_disk else None
        clock = SteppedClock(folder / "clock")
        make = _with_sqlite if engine == "sqlite" else _with_postgresql
        made = make(stack, folder, wires, mailbox, clock, disk)
        for replica in made.replicas:
            stack.callback(_end, replica)
            replica.start()
        if made.balancer is not None:
            stack.enter_context(
                made.balancer.before([each.port for each in made.replicas], [each.host for each in made.replicas])
            )
        yield made


def _with_postgresql(
    stack: ExitStack, folder: Path, wires: LoopThread, mailbox: Mailbox, clock: SteppedClock, disk: Ballast | None
) -> World:
    postgres = MortalPostgres(folder / "disk" / "postgres")
    stack.callback(postgres.stop)
    url = Databases(folder / "template", postgres).fresh("postgresql", folder)
    redis = stack.enter_context(RedisServer(folder))
    balancer = Balancer(folder / "nginx", loaded=True)
    space = stack.enter_context(namespace())
    # The last replica runs within it, where that is permitted, and has its own way to all that it needs.
    hosts = (HERE, HERE if space is None else space.near)
    database_wires, redis_wires = (
        tuple(stack.enter_context(Wire(wires, target, listen(host))) for host in hosts)
        for target in (postgres.socket, redis.port)
    )
    # Mail goes in the clear on loopback alone, so there is a door to it within.
    doors = (listen(HERE), listen(HERE) if space is None else space.listener())
    mail_wires = tuple(stack.enter_context(Wire(wires, mailbox.port, door)) for door in doors)
    replicas = [
        _replica(
            folder / f"replica-{number}",
            clock,
            database_url=f"postgresql://postgres@{host}:{database.port}/{name_of(url)}?sslmode=disable",
            redis_url=f"redis://{host}:{cache.port}/0",
            mail_url=f"smtp://{HERE}:{mail.port}",
            public_url=balancer.address,
            trusted_proxies=f"{HERE}/32" if host == HERE else f"{host}/32",
        )
        for number, (host, database, cache, mail) in enumerate(
            zip(hosts, database_wires, redis_wires, mail_wires, strict=True), 1
        )
    ]
    if space is not None:
        replicas[-1].host, replicas[-1].within = space.far, space.within
    clerk = _replica(folder / "clerk", clock, database_url=url, public_url=balancer.address)
    return World(
        "postgresql", folder, url, replicas, clerk, clock, mailbox, disk, balancer, postgres, redis, database_wires,
        redis_wires, mail_wires, space,
    )  # fmt: skip


def _with_sqlite(
    _stack: ExitStack, folder: Path, _wires: LoopThread, mailbox: Mailbox, clock: SteppedClock, disk: Ballast | None
) -> World:
    url = f"sqlite:///{folder / 'disk' / 'counterfoil.db'}"
    replica = _replica(folder / "replica", clock, database_url=url, mail_url=mailbox.url)
    replica.told("migrate")
    replica.told(*REGISTRATION)
    return World("sqlite", folder, url, [replica], replica, clock, mailbox, disk)


def _replica(folder: Path, clock: SteppedClock, **settings: str) -> Replica:
    made = Replica(folder, **settings)
    made.clock = clock
    return made


def _end(replica: Replica) -> None:
    if replica.runs:
        replica.kill()
