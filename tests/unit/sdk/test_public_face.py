# SPDX-License-Identifier: Apache-2.0
"""What an application sees: the names, the errors and the examples."""

import functools
import importlib
import inspect
import pickle
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

import counterfoil_client
from counterfoil_client import errors, testing
from counterfoil_client.client import Client, PendingLogin
from counterfoil_client.errors import CounterfoilError, RateLimited, ServiceRefused
from counterfoil_client.testing import FakeService
from counterfoil_service.core import email_address
from counterfoil_service.core.errors import Refusal

PACKAGE = Path(counterfoil_client.__file__).parent
ERRORS = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, CounterfoilError)]


def make(kind: type[CounterfoilError]) -> CounterfoilError:
    if kind is RateLimited:
        return RateLimited(5)
    return ServiceRefused("code", 400, "why") if kind is ServiceRefused else kind()


def test_the_exported_names_are_sorted_unique_and_real() -> None:
    names = counterfoil_client.__all__
    assert names == sorted(set(names))
    assert all(hasattr(counterfoil_client, name) for name in names)


def test_every_public_name_is_exported() -> None:
    found = {
        name
        for module in ("client", "async_client", "errors", "session", "stores")
        for name, member in inspect.getmembers(importlib.import_module(f"counterfoil_client.{module}"), inspect.isclass)
        if member.__module__.startswith(f"counterfoil_client.{module}") and not name.startswith("_")
    }
    assert found - {"SoftwareKey"} == set(counterfoil_client.__all__)


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_has_a_message_and_a_hint_a_person_can_act_on(kind: type[CounterfoilError]) -> None:
    error = make(kind)
    assert str(error)
    assert error.hint.endswith(".")
    assert kind.__doc__


@pytest.mark.parametrize(
    ("description", "is_address"),
    [
        ("login_hint: it has no @", True),
        ("redirect_uri: it is not registered", False),
        ("resource: login_hint: is not known", False),
        ("the body repeats a field", False),
        ("", False),
    ],
)
def test_the_address_is_blamed_where_the_service_blames_it(description: str, is_address: bool) -> None:  # noqa: FBT001 - a table
    hint = ServiceRefused("invalid_request", 400, description).hint
    assert ("e-mail address" in hint) is is_address
    assert is_address or hint == ServiceRefused.advice


@pytest.mark.parametrize(
    "address", ["", "ada", "ada@", "ada@example.com, eve@example.com", "a" * 1000 + "@example.com"]
)
def test_what_the_service_says_of_an_address_is_understood(address: str) -> None:
    with pytest.raises(Refusal) as caught:
        email_address.parse(address)
    refused = ServiceRefused(caught.value.code.value, 400, caught.value.description)
    assert refused.hint == "Check the e-mail address and try again."


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_is_in_the_tree_at_the_top_of_its_file(kind: type[CounterfoilError]) -> None:
    assert re.search(rf"\b{kind.__name__}\b", errors.__doc__ or "")


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_survives_the_way_between_processes(kind: type[CounterfoilError]) -> None:
    error = make(kind)
    copy: CounterfoilError = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (type(copy), str(copy), copy.hint, vars(copy)) == (kind, str(error), error.hint, vars(error))


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_every_module_is_short_and_says_why_it_exists(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# SPDX-License-Identifier: Apache-2.0"
    assert lines[1].startswith('"""')
    assert len(lines) <= 300


def test_httpx2_is_imported_in_one_file() -> None:
    importers = [path.name for path in PACKAGE.rglob("*.py") if "import httpx2" in path.read_text(encoding="utf-8")]
    assert sorted({*importers} - {"_fetch.py"}) == ["_http.py", "auth.py"]


def test_the_package_is_typed() -> None:
    assert (PACKAGE / "py.typed").exists()


class Approving:
    """The reader's client, on a service where somebody approves at once."""

    def __init__(self, fake: FakeService, client: Client) -> None:
        self._fake = fake
        self._client = client

    def start_login(self, email: str) -> PendingLogin:
        login = self._client.start_login(email)
        self._fake.approve(login.login_id)
        return login


def test_the_examples_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_data_dir", lambda name: str(tmp_path / name))
    text = (PACKAGE.parents[1] / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 6
    fake = FakeService()
    typed = iter(["1234 567", ""])
    names: dict[str, Any] = {
        "client": Approving(fake, fake.client()),
        "sign_in": lambda _: names["session"],
        "input": lambda _: next(typed) or fake.last_login.mail_code,
    }
    wire = httpx2.MockTransport(fake._wire._handle)
    monkeypatch.setattr("httpx2.Client", functools.partial(httpx2.Client, transport=wire))
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)  # noqa: S102 - our own README
    assert names["session"].subject == "user-of-ada@example.com"
    assert names["notes"].json()["subject"] == "user-of-ada@example.com"
    assert next(typed, None) is None, "the digits were asked for again"


def test_the_readme_names_every_error_an_application_meets() -> None:
    text = (PACKAGE.parents[1] / "README.md").read_text(encoding="utf-8")
    apart = {"AlreadyWaiting", "ConfigurationError", "KeyStoreError"}
    assert {kind.__name__ for kind in ERRORS} - apart <= set(re.findall(r"\w+", text))


def test_the_example_of_the_testing_module_runs() -> None:
    import doctest

    result = doctest.testmod(testing)
    assert (result.failed, result.attempted) == (0, 3)
