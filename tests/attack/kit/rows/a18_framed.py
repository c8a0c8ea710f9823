# SPDX-License-Identifier: Apache-2.0
"""A18: the page in a frame of somebody else's, where a click is not what it seems."""

import asyncio
from typing import Any

from attack.kit.target import Target
from attack.kit.verdict import demand

ROW = "A18"
ATTACK = "the link's page is shown in a foreign frame"
FRAME = (
    "<!doctype html><title>Win a prize</title><iframe src={!r} style='opacity:.01;width:390px;height:800px'></iframe>"
)


async def attack(target: Target) -> str:
    """In a real browser, and by the header."""
    letter = await target.letter(await target.start())
    text = await asyncio.to_thread(_framed, target, letter.link)
    demand("Reject" not in text, "a foreign page shows the link's page, buttons and all, in a frame")
    policy = (await target.open(letter.secret)).headers.get("content-security-policy", "")
    demand("frame-ancestors 'none'" in policy, f"any site may frame the page: {policy or 'no policy at all'}")
    return "the browser shows nothing in the frame; the policy names no ancestor"


def _framed(target: Target, link: str) -> str:
    phone = target.chromium().phone(locale="en-US")
    try:
        return phone.run(_text(phone.page, link))
    finally:
        phone.run(phone.page.context.close())


async def _text(page: Any, link: str) -> str:
    await page.set_content(FRAME.format(link), wait_until="networkidle")
    return "\n".join([await frame.locator("html").inner_text() for frame in page.frames[1:]])
