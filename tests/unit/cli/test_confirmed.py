# SPDX-License-Identifier: Apache-2.0
"""What cannot be undone is asked for first, and without anybody to ask it is not done."""

import io

import pytest

from counterfoil_service.cli.output import confirmed


class Terminal(io.StringIO):
    """Somebody who has typed an answer already."""

    def isatty(self) -> bool:
        return True


def answered(monkeypatch: pytest.MonkeyPatch, text: str, *, terminal: bool = True) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(text) if terminal else io.StringIO(text))


def test_yes_is_not_asked_for_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, "", terminal=False)
    confirmed("Sure?", yes=True)


def test_a_typed_y_goes_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    answered(monkeypatch, "y\n")
    confirmed("Sure?", yes=False)
    assert "Sure?" not in capsys.readouterr().out, "standard output is the answer's alone"


@pytest.mark.parametrize("text", ["n\n", "\n"])
def test_anything_less_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    answered(monkeypatch, text)
    with pytest.raises(SystemExit) as caught:
        confirmed("Sure?", yes=False)
    assert caught.value.code == 1
    assert "nothing was changed" in capsys.readouterr().err


def test_a_pipe_is_nobody_to_ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    answered(monkeypatch, "y\n", terminal=False)
    with pytest.raises(SystemExit):
        confirmed("Sure?", yes=False)
    assert "--yes" in capsys.readouterr().err
