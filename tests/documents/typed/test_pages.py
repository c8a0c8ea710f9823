# SPDX-License-Identifier: Apache-2.0
"""What a document shows to be typed is typed, in its order, in one shell."""

import re
from pathlib import Path

import pytest

from documents.signed_in import Person
from documents.typed_pages import ALONE, BY_HAND, ON_POSTGRESQL, typed_alone
from support.documented import script_of, type_all
from support.postgres import PostgresServer
from support.processes import RunningService, free_port


@pytest.mark.parametrize("page", ALONE)
def test_what_is_shown_can_be_typed(page: str, tmp_path: Path) -> None:
    typed_alone(page, tmp_path)


@pytest.mark.parametrize("page", ON_POSTGRESQL)
def test_what_is_shown_for_postgresql_can_be_typed(page: str, tmp_path: Path, postgres_server: PostgresServer) -> None:
    url = postgres_server.fresh_database()
    typed_alone(page, tmp_path, {"postgresql://counterfoil@db.example.com/counterfoil": f"'{url}'"})
    postgres_server.drop(url)


def test_a_link_is_given_by_hand_as_shown(tmp_path: Path) -> None:
    service = RunningService(tmp_path)
    service.told("applications", "add", "Desk App", "--client-id", "desk-app")
    with service, Person(service, "ada@example.com") as ada:
        login = ada.ask()
        replaced = {"01KAG0Q3W4M9T6E2X8D5B7N1CV": login.login_id}
        said = type_all(script_of(BY_HAND), service, free_port(), {}, replaced)
        link = re.search(r"http://\S+/l/[\w-]+", said)
        assert link is not None, said
        assert ada.approve(link[0], login.user_code) == 200
        assert login.wait(timeout=30).subject
