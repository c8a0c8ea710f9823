# SPDX-License-Identifier: Apache-2.0
"""A3: the attacker asks with the victim's address, and the victim's own mail gateway goes through the mail."""

import asyncio
import re
from email.message import EmailMessage

import httpx2

from attack.kit.forms import PageReader
from attack.kit.target import Target, word
from attack.kit.verdict import demand
from journeys.codes import random_code
from support.scanner import press_everything

ROW = "A3"
ATTACK = "a scanner goes through the victim's mail while the attacker's device waits"
WORDS = re.compile(r"\b[A-Za-z]{3}-?[A-Za-z]{3}\b")


async def attack(target: Target) -> str:
    """Programs follow every link and send every form, filled with what mail and page say; browsers press."""
    started = await target.start(device_label="Your computer")
    letter = await target.letter(started)
    held = asyncio.create_task(target.poll(started, wait=25))
    sent = await _follow(target, letter.message)
    heard = word(await held)
    demand(heard != "tokens", f"{sent} requests of a scanner signed the attacker's device in")
    other = await target.start()
    link = (await target.letter(other)).link
    held = asyncio.create_task(target.poll(other, wait=25))
    pressed = await asyncio.to_thread(_press, target, link)
    word_of_browser = word(await held)
    demand(word_of_browser != "tokens", f"{pressed} presses of a scanner's browser signed the attacker's device in")
    return f"a program's {sent} requests: {heard}; a browser's {pressed} presses: {word_of_browser}"


async def _follow(target: Target, message: EmailMessage) -> int:
    """Every link of every part by HEAD and GET; every form by every button, empty and with words from the mail."""
    parts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    links = {link for part in parts for link in re.findall(r"https?://[^\s\"'<>]+", part)}
    guesses = ["", *sorted({found for part in parts for found in WORDS.findall(part)})[:8]]
    sent = 0
    async with target.client() as client:
        for link in sorted(links):
            await client.head(link)
            page = await client.get(link)
            sent += 2
            for form in PageReader(page.text).forms:
                for button in form.buttons:
                    for guess in guesses:
                        fields = form.hidden | dict.fromkeys(form.typed, guess) | dict([button])
                        sent += 1
                        answer = await client.post(form.action, data=fields)
                        if answer.status_code == httpx2.codes.GONE:
                            return sent
    return sent


def _press(target: Target, link: str) -> int:
    with target.chromium().phone() as scanner:
        return scanner.run(press_everything(scanner.page, link, "in turn", random_code, 12))
