# SPDX-License-Identifier: Apache-2.0
"""No other site presses our buttons: both headers, where sent, must speak for us [R39]; and 403 comes before 410."""

from itertools import product
from pathlib import Path

import pytest

from counterfoil_service.web.same_site import origin_of
from support.http import is_page, nothing_written, refused
from support.stage import ISSUER, OpenStage, Stage

FETCH_SITES = {None: True, "same-origin": True, "none": True, "same-site": False, "cross-site": False, "": False,
               "Same-Origin": False, "same-origin, cross-site": False}  # fmt: skip
ORIGINS = {None: True, "null": True, ISSUER: True, "https://evil.example": False, ISSUER + ":8443": False,
           ISSUER + ":443": False, "http://id.example": False, ISSUER + "/": False, ISSUER + ".evil.example": False,
           "https://evil.example@id.example": False, "https://ID.example": False, "": False, "NULL": False,
           "https://sub.id.example": False}  # fmt: skip


def _headers(fetch_site: str | None, origin: str | None) -> dict[str, str]:
    pairs = {"Sec-Fetch-Site": fetch_site, "Origin": origin}
    return {name: value for name, value in pairs.items() if value is not None}


async def test_only_our_own_page_or_no_page_may_post(sqlite_stage: Stage) -> None:
    asked = await sqlite_stage.start()
    secret = await sqlite_stage.secret()
    async with nothing_written(sqlite_stage):
        for fetch_site, origin in product(FETCH_SITES, ORIGINS):
            allowed = FETCH_SITES[fetch_site] and ORIGINS[origin]
            answer = await sqlite_stage.decide(secret, "approve", "x", _headers(fetch_site, origin))
            assert answer.status_code == (422 if allowed else 403), (fetch_site, origin)
    refused(await sqlite_stage.poll(asked), 400, "authorization_pending")


@pytest.mark.parametrize("action", ["approve", "reject", "report", "here", "x"])
async def test_a_foreign_page_learns_and_does_nothing(sqlite_stage: Stage, action: str) -> None:
    asked = await sqlite_stage.start()
    secret = await sqlite_stage.secret()
    async with nothing_written(sqlite_stage):
        answers = [
            await sqlite_stage.decide(
                tried, action, asked.user_code, {"Sec-Fetch-Site": "cross-site", "Origin": "null"}
            )
            for tried in (secret, "A" * 43, "malformed")
        ]
    pages = [is_page(answer, 403) for answer in answers]
    assert all(secret not in page and "Desk App" not in page for page in pages)


async def test_a_foreign_page_is_refused_before_its_body_is_read(sqlite_stage: Stage) -> None:
    headers = {"Origin": "https://evil.example", "Content-Type": "text/plain"}
    assert (await sqlite_stage.client.post("/l", content=b"\xff" * 100, headers=headers)).status_code == 403


async def test_a_rejection_needs_no_browser_headers(sqlite_stage: Stage) -> None:
    await sqlite_stage.start()
    assert (await sqlite_stage.decide(await sqlite_stage.secret(), "reject")).status_code == 200


@pytest.mark.parametrize(
    ("issuer", "origin"),
    [
        ("https://ID.Example", "https://id.example"),
        ("https://id.example:443", "https://id.example"),
        ("https://id.example:8443/auth", "https://id.example:8443"),
        ("http://localhost:80", "http://localhost"),
        ("http://127.0.0.1:443", "http://127.0.0.1:443"),
        ("http://[::1]:8080/x", "http://[::1]:8080"),
    ],
)
async def test_a_browser_writes_the_origin_in_its_own_way(
    issuer: str, origin: str, sqlite_url: str, tmp_path: Path, open_stage: OpenStage
) -> None:
    assert origin_of(issuer) == origin
    async with open_stage(sqlite_url, tmp_path, public_url=issuer) as stage:
        asked = await stage.start()
        secret = await stage.secret()
        assert (await stage.decide(secret, "approve", "x", {"Origin": "http://evil.example"})).status_code == 403
        assert (await stage.decide(secret, "approve", asked.user_code, {"Origin": origin})).status_code == 200
