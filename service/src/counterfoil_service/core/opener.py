# SPDX-License-Identifier: Apache-2.0
"""Who opened a link, as far as its own words go: labels and sentences for audit and people, never a reason [R37]."""

import re
from typing import Literal

from counterfoil_service.core.words import N_

Automation = Literal["none", "no_agent", "known_scanner", "program", "too_soon", "no_fetch_metadata"]
Nearness = Literal["same_network", "same_country", "other_country", "unknown"]

TOO_SOON = 2
"""Seconds: nobody receives a mail, opens it and follows its link in less."""

_MAX_READ = 512

_SCANNERS = (
    # Mail security. Most wear a browser's agent or none; Barracuda is known from servers' logs to say its name.
    # Proofpoint and Mimecast document no agent: they stand here for the day they do.
    "barracuda", "proofpoint", "mimecast", "google-safety", "virustotal",
    # Microsoft 365: previews in Outlook, Teams and Skype, and what Office asks before it hands a link to the browser.
    "bingpreview", "microsoftpreview", "skypeuripreview", "ms-office", "microsoft office",
    # Mail on the web: images and previews fetched on the reader's behalf.
    "googleimageproxy", "yahoomailproxy", "yahoo link preview",
    # A link passed on in a chat. iMessage says that it is Facebook's and Twitter's, Signal that it is WhatsApp's. Their
    # in-app browsers have other names: Slack_SSB, Telegram-Android, FBAN, LinkedInApp, "Twitter for iPhone".
    "slackbot", "slack-imgproxy", "whatsapp/", "facebookexternalhit", "facebot", "meta-externalfetcher", "twitterbot",
    "linkedinbot", "discordbot", "telegrambot", "googlemessages/", "kakaotalk-scrap", "vkshare", "redditbot",
    "pinterestbot", "snap url preview", "iframely", "embedly", "(mastodon/",
    # Search. One name each: "bot" alone would catch the telephones of Cubot.
    "googlebot", "google web preview", "bingbot", "applebot", "yandexbot", "duckduckbot", "baiduspider", "petalbot",
    "mail.ru_bot", "yahoo! slurp",
)  # fmt: skip

_PROGRAMS = (
    "curl", "wget", "python-requests", "python-urllib", "python-httpx", "aiohttp", "go-http-client", "okhttp", "java",
    "java-http-client", "apache-httpclient", "commons-httpclient", "libwww-perl", "lwp::simple", "node", "node-fetch",
    "undici", "axios", "guzzlehttp", "ruby", "faraday", "reqwest", "dart", "windowspowershell", "powershell",
    "postmanruntime", "insomnia", "httpie", "scrapy", "winhttp.winhttprequest", "dalvik", "cfnetwork",
    # Browsers that nobody looks at.
    "headlesschrome", "phantomjs", "chrome-lighthouse",
)  # fmt: skip
# A product with its version, or at the end: "java" is neither in "JavaFX/8" nor in the "(Java; U;" of old telephones.
_PROGRAM = re.compile(rf"(?<![a-z0-9_-])(?:{'|'.join(map(re.escape, _PROGRAMS))})(?:[/ .]v?[0-9]|$)")

# From these versions on a browser sends Sec-Fetch-Site with each request over https or to loopback, says MDN.
# On iOS every browser is the system's WebKit, whatever name it wears; on a Mac an app's own view tells no version.
_SENDS_FETCH_METADATA = (
    (re.compile(r"(?<![a-z])chrome/([0-9]{1,4})"), (76, 0)),
    (re.compile(r"(?<![a-z])firefox/([0-9]{1,4})"), (90, 0)),
    (re.compile(r"\bcpu (?:iphone )?os ([0-9]{1,3})_([0-9]{1,3})"), (16, 4)),
    (re.compile(r"\bmacintosh;.*\bversion/([0-9]{1,3})\.([0-9]{1,3}).* safari/"), (16, 4)),
)
# They claim an engine's version to please websites and have an older or another one, or a server that renders for them.
_OTHER_ENGINES = (
    "goanna/", "seamonkey/", "ucbrowser/", "mqqbrowser/", "micromessenger/", "opera mini/", "puffin/", "servo/",
)  # fmt: skip


def automation_of(*, user_agent: str, fetch_metadata: bool, seconds_since_mail: int | None) -> Automation:
    """Why an opening looks like a machine's, the most telling reason first; a label of the audit record and no more.

    It must never change an outcome: scanners say that they are people, and people's browsers look odd. `fetch_metadata`
    is whether any Sec-Fetch-… header came; the seconds are None where the mail has not left, and 0 while it is
    still being handed over.
    """
    agent = user_agent[:_MAX_READ].strip().lower()
    if not agent:
        return "no_agent"
    if any(name in agent for name in _SCANNERS):
        return "known_scanner"
    if _PROGRAM.search(agent):
        return "program"
    if seconds_since_mail is not None and seconds_since_mail <= TOO_SOON:
        return "too_soon"
    if not fetch_metadata and _would_send_it(agent):
        return "no_fetch_metadata"
    return "none"


def _would_send_it(agent: str) -> bool:
    if any(name in agent for name in _OTHER_ENGINES):
        return False
    for pattern, since in _SENDS_FETCH_METADATA:
        if claimed := pattern.search(agent):
            # The first that is found decides: an old Chrome on Android claims Safari too.
            return tuple(int(part) for part in claimed.groups()) >= since[: len(claimed.groups())]
    return False


def nearness_of(*, same_network: bool, asked_country: str | None, opened_country: str | None) -> Nearness:
    """How far the opener is from the device that asked, by what the networks of both say."""
    if same_network:
        return "same_network"
    if asked_country is None or opened_country is None:
        return "unknown"
    return "same_country" if asked_country == opened_country else "other_country"


def nearness_words(nearness: Nearness) -> str | None:
    """To go on after "opened": None where there is nothing to say."""
    return _NEARNESS_WORDS[nearness]


_NEARNESS_WORDS: dict[Nearness, str | None] = {
    "same_network": N_("on the same network as the device that asked"),
    "same_country": N_("in the same country as the device that asked"),
    "other_country": N_("in another country than the device that asked"),
    "unknown": None,
}

AUTOMATION_WORDS: dict[Automation, str] = {
    "none": "",
    "no_agent": "it does not say what it is",
    "known_scanner": "it calls itself a scanner or a previewer",
    "program": "it calls itself a program",
    "too_soon": "nobody is that quick",
    "no_fetch_metadata": "a browser of its name would send more",
}
