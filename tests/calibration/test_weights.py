# SPDX-License-Identifier: Apache-2.0
"""The rules that the weights were chosen by, on a machine that says everything of itself."""

from itertools import combinations

import pytest

from counterfoil_service.core.evidence import MACHINE, WEIGHTS, Band, Evidence, compare

WHOLE = Evidence("s", dict.fromkeys(WEIGHTS, "then"))
ORDINARY = ("hostname", "display", "memory", "key_storage", "locale", "os_version", "timezone", "app")
STEADY = ("cpu", "product", "environment")


def band(*differing: str) -> Band:
    return compare(WHOLE, Evidence("s", WHOLE.attributes | dict.fromkeys(differing, "now"))).band


def test_they_add_up_to_a_hundred_so_that_a_weight_is_a_score() -> None:
    assert sum(WEIGHTS.values()) == 100


def test_all_that_ordinary_life_changes_may_change_at_once() -> None:
    assert band(*ORDINARY) is Band.NORMAL


@pytest.mark.parametrize("name", [name for name in WEIGHTS if name != MACHINE])
def test_no_attribute_but_the_machine_s_id_alarms_by_itself(name: str) -> None:
    assert band(name) is Band.NORMAL


@pytest.mark.parametrize("names", list(combinations(STEADY, 2)), ids=" and ".join)
def test_two_of_processor_product_and_environment_alarm(names: tuple[str, ...]) -> None:
    assert band(*names) is not Band.NORMAL


def test_other_hardware_needs_a_fresh_sign_in() -> None:
    assert band("cpu", "product", "cpu_count", "memory") is Band.FRESH
    assert band(MACHINE) is Band.FRESH
