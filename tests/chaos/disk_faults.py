# SPDX-License-Identifier: Apache-2.0
"""A disk without room, and a slow one."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from chaos.world import World

FLUSH_DELAY = 100_000
"""Microseconds: the longest that PostgreSQL takes for `commit_delay`."""


def needs_disk(world: World) -> str:
    """What is missing for a full disk."""
    return "" if world.disk is not None else "a disk of its own: mounting a tmpfs needs root"


@contextmanager
def fill(world: World, _random: Random) -> Iterator[None]:
    """Something else takes all the room; a database that has given up is started again once there is some."""
    assert world.disk is not None
    world.disk.fill()
    yield
    world.disk.clear()
    if world.postgres is not None:
        world.postgres.start_if_down()


@contextmanager
def slow(world: World, _random: Random) -> Iterator[None]:
    """Every flush of the log takes longer, as on a disk that is busy."""
    assert world.postgres is not None
    world.postgres.set("commit_siblings", "0")
    world.postgres.set("commit_delay", str(FLUSH_DELAY))
    yield
    world.postgres.set("commit_delay", None)
    world.postgres.set("commit_siblings", None)
