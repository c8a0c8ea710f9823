# SPDX-License-Identifier: Apache-2.0
"""A file is there whole or not at all, whatever happens while it is written."""

from pathlib import Path
from typing import Any

import pytest

from counterfoil_service.audit.files import write_whole


def test_whoever_has_the_older_file_open_reads_it_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    write_whole(path, b"older")
    with path.open("rb") as older:
        write_whole(path, b"newer")
        assert older.read() == b"older"
    assert path.read_bytes() == b"newer"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("step", ["open", "replace"])
def test_a_write_that_fails_leaves_the_older_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "file"
    write_whole(path, b"older")

    def failing(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, step, failing)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"newer")
    monkeypatch.undo()
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


def test_the_new_file_is_as_readable_as_any_other(tmp_path: Path) -> None:
    write_whole(tmp_path / "ours", b"")
    (tmp_path / "any").touch()
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "any").stat().st_mode
