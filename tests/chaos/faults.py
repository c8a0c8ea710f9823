# SPDX-License-Identifier: Apache-2.0
"""What goes wrong, each fault a context: it is there within, and mended at its end as an operator mends it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from random import Random

from chaos import disk_faults, network_faults, upgrade
from chaos.world import World
from journeys.databases import Engine

STEP_SECONDS = 300
SLOW_MAIL_SECONDS = 3
Happening = Callable[[World, Random], AbstractContextManager[None]]


@dataclass(frozen=True)
class Fault:
    """`lasts` seconds; `missing` says what a machine lacks for it, "" where nothing."""

    name: str
    happens: Happening
    lasts: float
    engines: tuple[Engine, ...] = ("postgresql",)
    missing: Callable[[World], str] = lambda _world: ""
    once: bool = False


@contextmanager
def nothing(_world: World, _random: Random) -> Iterator[None]:
    """For comparison."""
    yield


@contextmanager
def kill_replica(world: World, random: Random) -> Iterator[None]:
    """SIGKILL; started again at the end."""
    replica = random.choice(world.replicas)
    replica.kill()
    yield
    replica.start()


@contextmanager
def kill_every_replica(world: World, _random: Random) -> Iterator[None]:
    """All of them at one moment."""
    for replica in world.replicas:
        replica.kill()
    yield
    for replica in world.replicas:
        replica.start()


@contextmanager
def restart_replicas(world: World, _random: Random) -> Iterator[None]:
    """One after another, by SIGTERM."""
    for replica in world.replicas:
        replica.stop()
        replica.start()
    yield


@contextmanager
def kill_nginx(world: World, _random: Random) -> Iterator[None]:
    """SIGKILL."""
    assert world.balancer is not None
    world.balancer.kill()
    yield
    world.balancer.start()


@contextmanager
def kill_postgresql(world: World, _random: Random) -> Iterator[None]:
    """SIGKILL for its first process."""
    assert world.postgres is not None
    world.postgres.kill()
    yield
    world.postgres.start()


@contextmanager
def kill_backend(world: World, _random: Random) -> Iterator[None]:
    """SIGKILL for one of its processes, whereupon it throws out everybody and plays its log."""
    assert world.postgres is not None
    world.postgres.kill_backend(world.url_name)
    yield


@contextmanager
def restart_postgresql(world: World, _random: Random) -> Iterator[None]:
    """As for a new minor release."""
    assert world.postgres is not None
    world.postgres.restart()
    yield


@contextmanager
def kill_redis(world: World, _random: Random) -> Iterator[None]:
    """SIGKILL; all it knew is gone."""
    assert world.redis is not None
    world.redis.stop()
    yield
    world.redis.start()


@contextmanager
def kill_mail(world: World, _random: Random) -> Iterator[None]:
    """SIGKILL."""
    world.mailbox.kill()
    yield
    world.mailbox.start()


@contextmanager
def slow_mail(world: World, _random: Random) -> Iterator[None]:
    """Each mail takes so long."""
    world.mailbox.slow(SLOW_MAIL_SECONDS)
    yield
    world.mailbox.slow(0)


def clock(seconds: int, *, everywhere: bool) -> Happening:
    """A step, and at the end one back."""

    @contextmanager
    def happens(world: World, _random: Random) -> Iterator[None]:
        world.clock.step(seconds, everywhere=everywhere)
        yield
        world.clock.step(0)

    return happens


_BOTH: tuple[Engine, ...] = ("postgresql", "sqlite")
FAULTS = (
    Fault("nothing, for comparison", nothing, 5, _BOTH),
    Fault("kill -9 a replica", kill_replica, 3, _BOTH),
    Fault("kill -9 every replica", kill_every_replica, 3),
    Fault("kill -9 nginx", kill_nginx, 3),
    Fault("kill -9 PostgreSQL", kill_postgresql, 3),
    Fault("kill -9 a backend of PostgreSQL", kill_backend, 3),
    Fault("kill -9 Redis", kill_redis, 3),
    Fault("kill -9 the mail server", kill_mail, 5, _BOTH),
    Fault("restart the replicas in turn", restart_replicas, 0),
    Fault("restart PostgreSQL", restart_postgresql, 1),
    Fault("drop every connection to PostgreSQL, 5 times", network_faults.drop_connections, 0),
    Fault("end every backend of PostgreSQL", network_faults.terminate_backends, 1),
    Fault("partition: a replica from PostgreSQL", network_faults.part_replica, 10),
    Fault("partition: every replica from PostgreSQL", network_faults.part_every_replica, 10),
    Fault("partition: every replica from Redis", network_faults.part_redis, 10),
    Fault(
        "partition: a replica from everything (namespace)",
        network_faults.pull_cable,
        10,
        missing=network_faults.needs_namespace,
    ),
    Fault("a replica hangs (SIGSTOP)", network_faults.hang_replica, 10),
    Fault("the disk is full", disk_faults.fill, 8, _BOTH, disk_faults.needs_disk),
    Fault("slow disk: 100 ms more for each flush", disk_faults.slow, 8),
    Fault("slow mail: 3 s for each", slow_mail, 8, _BOTH),
    Fault("the service's clock +5 min", clock(STEP_SECONDS, everywhere=False), 8, _BOTH),
    Fault("the service's clock -5 min", clock(-STEP_SECONDS, everywhere=False), 8, _BOTH),
    Fault("everybody's clock +5 min", clock(STEP_SECONDS, everywhere=True), 8, _BOTH),
    Fault("everybody's clock -5 min", clock(-STEP_SECONDS, everywhere=True), 8, _BOTH),
    Fault("rolling upgrade across a migration", upgrade.roll, 0, once=True),
)
BY_NAME: Mapping[str, Fault] = {fault.name: fault for fault in FAULTS}
