# SPDX-License-Identifier: Apache-2.0
"""Python that a document shows is run, by a test of which this one knows; systems are given what is shown."""

import builtins
import json
import plistlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import counterfoil_client
from counterfoil_client import Client, UnexpectedRedirect
from counterfoil_client.schemes import macos, windows
from counterfoil_client.testing import FakeService
from support.documented import PAGES, blocks

RUN_BY = {
    "README.md": "conftest.py",
    "client_sdk/README.md": "tests/unit/sdk/test_public_face.py",
    "docs/how-to/mail.md": "tests/integration/test_mail_providers.py",
    "docs/how-to/codes-in-the-mail.md": "here",
    "docs/how-to/deep-links.md": "here",
    "docs/tutorial/first-app.md": "tests/documents/test_first_app.py",
}
SIGNATURES = "docs/reference/sdk.md"
DEEP_LINKS = "docs/how-to/deep-links.md"
SCHEME, NAME = "com.example.app", "Example App"


def shown(page: str, language: str) -> list[str]:
    return [block.text for block in blocks(page, language)]


def run(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(code, "a document", "exec"), names)  # noqa: S102 - that it runs as it stands is the point
    return names


def test_every_python_block_has_somebody_who_runs_it() -> None:
    assert {page for page in PAGES if shown(page, "python")} - {SIGNATURES} == set(RUN_BY)


def test_the_digits_of_a_mail_are_typed_until_they_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    fake, asked = FakeService(), []

    def typed(prompt: str) -> str:
        asked.append(prompt)
        code = fake.last_login.mail_code
        return code if len(asked) > 1 else f"{(int(code) + 1) % 10**8:08}"

    def client(issuer: str, client_id: str) -> Client:
        assert (issuer, client_id) == (fake.issuer, "room-app")
        return fake.client()

    monkeypatch.setattr(counterfoil_client, "Client", client)
    monkeypatch.setattr(builtins, "input", typed)
    (code,) = shown("docs/how-to/codes-in-the-mail.md", "python")
    assert run(code)["session"].subject
    assert len(asked) == 2


def test_a_url_that_the_system_brings_is_judged(capsys: pytest.CaptureFixture[str]) -> None:
    on_url: Callable[..., None] = run(shown(DEEP_LINKS, "python")[0])["on_url"]
    fake = FakeService()
    with fake.client() as client:
        login = client.start_login("ada@example.com", redirect=f"{SCHEME}:/signed-in")
        on_url(login, f"{SCHEME}:/signed-in?code=a&state=b&iss=c")
        assert UnexpectedRedirect.advice in capsys.readouterr().out
        on_url(login, fake.return_here(login.login_id))
        assert login.wait().subject


def test_linux_is_given_the_desktop_file_that_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    run(shown(DEEP_LINKS, "python")[1])
    written = tmp_path / "applications" / f"counterfoil-{SCHEME}.desktop"
    assert [written.read_text("utf-8")] == shown(DEEP_LINKS, "ini")


class Keys:
    """The registry, as a dictionary."""

    def __init__(self) -> None:
        self.values: dict[str, dict[str, str]] = {}

    def read(self, key: str, name: str) -> str | None:
        return self.values.get(key, {}).get(name)

    def write(self, key: str, name: str, value: str) -> None:
        self.values.setdefault(key, {})[name] = value

    def remove(self, key: str, name: str) -> None:
        del self.values[key][name]

    def prune(self, key: str) -> None:
        del self.values[key]


def imported(file: str) -> Iterator[tuple[str, str, str]]:
    """Key, name and value of each line of a .reg file."""
    key = ""
    for line in file.splitlines():
        if header := re.fullmatch(r"\[HKEY_CURRENT_USER\\(.+)\]", line):
            key = header[1]
        if value := re.fullmatch(r'(?:@|"([^"]+)")="(.*)"', line):
            yield key, value[1] or "", re.sub(r"\\(.)", r"\1", value[2])


def test_windows_is_given_the_registry_file_that_is_shown() -> None:
    keys = Keys()
    windows.register(SCHEME, [r"C:\Program Files\Example\app.exe", "--sign-in"], name=NAME, registry=keys)
    (file,) = shown(DEEP_LINKS, "reg")
    written = {(key, name, value) for key, values in keys.values.items() for name, value in values.items()}
    assert set(imported(file)) == written


def test_macos_is_given_the_lines_that_are_shown() -> None:
    plist, manifest = shown(DEEP_LINKS, "xml")
    assert plistlib.loads(f"<plist><dict>{plist}</dict></plist>".encode()) == plistlib.loads(
        f"<plist><dict>{macos.info_plist(SCHEME, 'com.example.App')}</dict></plist>".encode()
    )
    ET.fromstring(manifest.replace("<activity ", '<activity xmlns:android="a" '))  # noqa: S314 - our own


@pytest.mark.parametrize("page", [page for page in PAGES if shown(page, "json")])
def test_every_json_block_is_json(page: str) -> None:
    for text in shown(page, "json"):
        json.loads(text)
