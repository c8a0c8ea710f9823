# SPDX-License-Identifier: Apache-2.0
"""What a process asks of the system and of Python before it begins; most of it one that serves."""

import contextlib
import gc
import resource
from collections.abc import Iterator

RESERVED_DESCRIPTORS = 100
"""For databases, mails and files, so that desktops that wait never keep the service itself from working."""

_COLLECT_AFTER = (10_000, 100, 1_000)
"""Objects, and rounds of the younger generations: held polls are thousands of objects that a collection looks through
to find nothing, and stands still for it. Often and short (5 ms) where new ones come, seldom through all.
"""


def raise_descriptor_limit() -> int:
    """Each waiting desktop holds a descriptor: take as many as the system allows; how many connections that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Where the hard limit is "none" some systems refuse it as a soft one; then the old one stays.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return max(1, soft - RESERVED_DESCRIPTORS)


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """All there is afterwards is never looked through by a collection: imports make what lives as long as the process.

    Of the time to start a fifth went into finding that again and again.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def calm_collector() -> None:
    """Once all is loaded: what lives as long as the process is never looked through again, the rest seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
