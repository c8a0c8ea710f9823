# SPDX-License-Identifier: Apache-2.0
"""What a browser is called, by its own account: as people call it, and never more than a few plain words."""

import time
from types import SimpleNamespace

import pytest
import user_agents
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil_service.core.application import has_unsafe_characters
from counterfoil_service.web.browser import labels
from counterfoil_service.web.browser.labels import label_of

BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)"
WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BLINK}"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {WEBKIT}"
PIXEL = f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {BLINK}"
WEBVIEW = f"Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) {BLINK} Version/4.0 Chrome/130.0.0.0 Mobile Safari/537.36"
AGENTS = [
    (f"Mozilla/5.0 (Linux; Android 10; K) {BLINK} Chrome/141.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
    (f"{PIXEL} SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36", "Samsung Internet on Android"),
    (f"{PIXEL} Chrome/141.0.0.0 Mobile Safari/537.36 EdgA/141.0.0.0", "Edge on Android"),
    ("Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0", "Firefox on Android"),
    (f"Mozilla/5.0 (Linux; Android 12; CUBOT X50) {BLINK} Chrome/130.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
    (f"{IPHONE} Version/26.0 Mobile/15E148 Safari/604.1", "Safari on iOS"),
    (f"{IPHONE} CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1", "Chrome on iOS"),
    (f"{IPHONE} FxiOS/143.0 Mobile/15E148 Safari/605.1.15", "Firefox on iOS"),
    (
        f"Mozilla/5.0 (iPad; CPU OS 16_7 like Mac OS X) {WEBKIT} Version/16.6 Mobile/15E148 Safari/604.1",
        "Safari on iOS",
    ),
    (f"Mozilla/5.0 (Linux; Android 13; SM-X700) {BLINK} Chrome/130.0.0.0 Safari/537.36", "Chrome on Android"),
    (
        f"Mozilla/5.0 (Linux; Android 11; KFTRWI) {BLINK} Silk/128.4.1 like Chrome/128.0.6613.187 Safari/537.36",
        "Amazon Silk on Android",
    ),
    (f"{WINDOWS} Chrome/141.0.0.0 Safari/537.36", "Chrome on Windows"),
    (f"{WINDOWS} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0", "Edge on Windows"),
    (f"{WINDOWS} Chrome/138.0.0.0 Safari/537.36 OPR/122.0.0.0", "Opera on Windows"),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Windows"),
    ("Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko", "Internet Explorer on Windows"),
    (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/18.5 Safari/605.1.15", "Safari on macOS"),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on macOS"),
    ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Ubuntu"),
    (f"Mozilla/5.0 (X11; Linux x86_64) {BLINK} Chrome/156.0.0.0 Safari/537.36", "Chrome on Linux"),
    (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {BLINK} Chrome/141.0.0.0 Safari/537.36", "Chrome on Chrome OS"),
    (WEBVIEW, "In-app browser on Android"),
    (f"{WEBVIEW} Outlook-Android/2.0", "In-app browser on Android"),
    (f"{WEBVIEW} [FB_IAB/FB4A;FBAV/480.0.0.0;]", "Facebook on Android"),
    (f"{IPHONE} Mobile/15E148", "In-app browser on iOS"),
    (f"{IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/480.0;FBDV/iPhone15,2]", "Facebook on iOS"),
    (f"{IPHONE} GSA/320.0.655 Mobile/15E148 Safari/604.1", "Google on iOS"),
    (f"{PIXEL} Chrome/130.0 Mobile Safari/537.36 Telegram-Android/11.3.3 (Google Pixel 8)", "Telegram on Android"),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0",
        "Thunderbird on Windows",
    ),
    ("Mozilla/5.0 (Linux; Android 16; Phone) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156 Mobile", "Android"),
    ("curl/8.9", "curl"),
    ("", None),
    ("nobody knows this", None),
    ("x" * 512, None),
]
HOSTILE = [
    "Mozilla/5.0 \u202eFirefox/1",
    "Firefox/1 (" + "W" * 400,
    "Chrome/\x1b[31m1",
    "\u202ebot\u2066/1.0",
    "A\u200b\ue000Bot/1.0",
    "Firefox/\u00b2.\u00b3",
    "Firefox/\u0663.\u096b",
    "Firefox/" + "1" * 5000,
    "\ud800Bot/1",
    "Mozilla/5.0 " + "(" * 20_000,
    "Mozilla/5.0 (Linux; Android " + "1." * 10_000,
    "Mozilla/5.0 (Linux; U; Android 4.0; " + "a-" * 10_000,
    "Mozilla/5.0 (iPhone; " + "x;" * 10_000,
    "Chrome/1." * 2_000,
    "Opera/9.80 (" * 2_000,
    "bot/" * 5_000,
    "A" * 20 + "-bot" * 5_000,
    " " * 20_000,
    "/ " * 10_000,
    "a" * 20_000,
]


@pytest.mark.parametrize(("agent", "label"), AGENTS)
def test_a_browser_is_called_as_people_know_it(agent: str, label: str | None) -> None:
    assert label_of(agent) == label


def _is_fit_to_be_shown(label: str | None) -> bool:
    return label is None or (0 < len(label) <= 64 and label.isprintable() and not has_unsafe_characters(label))


@pytest.mark.parametrize("agent", HOSTILE, ids=lambda agent: ascii(agent[:30]))
def test_a_label_is_quick_short_and_plain_whatever_the_header_says(agent: str) -> None:
    label_of("curl/8.9")
    began = time.perf_counter()
    assert _is_fit_to_be_shown(label_of(agent))
    assert time.perf_counter() - began < 0.1


@pytest.mark.parametrize(
    ("family", "label"),
    [("Fire\u202efox", None), ("Fire\nfox", None), ("\ue000", None), ("Other", None), ("W" * 65, "W" * 64), ("", None)],
)
def test_what_the_parser_took_from_the_header_is_checked_too(
    monkeypatch: pytest.MonkeyPatch, family: str, label: str | None
) -> None:
    part = SimpleNamespace(family=family)
    monkeypatch.setattr(user_agents, "parse", lambda _: SimpleNamespace(browser=part, os=part))
    assert label_of(f"an agent of {family!r}") == label


def test_a_long_header_is_neither_parsed_nor_remembered_whole() -> None:
    labels._label.cache_clear()
    long = AGENTS[0][0].ljust(512) + "y" * 20_000
    assert label_of(long) == label_of(long + "z") == "Chrome on Android"
    assert (labels._label.cache_info().misses, labels._label.cache_info().hits) == (1, 1)
    assert label_of("x" * 500 + " Firefox/1.0") is not None
    assert label_of("x" * 513 + " Firefox/1.0") is None


@settings(deadline=None)  # the first one loads the rules
@given(st.sampled_from([agent for agent, _ in AGENTS]), st.integers(0, 200), st.text(max_size=20))
def test_no_header_makes_a_label_unfit(agent: str, position: int, text: str) -> None:
    assert _is_fit_to_be_shown(label_of(agent[:position] + text + agent[position:]))
