# SPDX-License-Identifier: Apache-2.0
"""Registered applications are remembered for a moment, forgotten when told, and never made up."""

from collections.abc import Callable, Coroutine
from typing import Any

from counterfoil_service.core.application import Application
from counterfoil_service.web.known_applications import RELOAD_SECONDS, KnownApplications

SECOND = 1_000_000
NOW = 1_795_000_000 * SECOND


class Registry:
    """A database that knows applications by id, and how often it was asked."""

    def __init__(self) -> None:
        self.known: dict[str, Application] = {}
        self.asked = 0

    async def read(self, _query: Callable[..., Coroutine[Any, Any, Any]], application_id: str) -> Application | None:
        self.asked += 1
        return self.known.get(application_id)


def registry_of(*ids: str) -> tuple[Registry, KnownApplications]:
    registry = Registry()
    registry.known = {each: Application(each, each, (), (), "required", "optional", 0) for each in ids}
    return registry, KnownApplications(registry)  # type: ignore[arg-type]


async def test_one_that_was_asked_for_lately_is_not_read_again() -> None:
    registry, known = registry_of("a")
    for passed in (0, 1, RELOAD_SECONDS * SECOND - 1):
        assert await known.get("a", NOW + passed) is registry.known["a"]
    assert registry.asked == 1


async def test_it_is_read_again_after_a_while_and_when_the_clock_is_set_back() -> None:
    registry, known = registry_of("a")
    for now in (NOW, NOW + RELOAD_SECONDS * SECOND, NOW - 1):
        await known.get("a", now)
    assert registry.asked == 3


async def test_a_removed_one_is_gone_once_it_is_told_or_the_while_is_over() -> None:
    registry, known = registry_of("a", "b")
    await known.get("a", NOW)
    await known.get("b", NOW)
    registry.known.clear()
    assert await known.get("b", NOW + RELOAD_SECONDS * SECOND) is None
    known.forget()
    assert await known.get("a", NOW) is None


async def test_an_unknown_id_is_looked_up_each_time_and_found_once_it_is_there() -> None:
    registry, known = registry_of()
    for _ in range(3):
        assert await known.get("a", NOW) is None
    assert registry.asked == 3
    registry.known["a"] = Application("a", "a", (), (), "required", "optional", 0)
    assert await known.get("a", NOW) is not None
