# SPDX-License-Identifier: Apache-2.0
"""Connections that end, and connections that give no sign."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random

from chaos.wire import Wire
from chaos.world import World

DROPS, BETWEEN_SECONDS = 5, 1.0


@contextmanager
def drop_connections(world: World, _random: Random) -> Iterator[None]:
    """Reset all, again and again."""
    for _ in range(DROPS):
        assert sum(wire.cut() for wire in world.database_wires), "there was no connection to drop"
        time.sleep(BETWEEN_SECONDS)
    yield


@contextmanager
def terminate_backends(world: World, _random: Random) -> Iterator[None]:
    """As an administrator may."""
    assert world.postgres is not None
    assert world.postgres.terminate_backends(world.url_name), "nobody was connected"
    yield


@contextmanager
def part_replica(world: World, random: Random) -> Iterator[None]:
    """One of them alone."""
    with _parted([random.choice(world.database_wires)]):
        yield


@contextmanager
def part_every_replica(world: World, _random: Random) -> Iterator[None]:
    """All."""
    with _parted(world.database_wires):
        yield


@contextmanager
def part_redis(world: World, _random: Random) -> Iterator[None]:
    """All."""
    with _parted(world.redis_wires):
        yield


def needs_namespace(world: World) -> str:
    """What is missing for a cable that can be pulled."""
    return "" if world.namespace is not None else "a network namespace: `ip netns add` needs root"


@contextmanager
def pull_cable(world: World, _random: Random) -> Iterator[None]:
    """One replica reaches nobody, and nobody it; nginx has to find out."""
    assert world.namespace is not None
    world.namespace.pull()
    with _parted([world.mail_wires[-1]]):
        yield
    world.namespace.plug()


@contextmanager
def hang_replica(world: World, random: Random) -> Iterator[None]:
    """It runs, and does nothing."""
    pid = random.choice(world.replicas).pid
    os.kill(pid, signal.SIGSTOP)
    yield
    os.kill(pid, signal.SIGCONT)


@contextmanager
def _parted(wires: Sequence[Wire]) -> Iterator[None]:
    for wire in wires:
        wire.stall()
    yield
    for wire in wires:
        wire.flow()
