# SPDX-License-Identifier: Apache-2.0
"""A sibling host may plant cookies whose names only look like ours: none of them is ours."""

import httpx2
import pytest

from support.stage import Stage
from support.surfer import BROWSER, SESSION, Surfer

BLANKS = ["\xa0", "\x85", "\x1c", "\x1d", "\x1e", "\x1f", "\x0b", "\x0c"]


async def account(stage: Stage, *cookie_headers: bytes) -> httpx2.Response:
    headers = [(b"cookie", header) for header in cookie_headers]
    return await stage.client.get("/account", headers=headers)


async def session_of(stage: Stage, address: str) -> bytes:
    async with Surfer(stage) as surfer:
        await surfer.sign_in(address)
        return str(surfer.cookies[SESSION]).encode()


@pytest.mark.parametrize("blank", BLANKS)
async def test_a_name_with_a_blank_before_or_behind_it_is_another_name(sqlite_stage: Stage, blank: str) -> None:
    value = await session_of(sqlite_stage, "mallory@example.com")
    name, around = SESSION.encode(), blank.encode("latin-1")
    assert (await account(sqlite_stage, name + b"=" + value)).status_code == 200
    for planted in (around + name, name + around):
        assert (await account(sqlite_stage, planted + b"=" + value)).status_code == 303


async def test_of_two_cookies_of_one_name_neither_is_believed(sqlite_stage: Stage) -> None:
    """One of them was planted, and nothing says which."""
    ada = await session_of(sqlite_stage, "ada@example.com")
    mallory = await session_of(sqlite_stage, "mallory@example.com")
    name = SESSION.encode()
    both = (name + b"=" + ada, name + b"=" + mallory)
    assert (await account(sqlite_stage, b"; ".join(both))).status_code == 303
    assert (await account(sqlite_stage, *both)).status_code == 303


async def test_a_planted_browser_gets_no_link_without_a_code(sqlite_stage: Stage) -> None:
    """Mallory asks for a link to ada's address and plants his own browser's name in hers: she must still type."""
    async with Surfer(sqlite_stage) as mallory:
        await mallory.ask(await mallory.client.get("/sign-in"), "ada@example.com")
        name = str(mallory.cookies[BROWSER]).encode()
    secret = await sqlite_stage.secret()
    for blank in BLANKS:
        planted = blank.encode("latin-1") + BROWSER.encode() + b"=" + name
        page = await sqlite_stage.client.get(f"/l/{secret}", headers=[(b"cookie", planted)])
        assert 'name="user_code"' in page.text
        form = {"secret": secret, "action": "approve"}
        answer = await sqlite_stage.client.post("/l", data=form, headers=[(b"cookie", planted)])
        assert answer.status_code == 422
