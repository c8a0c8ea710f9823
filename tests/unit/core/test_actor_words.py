# SPDX-License-Identifier: Apache-2.0
"""Who and where: a device by its own words, a country by its name, a scanner by how it looks."""

import pytest

from counterfoil_service.core.actor_words import caller, details, doubted, scene
from counterfoil_service.core.audit_event import AuditEvent, EventName

ANDROID = "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile"
PHONE = {"source": "198.51.100.7", "user_agent": ANDROID, "browser": "Chrome on Android"}


def an_opening(**fields: str | int) -> AuditEvent:
    return AuditEvent(name=EventName.LOGIN_APPROVED, fields=fields)


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        (ANDROID, " on a phone"),
        ("Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", " on a phone"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26.0 Mobile/15E148", " on a phone"),
        ("Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1", " on a tablet"),
        ("Mozilla/5.0 (Linux; Android 15; Tab) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36", " on a tablet"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0.0.0", " on a computer"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/26.0 Safari/605.1.15", " on a computer"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", " on a computer"),
        ("curl/8.5.0", ""),
        ("Mozilla/5.0", ""),
        ("", ""),
    ],
)
def test_a_device_is_what_it_says_that_it_is(agent: str, kind: str) -> None:
    assert scene(an_opening(), PHONE | {"user_agent": agent}) == kind


def test_a_country_has_its_name_and_what_looks_automated_is_believed_no_device() -> None:
    assert scene(an_opening(country="DE"), PHONE) == " on a phone in Germany"
    assert scene(an_opening(country="GB", automation="too_soon"), PHONE) == " in the United Kingdom"
    assert scene(an_opening(country="DE"), None) == " in Germany", "a country is nobody's secret"
    assert scene(an_opening(), None) == ""


def test_details_say_by_what_from_where_when_and_how_near() -> None:
    fields: dict[str, str | int] = {
        "seconds_since_mail": 41,
        "nearness": "other_country",
        "country": "DE",
        "network": "Example Net",
    }
    assert details(an_opening(**fields), PHONE) == (
        "Chrome on Android at 198.51.100.7 (Example Net), 41 s after the mail left, "
        "in another country than the device that asked"
    )
    assert doubted(an_opening(automation="program"), PHONE).endswith("; it looks automated: it calls itself a program")
    assert doubted(an_opening(), PHONE) == "Chrome on Android at 198.51.100.7"


@pytest.mark.parametrize(
    ("browser", "agent", "named"),
    [
        ("Chrome on Android", ANDROID, "Chrome on Android"),
        ("Windows", "Mozilla/5.0 (Windows NT 10.0) SafeLinks", "Mozilla/5.0 (Windows NT 10.0) SafeLinks"),
        ("", "", "a nameless program"),
        ("", "A" * 512, "A" * 99 + "…"),
    ],
)
def test_what_opens_is_called_by_its_browser_or_by_what_it_sends(browser: str, agent: str, named: str) -> None:
    personal = {"source": "192.0.2.1", "user_agent": agent} | ({"browser": browser} if browser else {})
    assert details(an_opening(), personal) == f"{named} at 192.0.2.1"


def test_erased_is_told_apart_from_never_kept() -> None:
    assert details(an_opening(seconds_since_mail=5), None) == (
        "somebody whose details were erased, 5 s after the mail left"
    )
    assert details(an_opening(), {}) == "somebody whose details were not kept"


def test_a_caller_is_an_address_and_a_program() -> None:
    personal = {"source": "198.51.100.9", "user_agent": "counterfoil-client/0.1"}
    assert caller(personal) == ", from 198.51.100.9 (counterfoil-client/0.1)"
    assert caller(None) == ", from somebody whose details were erased"
    assert caller({}) == ""
