# SPDX-License-Identifier: Apache-2.0
"""`doctor` warns of a sink that has a problem, or has waited for more than five minutes, and of no other."""

import time

import pytest

from counterfoil_service.cli.doctor import _sink
from counterfoil_service.db.audit_sinks import SinkRow
from counterfoil_service.operations.describe_sinks import SinkState

NAME = "https://siem.example/events?token=tell-nobody"


@pytest.mark.parametrize(
    ("problem", "waited", "verdict", "told"),
    [
        (None, None, "ok", "lacks 7 entries now"),
        (None, 290, "ok", "lacks 7 entries now"),
        (None, 310, "warning", "lacks 7 entries (too slow)"),
        ("http_500", 1, "warning", "lacks 7 entries (http_500)"),
        ("gone", None, "warning", "lacks 7 entries (gone)"),
    ],
)
def test_a_finding_says_how_a_sink_is(problem: str | None, waited: int | None, verdict: str, told: str) -> None:
    since = None if waited is None else int((time.time() - waited) * 1_000_000)
    finding = _sink(SinkState(SinkRow(NAME, 3, 0, 0, problem, 0), 7, since))
    assert (finding["verdict"], finding["subject"]) == (verdict, "AUDIT_SINKS")
    assert told in finding["text"]
    assert "https://siem.example/events" in finding["text"]
    assert "tell-nobody" not in finding["text"]
