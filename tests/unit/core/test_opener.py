# SPDX-License-Identifier: Apache-2.0
"""Openers: machines that say what they are, or do what people cannot, are labelled; people are not."""

import time
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil_service.core.opener import Automation, Nearness, automation_of, nearness_of, nearness_words

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/141.0.0.0 Safari/537.36"
SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {SAFARI} Version/26.0 Mobile/15E148 Safari/604.1"
WEBVIEW = f"Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) {WEBKIT} Version/4.0 Chrome/130.0.0.0 Mobile Safari/537.36"


def label(agent: str = CHROME, *, fetch_metadata: bool = True, seconds: int | None = 60) -> Automation:
    return automation_of(user_agent=agent, fetch_metadata=fetch_metadata, seconds_since_mail=seconds)


PEOPLE = [
    CHROME,
    IPHONE,
    WEBVIEW,
    f"{CHROME} Edg/141.0.0.0",
    f"{WEBVIEW} [FB_IAB/FB4A;FBAV/480.0.0.0;]",
    f"{WEBVIEW} Instagram 350.0.0.0 Android",
    f"{WEBVIEW} Outlook-Android/2.0",
    f"{WEBVIEW} KAKAOTALK/25.2.1 (INAPP)",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {SAFARI} Mobile/15E148 [FBAN/FBIOS;FBAV/480.0]",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {SAFARI} Mobile/15E148 [LinkedInApp]/9.29",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {SAFARI} Mobile/21F79 Twitter for iPhone/10.44",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {SAFARI} Mobile/15E148 Outlook-iOS/712.1",
    f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {WEBKIT} Chrome/130.0 Mobile Safari/537.36 Telegram-Android/11.3",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Slack/4.39 Chrome/124.0 Electron/30.0 Safari/537.36",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} discord/1.0.9164 Chrome/124.0 Electron/30.2 Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 12; CUBOT X50) {WEBKIT} Chrome/130.0.0.0 Mobile Safari/537.36",
    f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} JavaFX/8.0 Safari/538.19",
    "UCWEB/2.0 (Java; U; MIDP-2.0; en-US; nokia6120c) U2/1.0.0 UCBrowser/9.4.1 U2/1.0.0 Mobile",
    "Opera/9.80 (Android; Opera Mini/36.2/119.132; U; en) Presto/2.12.423 Version/12.16",
    f"Mozilla/5.0 (Linux; arm_64; Android 14) {WEBKIT} Chrome/130.0 YaBrowser/24.10 Mobile Safari/537.36",
    f"{CHROME} Antinode/1.0",
    "the demo's phone",
]
SCANNERS = [
    "Barracuda Sentinel (EE)",
    "Mozilla/5.0 (compatible; Google-Safety; +http://www.google.com/bot.html)",
    f"{WEBKIT} (compatible; MicrosoftPreview/2.0; +https://aka.ms/MicrosoftPreview) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.1; WOW64; Trident/7.0; InfoPath.3; ms-office; MSOffice 16)",
    "Microsoft Office Existence Discovery",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "WhatsApp/2.23.20.0 A",
    "WhatsApp/2",
    f"Mozilla/5.0 (Macintosh) {SAFARI} Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "TelegramBot (like TwitterBot)",
    "http.rb/5.1.1 (Mastodon/4.2.1; +https://mastodon.social/)",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) {SAFARI} Version/13.1.1 Safari/605.1.15 (Applebot/0.1)",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    f"{CHROME} (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
]
PROGRAMS = [
    "curl/8.9.1",
    "Wget/1.21.4",
    "python-requests/2.32.3",
    "Python-urllib/3.11",
    "Python/3.10 aiohttp/3.8.1",
    "Go-http-client/2.0",
    "okhttp/4.12.0",
    "Java/1.8.0_292",
    "Java-http-client/17.0.9",
    "Apache-HttpClient/4.5.13 (Java/11.0.16)",
    "Jakarta Commons-HttpClient/3.1",
    "libwww-perl/6.67",
    "node",
    "Ruby",
    "Faraday v2.7.4",
    "Dart/3.1 (dart:io)",
    "Mozilla/5.0 (Windows NT; Windows NT 10.0; de-DE) WindowsPowerShell/5.1.22621.4391",
    "Mozilla/4.0 (compatible; Win32; WinHttp.WinHttpRequest.5)",
    "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/UQ1A)",
    "Reminders/1 CFNetwork/1485 Darwin/23.1.0",
    f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1",
]


@pytest.mark.parametrize("agent", PEOPLE)
def test_people_are_not_taken_for_machines(agent: str) -> None:
    assert label(agent) == "none"


@pytest.mark.parametrize("agent", SCANNERS)
def test_a_scanner_or_a_preview_that_says_so_is_one(agent: str) -> None:
    assert label(agent) == label(agent.upper()) == label(agent.lower()) == "known_scanner"


@pytest.mark.parametrize("agent", PROGRAMS)
def test_a_program_that_says_so_is_one(agent: str) -> None:
    assert label(agent) == label(agent.upper()) == "program"


@pytest.mark.parametrize("agent", ["", " ", "\t\r\n"])
def test_an_agent_that_says_nothing_is_none(agent: str) -> None:
    assert label(agent) == "no_agent"


