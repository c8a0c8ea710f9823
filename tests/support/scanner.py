# SPDX-License-Identifier: Apache-2.0
"""A mail scanner with a browser: it fills every field and presses button after button, wherever that leads."""

from collections.abc import Callable
from typing import Any, Literal

Habit = Literal["first", "last", "in turn"]
_UNGUARDED = "Array.from(document.forms).forEach(form => { form.noValidate = true; })"


async def press_everything(page: Any, link: str, habit: Habit, fill: Callable[[], str], presses: int) -> int:
    """Open the link and press until no button is left, at most so often; how often it was.

    What a page asks of its fields is ignored, as a program's requests ignore it.
    """
    await page.goto(link)
    for pressed in range(presses):
        count = await page.locator("form button").count()
        if count == 0:
            return pressed
        await page.evaluate(_UNGUARDED)
        for field in await page.locator("form input:not([type=hidden])").all():
            await field.fill(fill())
        index = {"first": 0, "last": count - 1, "in turn": pressed % count}[habit]
        async with page.expect_navigation():
            await page.locator("form button").nth(index).click()
    return presses
