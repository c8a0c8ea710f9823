# SPDX-License-Identifier: Apache-2.0
"""Who may read the audit log: an auditor with a living token, nobody else, and never without a record (R139)."""

import itertools

import pytest

from counterfoil_service.operations.make_operator_token import make_operator_token
from counterfoil_service.operations.remove_operator import remove_operator
from support import acting
from support.auditor import EMAIL, Auditor, seal
from support.http import nothing_written
from support.stage import Stage

PATHS = ["/audit/events", "/audit/logins/01KAG0Q3W4M9T6E2X8D5B7N1CV", "/audit/stream", "/audit/checkpoint",
         "/audit/proof/0", "/log/checkpoint", "/log/tile/0/000.p/1", "/log/tile/entries/000.p/1"]  # fmt: skip
RECORDED = PATHS[:3] + PATHS[-1:]


@pytest.fixture
async def auditor(stage: Stage) -> Auditor:
    await acting.ask(stage)
    hired = await Auditor.hired(stage)
    await seal(stage)
    return hired


WORTHLESS = [
    None,
    "Bearer",
    "Bearer cfo_" + "A" * 43,
    "Bearer cfo_short",
    "Bearer cfo_" + "é" * 43,
    "Basic Z3JhY2U6eA==",
    "DPoP cfo_" + "A" * 43,
]


async def test_whoever_shows_no_auditors_token_learns_and_changes_nothing(auditor: Auditor) -> None:
    stage = auditor.stage
    async with nothing_written(stage):
        for header, path in itertools.product(WORTHLESS, PATHS):
            headers = {} if header is None else {b"Authorization": header.encode()}
            answer = await stage.client.get(path, headers=headers)
            assert answer.status_code == 401, (header, path)
            assert answer.json()["error"] == "invalid_token"
            assert answer.headers["www-authenticate"].startswith('Bearer realm="audit"')
            assert "DPoP-Nonce" not in answer.headers


async def test_an_operator_is_no_auditor(auditor: Auditor) -> None:
    operator = await Auditor.hired(auditor.stage, "operator", "ops@example.com")
    async with nothing_written(auditor.stage):
        for path in PATHS:
            answer = await operator.get(path)
            assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope"), path


@pytest.mark.parametrize("how", ["token", "operator", "address"])
async def test_a_token_that_was_revoked_opens_nothing_from_then_on(auditor: Auditor, how: str) -> None:
    assert (await auditor.get("/audit/events")).status_code == 200
    who = {"token": auditor.token_id, "operator": auditor.operator_id, "address": EMAIL.upper()}[how]
    await auditor.stage.database.write(remove_operator, who)
    assert {(await auditor.get(path)).status_code for path in PATHS} == {401}
    assert await auditor.stage.count("operator_tokens") == 0


async def test_revoking_one_token_leaves_the_other(auditor: Auditor) -> None:
    other = await Auditor.hired(auditor.stage)
    assert other.operator_id == auditor.operator_id
    await auditor.stage.database.write(remove_operator, auditor.token_id)
    assert (await auditor.get("/audit/events")).status_code == 401
    assert (await other.get("/audit/events")).status_code == 200


async def test_a_token_in_the_query_or_a_second_header_is_refused(auditor: Auditor) -> None:
    in_query = await auditor.stage.client.get("/audit/events", params={"access_token": auditor.token})
    assert in_query.status_code in {400, 401}
    headers = [("Authorization", f"Bearer {auditor.token}")] * 2
    twice = await auditor.stage.client.get("/audit/events", headers=headers)
    assert twice.status_code == 400


async def test_every_reading_of_events_is_an_event_and_hashes_are_not(auditor: Auditor) -> None:
    begun = await acting.ask(auditor.stage, "bob@example.com", "bobs")
    await auditor.get("/audit/events", name="login.requested", source="192.0.2.10", limit=5)
    await auditor.get(f"/audit/logins/{begun.login_id}")
    await auditor.get("/log/tile/entries/000.p/1")
    for path in ("/audit/checkpoint", "/audit/proof/0", "/log/checkpoint", "/log/tile/0/000.p/1"):
        assert (await auditor.get(path)).status_code == 200, path
    readings = [event["fields"] for event in reversed(await auditor.events(name="audit.read"))][:-1]
    mine = {"operator": auditor.operator_id}
    assert readings == [
        mine | {"part": "events", "filters": "name=login.requested&source"},
        mine | {"part": "login", "login": begun.login_id},
        mine | {"part": "entries", "from_index": 0},
    ]


async def test_no_table_holds_a_token_and_no_event_an_address(auditor: Auditor) -> None:
    everything = await acting.snapshot(auditor.stage)
    assert auditor.token not in str(everything)
    assert auditor.token[4:] not in str(everything)
    assert EMAIL not in str(everything["audit_events"])
    assert auditor.token not in repr(await auditor.stage.database.write(make_operator_token, auditor.operator_id))


async def test_use_of_a_token_is_remembered(auditor: Auditor) -> None:
    rows = "SELECT last_used_at FROM operator_tokens"
    assert await auditor.stage.rows(rows) == [(None,)]
    await auditor.get("/audit/events")
    assert await auditor.stage.rows(rows) == [(auditor.stage.clock.now,)]


async def test_with_the_record_the_reading_fails_too(auditor: Auditor, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_args: object, **_more: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("counterfoil_service.db.audit.append", broken)
    for path in RECORDED:
        answer = await auditor.get(path)
        assert answer.status_code == 500, path
        assert "login.requested" not in answer.text