@pytest.mark.parametrize(
    ("seconds", "expected"), [(None, "none"), (3, "none"), (2, "too_soon"), (0, "too_soon"), (-1, "too_soon")]
)
def test_nobody_opens_a_link_within_two_seconds_of_its_mail(seconds: int | None, expected: str) -> None:
    assert label(seconds=seconds) == expected


def test_the_most_telling_reason_stands_first() -> None:
    assert label("", fetch_metadata=False, seconds=0) == "no_agent"
    assert label(f"{CHROME} curl/8 Slackbot 1.0", fetch_metadata=False, seconds=0) == "known_scanner"
    assert label(f"{CHROME} curl/8", fetch_metadata=False, seconds=0) == "program"
    assert label(CHROME, fetch_metadata=False, seconds=0) == "too_soon"
    assert label(CHROME, fetch_metadata=False) == "no_fetch_metadata"


MAC = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {SAFARI}"
MISSED = [
    CHROME,
    WEBVIEW,
    IPHONE,
    "x Chrome/76.0",
    f"{MAC} Version/16.4 Safari/605.1.15",
    f"{MAC} Version/26.0 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; rv:90.0) Gecko/20100101 Firefox/90.0",
    "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 16_4 like Mac OS X) {SAFARI} CriOS/112.0 Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) {SAFARI} FxiOS/120.0 Mobile/15E148 Safari/605.1.15",
]
NOT_MISSED = [
    "x Chrome/75.0",
    "x Chrome/7.0",
    "Mozilla/5.0 (Windows NT 10.0; rv:89.0) Gecko/20100101 Firefox/89.0",
    f"{MAC} Version/16.3 Safari/605.1.15",
    f"{MAC} Version/9.10 Safari/605.1.15",
    f"{MAC}",
    f"{MAC} Version/16.4",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 16_3 like Mac OS X) {SAFARI} CriOS/140.0 Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (iPad; CPU OS 9_3 like Mac OS X) {SAFARI} Version/9.0 Mobile/13E233 Safari/601.1",
    f"Mozilla/5.0 (X11; Linux x86_64) {SAFARI} Version/16.4 Safari/605.1.15",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/70.0.3538.102 Safari/537.36 Edge/18.18363",
    "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Goanna/6.7 Firefox/115.0 PaleMoon/33.3",
    "Mozilla/5.0 (X11; Linux x86_64; rv:91.0) Gecko/20100101 Firefox/91.0 SeaMonkey/2.53.18",
    f"Mozilla/5.0 (Linux; U; Android 11) {WEBKIT} Version/4.0 Chrome/100.0 UCBrowser/13.4 Mobile Safari/537.36",
    "the demo's phone",
    "Chrome/",
    "Chrome/x",
    "NotChrome/141.0",
]


@pytest.mark.parametrize("agent", MISSED)
def test_a_browser_that_would_send_fetch_metadata_and_does_not_is_labelled(agent: str) -> None:
    assert label(agent, fetch_metadata=False) == "no_fetch_metadata"
    assert label(agent, fetch_metadata=True) == "none"


@pytest.mark.parametrize("agent", NOT_MISSED)
def test_absent_fetch_metadata_says_nothing_of_a_browser_that_never_sends_it(agent: str) -> None:
    assert label(agent, fetch_metadata=False) == "none"


@given(st.text(max_size=600), st.booleans(), st.none() | st.integers())
def test_any_request_gets_a_label(agent: str, fetch_metadata: bool, seconds: int | None) -> None:  # noqa: FBT001 - hypothesis passes by name
    assert label(agent, fetch_metadata=fetch_metadata, seconds=seconds) in get_args(Automation)


@pytest.mark.parametrize(
    "part",
    [
        "macintosh; ",
        "macintosh; version/1.1 ",
        "curl",
        "chrome/",
        "cpu os ",
        "java-",
        "\u0130",
        "9" * 10_000,
        "chrome/" + "9" * 5000,
    ],
)
def test_a_long_agent_is_cut_before_it_costs_anything(part: str) -> None:
    began = time.perf_counter()
    assert label(part * (20_000 // len(part) + 1), fetch_metadata=False) in get_args(Automation)
    assert time.perf_counter() - began < 0.1


@pytest.mark.parametrize(
    ("same_network", "asked", "opened", "nearness"),
    [
        (True, None, None, "same_network"),
        (True, "DE", "FR", "same_network"),
        (False, "DE", "DE", "same_country"),
        (False, "DE", "FR", "other_country"),
        (False, None, "DE", "unknown"),
        (False, "DE", None, "unknown"),
        (False, None, None, "unknown"),
    ],
)
def test_nearness_claims_nothing_that_is_not_known(
    *, same_network: bool, asked: str | None, opened: str | None, nearness: Nearness
) -> None:
    assert nearness_of(same_network=same_network, asked_country=asked, opened_country=opened) == nearness


def test_every_nearness_but_the_unknown_has_words() -> None:
    words = {nearness: nearness_words(nearness) for nearness in get_args(Nearness)}
    assert words == {
        "same_network": "on the same network as the device that asked",
        "same_country": "in the same country as the device that asked",
        "other_country": "in another country than the device that asked",
        "unknown": None,
    }
