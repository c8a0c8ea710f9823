# SPDX-License-Identifier: Apache-2.0
"""A16: a page that holds a secret asks no other origin for anything, and tells no other page where it was."""

import asyncio

from attack.kit.target import Target
from attack.kit.verdict import demand

ROW = "A16"
ATTACK = "the secret leaves by Referer, cache or what a page loads"
HEADERS = {"referrer-policy": "no-referrer", "cache-control": "no-store", "x-content-type-options": "nosniff",
           "x-robots-tag": "noindex"}  # fmt: skip


async def attack(target: Target) -> str:
    """Every page of a login in a browser, and the headers of each."""
    started = await target.start()
    letter = await target.letter(started)
    answers = [await target.open(letter.secret), await target.open("A" * 43)]
    visited = await asyncio.to_thread(_visit, target, letter.link, started.user_code)
    answers.append(await target.open(letter.secret))
    for answer in answers:
        for name, value in HEADERS.items():
            got = answer.headers.get(name, "")
            demand(value in got, f"a page of a login says {name}: {got or 'nothing'}")
    demand(len(visited) == 1, f"pages of a login ask several origins: {', '.join(sorted(visited))}")
    return f"pages before and after the approval ask {visited.pop()} alone, are not kept and send no Referer"


def _visit(target: Target, link: str, code: str) -> set[str]:
    phone = target.chromium().phone(locale="en-US")
    try:
        assert phone.approve(link, code) == 200
        return phone.hosts
    finally:
        phone.run(phone.page.context.close())
