# SPDX-License-Identifier: Apache-2.0
"""People as somebody of the staff finds them at the console, and what the log then says."""

import json

import httpx2

from support.staff import Staff
from support.stage import Stage


async def search(staff: Staff, who: str) -> httpx2.Response:
    """Type it into the field of `/console/people`."""
    return await staff.press(await staff.get("/people"), "search", who=who)


async def person_of(staff: Staff, who: str) -> httpx2.Response:
    """The page of whoever is called exactly that."""
    led = await search(staff, who)
    assert led.status_code == 303, led.text[-500:]
    page = await staff.browser.follow(led)
    assert page.status_code == 200, page.text[-500:]
    return page


async def told(stage: Stage, name: str) -> list[dict[str, object]]:
    """The fields of every event of this name."""
    rows = await stage.rows(f"SELECT fields FROM audit_events WHERE name = '{name}' ORDER BY position")  # noqa: S608 - a name from the test
    return [json.loads(row[0]) for row in rows]


def addresses(page: httpx2.Response) -> list[str]:
    """Those of a list, in its order."""
    rows = page.text.partition("<tbody>")[2].split('<a class="address"')[1:]
    return [row.partition("<bdi>")[2].partition("</bdi>")[0] for row in rows]
