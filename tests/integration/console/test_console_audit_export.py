# SPDX-License-Identifier: Apache-2.0
"""What is shown, taken along: the same lines as any export of the log, and never more than was asked for."""

import json
import re
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from litestar.exceptions import LitestarException

from counterfoil_service.core.leaf import parse_leaf
from counterfoil_service.spellings import FORMATS
from counterfoil_service.web.console import audit_export
from support.auditor import seal
from support.http import execute, nothing_written
from support.staff import Staff
from support.stage import Stage
from support.surfer import Surfer


@pytest.fixture
async def staff(stage: Stage) -> AsyncIterator[Staff]:
    async with Surfer(stage) as browser:
        hired = await Staff.hired(browser, "auditor")
        stage.clock.advance(1)
        await stage.approved("bob@example.com")
        await seal(stage)
        yield hired


async def test_it_is_what_the_filters_fit_newest_first_and_sealed(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_export, "PAGE", 2)
    answer = await staff.get("/audit/export?format=jsonl")
    lines = answer.text.splitlines()
    leaves = [parse_leaf(line.encode()) for line in lines]
    rows = await staff.stage.rows(
        "SELECT id FROM audit_events WHERE leaf_index IS NOT NULL ORDER BY time DESC, position DESC"
    )
    assert [leaf.id for leaf in leaves] == [bytes(event_id).hex() for (event_id,) in rows]
    assert "bob@example.com" not in answer.text
    some = await staff.get("/audit/export?format=jsonl&name=login.approved")
    assert {json.loads(line)["type"] for line in some.text.splitlines()} == {"login.approved"}


@pytest.mark.parametrize("form", FORMATS)
async def test_every_format_is_a_file_named_by_the_time(staff: Staff, form: str) -> None:
    answer = await staff.get(f"/audit/export?format={form}&enterprise=12345")
    assert answer.status_code == 200
    assert re.fullmatch(
        r'attachment; filename="audit-2026\d{4}T\d{6}Z\.[a-z.]+"', answer.headers["content-disposition"]
    )
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.text.splitlines()) > 5
    assert "bob@example.com" not in answer.text


async def test_it_is_recorded_before_the_first_byte_without_addresses(staff: Staff) -> None:
    await staff.get("/audit/export?" + urlencode({"format": "csv", "source": "192.0.2.10", "outcome": "success"}))
    (row,) = await staff.stage.rows("SELECT fields FROM audit_events WHERE name = 'audit.exported'")
    assert json.loads(row[0]) == {
        "operator": staff.operator_id,
        "format": "csv",
        "filters": "outcome=success&source",
    }


async def test_an_unknown_format_and_a_wrong_filter_export_nothing(staff: Staff) -> None:
    async with nothing_written(staff.stage):
        assert (await staff.get("/audit/export?format=xml")).status_code == 400
        assert (await staff.get("/audit/export")).status_code == 400
        assert (await staff.get("/audit/export?format=csv&outcome=maybe")).status_code == 422


@pytest.mark.parametrize("number", ["", "0", "x"])
async def test_syslog_needs_a_number_of_ones_own(staff: Staff, number: str) -> None:
    answer = await staff.get(f"/audit/export?format=syslog&outcome=success&enterprise={number}")
    assert answer.status_code == 422
    assert 'id="enterprise-error"' in answer.text
    assert "<option selected>syslog</option>" in answer.text
    assert await staff.stage.rows("SELECT 1 FROM audit_events WHERE name = 'audit.exported'") == []


async def test_a_copy_of_a_log_that_was_edited_never_looks_whole(staff: Staff) -> None:
    await execute(staff.stage, "UPDATE audit_events SET fields = 'x' WHERE leaf_index = 1")
    with pytest.raises(LitestarException, match="after response started"):
        await staff.get("/audit/export?format=jsonl")
