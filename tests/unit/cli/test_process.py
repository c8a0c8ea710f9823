# SPDX-License-Identifier: Apache-2.0
"""What a process that serves takes from the system: as many connections as there are descriptors, less its own."""

import subprocess
import sys

import pytest

from counterfoil_service.cli.process import RESERVED_DESCRIPTORS

LIMITS = """
import resource
from counterfoil_service.cli.process import raise_descriptor_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (64, {hard}))
print(raise_descriptor_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""
COLLECTOR = """
import gc
from counterfoil_service.cli.process import calm_collector
calm_collector()
print(gc.isenabled(), gc.get_freeze_count() > 1_000, gc.get_threshold()[0] >= 10_000)
"""
IMPORTS = """
import gc
from counterfoil_service.cli.process import uncollected
before = gc.get_freeze_count()
with uncollected():
    running = gc.isenabled()
    kept = [[] for _ in range(10_000)]
print(running, gc.isenabled(), gc.get_freeze_count() - before >= len(kept), gc.get_count()[0] < 1_000)
"""


def told(program: str) -> list[str]:
    """In a process of its own: what it changes would last."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split()


@pytest.mark.parametrize(("hard", "connections"), [(300, 300 - RESERVED_DESCRIPTORS), (70, 1)])
def test_the_soft_limit_becomes_the_hard_one_and_some_are_kept_for_the_service(hard: int, connections: int) -> None:
    assert told(LIMITS.format(hard=hard)) == [str(connections), str(hard), str(hard)]


def test_the_collector_still_runs_but_leaves_alone_what_stays() -> None:
    assert told(COLLECTOR) == ["True", "True", "True"]


def test_what_is_imported_is_never_looked_through() -> None:
    assert told(IMPORTS) == ["False", "True", "True", "True"]
