# SPDX-License-Identifier: Apache-2.0
"""Lists that must agree with each other: value types, error codes and statuses, settings."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

import counterfoil_service
from counterfoil_service.core.errors import ErrorCode, Refusal
from counterfoil_service.settings import _WAYS_OUT, PREFIX
from counterfoil_service.web import problems

ROOT = Path(__file__).parents[2]
SETTINGS_PAGE = ROOT / "docs" / "reference" / "settings.md"
MUTABLE = {"Pace"}
"""Structs that are state and not values: how fast a login's device polls, in one process."""


def modules(*floors: str) -> Iterator[ModuleType]:
    for floor in floors:
        package = importlib.import_module(f"{counterfoil_service.__name__}.{floor}")
        yield package
        for found in pkgutil.walk_packages(getattr(package, "__path__", []), f"{package.__name__}."):
            yield importlib.import_module(found.name)


def structs(*floors: str) -> list[type[msgspec.Struct]]:
    found = {
        value
        for module in modules(*floors)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, msgspec.Struct) and value.__module__ == module.__name__
    }
    return sorted(found, key=lambda each: each.__qualname__)


@pytest.mark.parametrize(
    "struct", structs("core", "operations", "db", "crypto", "settings"), ids=lambda each: each.__qualname__
)
def test_every_value_type_is_frozen(struct: type[msgspec.Struct]) -> None:
    assert struct.__struct_config__.frozen != (struct.__name__ in MUTABLE)


def test_the_look_for_value_types_finds_them() -> None:
    names = {each.__name__ for each in structs("core", "operations")}
    assert {"Application", "AuditEvent", "Grant", "StartLogin", "CollectLogin", "Transition"} <= names
    assert len(names) > 20


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_error_code_has_a_status_with_a_title(code: ErrorCode) -> None:
    status = problems.status_of(Refusal(code, "no"))
    assert problems.title_of(status)
    assert status in {400, 401, 403, 404, 405, 413, 500, 503}


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (ErrorCode.INVALID_CLIENT, 401),
        (ErrorCode.INVALID_TOKEN, 401),
        (ErrorCode.INSUFFICIENT_USER_AUTHENTICATION, 401),
        (ErrorCode.INSUFFICIENT_SCOPE, 403),
        (ErrorCode.NOT_FOUND, 404),
        (ErrorCode.METHOD_NOT_ALLOWED, 405),
        (ErrorCode.REQUEST_TOO_LARGE, 413),
        (ErrorCode.SERVER_ERROR, 500),
        (ErrorCode.TEMPORARILY_UNAVAILABLE, 503),
        (ErrorCode.AUTHORIZATION_PENDING, 400),
        (ErrorCode.SLOW_DOWN, 400),
        (ErrorCode.ACCESS_DENIED, 400),
        (ErrorCode.EXPIRED_TOKEN, 400),
        (ErrorCode.INVALID_GRANT, 400),
        (ErrorCode.INVALID_DPOP_PROOF, 400),
        (ErrorCode.USE_DPOP_NONCE, 400),
    ],
)
def test_statuses_are_those_of_the_contract(code: ErrorCode, status: int) -> None:
    assert problems.status_of(Refusal(code, "no")) == status


def test_only_slow_down_becomes_a_429_and_only_when_it_says_how_long() -> None:
    limited = {code for code in ErrorCode if problems.status_of(Refusal(code, "no", retry_after=5)) == 429}
    assert limited == {ErrorCode.SLOW_DOWN}


@pytest.mark.parametrize("name", sorted(_WAYS_OUT))
def test_every_setting_is_documented(name: str) -> None:
    assert re.search(rf"\b{PREFIX}{name}\b", SETTINGS_PAGE.read_text("utf-8"))


def test_no_setting_is_documented_that_there_is_not() -> None:
    page = SETTINGS_PAGE.read_text("utf-8")
    named = {word.removesuffix("_FILE") for word in re.findall(rf"\b{PREFIX}([A-Z][A-Z_]*[A-Z])\b", page)}
    assert named <= set(_WAYS_OUT)
