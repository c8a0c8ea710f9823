# SPDX-License-Identifier: Apache-2.0
"""What the documents show is run: each README's Python speaks to a real service, whose phone approves at once."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

import counterfoil_client
from counterfoil_client import Client, MemoryStore, PendingLogin
from counterfoil_service.cli.demo import phone
from counterfoil_service.cli.demo.service import CLIENT_ID, DemoService, running_service


@pytest.fixture(scope="session")
def shown_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoService]:
    """The service behind the documents."""
    with running_service(tmp_path_factory.mktemp("shown")) as service:
        yield service


@pytest.fixture
def shown_sign_in(shown_service: DemoService, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lets `Client("https://id.example", …)` reach that service, and demands that what it starts is completed."""
    completed: list[str] = []

    class ShownClient(Client):
        def __init__(self, issuer: str, client_id: str) -> None:
            assert (issuer, client_id) == ("https://id.example", "desk-app")
            super().__init__(shown_service.issuer, CLIENT_ID, store=MemoryStore())

        def start_login(self, email: str, **options: Any) -> PendingLogin:
            login = super().start_login(email, **options)
            arguments = (shown_service.mail_folder, shown_service.issuer, login.user_code)
            threading.Thread(target=phone.approve, args=arguments, daemon=True).start()
            completed.append(login.login_id)
            return login

    monkeypatch.setattr(counterfoil_client, "Client", ShownClient)
    yield
    assert completed, "the document starts no login"


def _nothing_failed(namespace: dict[str, Any]) -> None:
    assert "session" in namespace, "the document's sign-in did not complete"


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()],
    path=str(Path(__file__).parent),
    patterns=["README.md"],
    excludes=["client_sdk/**", "service/**", ".venv/**", ".tools/**"],
    fixtures=["shown_sign_in"],
    teardown=_nothing_failed,
).pytest()
