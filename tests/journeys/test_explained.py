# SPDX-License-Identifier: Apache-2.0
"""How stories are compared with their committed texts: what differs is shown, and no text is left over."""

from pathlib import Path

import pytest

from journeys import explained

TOLD = """\
2026-11-20 09:15:02Z  Session 01KAG0R8Y2F7H4K6P9S1V3Z5QJ began at desk-app, asked for by ada-1f@example.com.
2026-11-20 09:15:02Z  A notice of a new device was queued.
2026-11-20 09:15:03Z  The device proved its key and renewed its tokens. (3 times, until 2026-11-21 09:15:03Z)
2026-11-20 09:15:04Z  The mail server took the notice of a new device.
2026-11-20 09:15:05Z  The mail was put off and will be tried again: down. (9 times, until 2026-11-21 09:15:09Z)
2026-11-20 09:15:06Z  Approved, 41 s after the mail left, from 127.0.0.1 (counterfoil-client/0.1.0 (Linux)).
"""
NORMAL = """\
TIME  Session <ID> began at desk-app, asked for by <ADDRESS>.
TIME  A notice of a new device was queued.
TIME  The mail server took the notice of a new device.
TIME  The device proved its key and renewed its tokens. (3 times, until TIME)
TIME  The mail was put off and will be tried again: down.
TIME  Approved, N s after the mail left, from 127.0.0.1 (counterfoil-client/N (Linux)).
"""


def test_what_changes_by_nature_is_taken_out_and_nothing_else() -> None:
    assert explained.normal(TOLD) == NORMAL
    assert explained.normal(NORMAL) == NORMAL


def test_a_difference_is_shown_line_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explained, "FOLDER", tmp_path)
    monkeypatch.setattr(explained, "WRITES", False)
    (tmp_path / "story.txt").write_text(NORMAL, "utf-8")
    explained.assert_told(TOLD, "story")
    with pytest.raises(AssertionError) as caught:
        explained.assert_told(TOLD.replace("Approved", "Rejected"), "story")
    assert "\n-TIME  Approved," in str(caught.value)
    assert "\n+TIME  Rejected," in str(caught.value)


def test_a_story_without_a_text_fails_and_writes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explained, "FOLDER", tmp_path)
    monkeypatch.setattr(explained, "WRITES", False)
    with pytest.raises(AssertionError, match="see journeys/explained"):
        explained.assert_told(TOLD, "unknown")
    assert list(tmp_path.iterdir()) == []


def test_texts_are_written_anew_on_demand_alone_and_the_run_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []
    monkeypatch.setattr(explained, "FOLDER", tmp_path)
    monkeypatch.setattr(explained, "WRITES", True)
    monkeypatch.setattr(explained, "WRITTEN", written)
    for _ in range(2):
        explained.assert_told(TOLD, "story")
    assert (tmp_path / "story.txt").read_text("utf-8") == NORMAL
    assert written == [tmp_path / "story.txt"], "what is right already is not written"


def test_every_committed_text_ends_a_story() -> None:
    here = Path(__file__).parent
    stories = "".join(path.read_text("utf-8") for path in here.glob("test_*.py"))
    for text in (here / "explained").iterdir():
        assert f'"{text.stem}"' in stories, text
