# SPDX-License-Identifier: Apache-2.0
"""An operator comes in by the one-time link, registers applications, and runs what their pages give to copy."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import httpx2
import pytest

from journeys.computer import computer
from support.background import wait_until
from support.mailserver import MailServer
from support.phone import Browser, Phone
from support.processes import RunningService, free_port

SNIPPET = re.compile(r'<code id="snippet">(.*?)</code>', re.DOTALL)
SECRET = re.compile(r'<output class="secret">([^<]+)</output>')
BACK = "https://ledger.example/back"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, mail: MailServer) -> Iterator[RunningService]:
    """Called localhost: Authlib takes http from no other name."""
    folder, port = tmp_path_factory.mktemp("console"), free_port()
    settings = {"database_url": f"sqlite:///{folder}/counterfoil.db", "mail_url": mail.url}
    with RunningService(folder, port, public_url=f"http://localhost:{port}", **settings) as running:
        yield running


@pytest.fixture(scope="module")
def console(service: RunningService) -> Iterator[httpx2.Client]:
    """Signed in by the link that the command prints."""
    link = json.loads(service.told("operators", "add", "olga@example.com", "--link", "--json"))["link"]
    with httpx2.Client(base_url=service.public_url, trust_env=False) as client:
        page = client.get(link)
        assert page.status_code == 200
        # No browser: what is `Secure` is sent on loopback by those alone.
        cookies = "; ".join(f"{name}={value}" for name, value in page.cookies.items())
        entered = client.post("/console/enter", data=fields_of(page), headers={"Cookie": cookies})
        assert entered.status_code == 303, entered.text
        signed = "; ".join(f"{name}={value}" for name, value in entered.cookies.items())
        client.headers["Cookie"] = f"{cookies}; {signed}"
        assert client.get("/console").status_code == 200
        yield client


def fields_of(page: httpx2.Response) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)">', page.text))


def registered(console: httpx2.Client, client_id: str, **typed: str) -> httpx2.Response:
    form = fields_of(console.get("/console/applications/new")) | {"client_id": client_id, "name": "Ledger"} | typed
    answer = console.post("/console/applications/new", data=form)
    page = console.get(f"/console/applications/{client_id}") if answer.status_code == 303 else answer
    assert page.status_code == 200, page.text
    return page


def snippet_in(page: httpx2.Response) -> str:
    found = SNIPPET.search(page.text)
    assert found is not None
    return unescape(found[1])


@pytest.mark.parametrize(
    ("client_id", "typed"),
    [
        ("plain", {}),
        ("listening", {"redirect_uris": "http://127.0.0.1/callback"}),
        ("elsewhere", {"redirect_uris": "http://[::1]:4000/sign-in/back"}),
        ("scheme", {"redirect_uris": "com.example.app:/back", "same_device_only": "no"}),
    ],
    ids=["plain", "listening", "elsewhere", "scheme"],
)
def test_the_python_that_is_shown_signs_a_person_in(
    console: httpx2.Client, mail: MailServer, phone: Phone, address: str, client_id: str, typed: dict[str, str],
    tmp_path: Any,
) -> None:  # fmt: skip
    code = snippet_in(registered(console, client_id, **typed))
    environ = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ,
    ) as program:  # fmt: skip
        try:
            assert program.stdin is not None
            assert program.stdout is not None
            program.stdin.write(f"{address}\n")
            program.stdin.flush()
            asked = program.stdout.readline()
            shown = re.search(r"type ([A-Z]{3}-?[A-Z]{3})", asked)
            assert shown is not None, asked + program.stdout.read()
            assert phone.approve(mail.letter_to(address).link, shown[1]) == 200
            said, _ = program.communicate(timeout=30)
        finally:
            program.kill()
    assert said.startswith("Signed in as "), said


def test_the_website_that_is_shown_signs_its_visitor_in(
    console: httpx2.Client, service: RunningService, mail: MailServer, browser: Browser, address: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    page = registered(console, "ledger", confidential="yes", dpop="optional", redirect_uris=BACK)
    secret = SECRET.search(page.text)
    assert secret is not None
    monkeypatch.setenv("CLIENT_SECRET", secret[1])
    site: dict[str, Any] = {}
    exec(snippet_in(page), site)  # noqa: S102 - that it runs as it stands is the point
    url, state, verifier = site["begin"]()
    with computer(browser, mail, "https://ledger.example", service.public_url) as ada:
        assert ada.phone.open(url) == 200
        answered: list[str] = []
        ada.phone.run(ada.phone.page.context.route(f"{BACK}**", lambda route: _keep(route, answered)))
        ada.tap(ada.ask(address))
        wait_until(lambda: bool(answered), "the browser to come back", 20)
    back = answered[0]
    assert parse_qs(urlsplit(back).query)["state"] == [state]
    person = site["finish"](back, state, verifier)
    assert person["email"] == address
    with pytest.raises(ValueError, match="somebody else"):
        site["finish"](str(httpx.URL(back).copy_set_param("iss", "https://evil.example")), state, verifier)
    site["client"].close()


async def _keep(route: Any, answered: list[str]) -> None:
    answered.append(route.request.url)
    await route.fulfill(status=200, content_type="text/html", body="<h1>Back</h1>")
