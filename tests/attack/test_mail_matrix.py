# SPDX-License-Identifier: Apache-2.0
"""`just mail-matrix` whole: no cell is wrong, and one that were would be seen."""

import pytest

from attack import mail_matrix
from attack.attacked_providers import KINDS, Attacked
from attack.mail_matrix import COLUMNS, Cell, main, matrix
from counterfoil_service.mail.transports import PerhapsTaken, TryLater
from counterfoil_service.mail.transports import http_transport as http


@pytest.mark.parametrize("kind", KINDS)
async def test_each_mail_ends_as_it_must_however_its_provider_is(kind: str) -> None:
    rows = await matrix((kind,))
    assert len(rows[kind]) == len(COLUMNS)
    assert [f"{name}: {text}" for name, (text, right) in zip(COLUMNS, rows[kind], strict=True) if not right] == []


async def test_a_mail_that_is_sent_on_though_somebody_perhaps_has_it_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PerhapsTaken", TryLater)
    rows = await matrix(("postmark",))
    wrong = [name for name, (_, right) in zip(COLUMNS, rows["postmark"], strict=True) if not right]
    assert wrong == ["slow", "hang-up"]
    assert issubclass(PerhapsTaken, TryLater)


def test_a_wrong_cell_is_told_and_ends_the_command_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def wrong(_one: Attacked) -> Cell:
        return "lost", False

    monkeypatch.setattr(mail_matrix, "COLUMNS", {"ok": wrong})
    assert main() == 1
    assert capsys.readouterr().out.count("WRONG lost") == len(KINDS)
