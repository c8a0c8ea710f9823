# SPDX-License-Identifier: Apache-2.0
"""The runner adds up what the rounds did, stops at a failure, and does not call nothing a success."""

import json
from pathlib import Path

import pytest

from fuzz import run


def test_the_table_adds_up_over_rounds() -> None:
    lines = [
        json.dumps({"test": "test_nothing_else", "POST /l 200": 2, "POST /l 410": 1}),
        json.dumps({"test": "test_nothing_else", "POST /l 200": 3}),
        json.dumps({"test": "test_foreign_bytes", "read": 4, "refused": 5}),
        json.dumps({"test": "test_the_service_does_what_the_model_does", "ask": 7}),
    ]
    rows = [line.split() for line in run.table(lines).splitlines()[1:]]
    assert ["POST", "/l", "6", "200", "5,", "410", "1"] in rows
    assert ["inputs", "of", "parsers", "9", "read", "4,", "refused", "5"] in rows
    assert ["acts", "of", "the", "model", "7", "ask", "7"] in rows


def test_a_failing_round_ends_it_with_its_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "test_broken.py"
    broken.write_text("def test_it() -> None:\n    assert False\n", "ascii")
    monkeypatch.setattr(run, "HERE", tmp_path)
    monkeypatch.setattr(run, "PARTS", {"wire": ("test_broken.py", 1)})
    assert run.main(["--minutes", "0", "--seed", "9"]) == 1
    assert "just fuzz --part wire --seed 9" in capfd.readouterr().out


def test_every_part_is_there() -> None:
    assert all((run.HERE / file).is_file() for file, _ in run.PARTS.values())
