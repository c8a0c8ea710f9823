# SPDX-License-Identifier: Apache-2.0
"""The `wait` preference, and the paces that a process remembers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.application import Application
from counterfoil_service.core.evidence import Evidence
from counterfoil_service.web.bound_logins import Bearer
from counterfoil_service.web.pace import FORGOTTEN_AFTER, Paces
from counterfoil_service.web.polling import preferred_wait

NOW = 1_795_000_000_000_000


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        ("wait=0", 0),
        ("wait=25", 25),
        ("wait=26", 25),
        ("wait=999999999", 25),
        ("WAIT=7", 7),
        ('wait="7"', 7),
        ("wait = 7 ; x=y", 7),
        ("respond-async, wait=7", 7),
        ("wait=7, respond-async", 7),
        ("", None),
        ("wait", None),
        ("wait=", None),
        ("wait=-7", None),
        ("wait=+7", None),
        ("wait=7s", None),
        ("wait=7.5", None),
        ("wait=\u0667", None),
        ("wait=7 7", None),
        ("xwait=7", None),
        ("wait=10000000000", None),
    ],
)
def test_a_preference_is_read_or_ignored(prefer: str, seconds: int | None) -> None:
    assert preferred_wait(prefer) == seconds


@given(st.text(max_size=100))
def test_no_preference_holds_a_poll_longer_than_allowed(prefer: str) -> None:
    assert preferred_wait(prefer) in {None, *range(26)}


def test_a_long_preference_is_read_in_no_time() -> None:
    assert preferred_wait(" " * 16_000 + "wait=" + "9" * 8) == 25
    assert preferred_wait("wait=1" * 2_000) is None


def test_a_bearers_repr_shows_no_code() -> None:
    application = Application("desk-app", "A", (), (), "required", "optional", 0)
    bearer = Bearer("device-code", application, None, Evidence("print", {}))
    assert repr(bearer) == "Bearer(application='desk-app')"


def test_paces_of_devices_that_went_away_are_forgotten() -> None:
    paces = Paces()
    for number in range(3):
        paces.of(str(number)).received_at = NOW + number
    paces.of("0").held = True
    paces.prune(NOW + FORGOTTEN_AFTER + 2)
    assert set(paces._paces) == {"0", "2"}
    assert paces.of("2").received_at == NOW + 2
    paces.forget("2")
    paces.forget("2")
    assert paces.of("2").received_at == 0


def test_a_first_poll_is_never_early() -> None:
    pace = Paces().of("x")
    assert not pace.is_early(5, NOW)
    pace.received_at = NOW
    assert pace.is_early(5, NOW + 4_999_999)
    assert not pace.is_early(5, NOW + 5_000_000)
