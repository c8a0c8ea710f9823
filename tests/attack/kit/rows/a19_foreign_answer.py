# SPDX-License-Identifier: Apache-2.0
"""A19: an answer with a foreign state or issuer is brought to an app that is written with our SDK."""

import asyncio
from urllib.parse import urlencode

from attack.kit.rows.a19_foreign_code import code_of
from attack.kit.target import Target
from attack.kit.verdict import Needs, demand
from counterfoil_client import Client, MemoryStore, PendingLogin
from counterfoil_client.errors import CounterfoilError

ROW = "A19"
ATTACK = "login CSRF: the SDK is handed an answer of another sign-in"


async def attack(target: Target) -> str:
    """What it redeems is counted at the service's door: nothing may be sent there at all."""
    code = await code_of(target, await target.start(home=True))
    if not (target.redirect_uri or "").startswith("http://127.0.0.1/"):
        raise Needs("--redirect-uri http://127.0.0.1/PATH, for an app that listens")
    return await asyncio.to_thread(_tried, target, code)


def _tried(target: Target, code: str) -> str:
    address = target.somebody()
    with Client(target.issuer, target.client_id, store=MemoryStore()) as client:
        login = client.start_login(address, redirect=target.redirect_uri)
        try:
            home = login._login.way_home
            assert home is not None
            right = {"code": code, "state": home.state, "iss": target.issuer}
            odd = {
                "a foreign state": right | {"state": "s" * 43},
                "no state": {name: value for name, value in right.items() if name != "state"},
                "a foreign issuer": right | {"iss": "https://evil.example"},
                "no issuer": {name: value for name, value in right.items() if name != "iss"},
            }
            for what, fields in odd.items():
                taken = _taken(login, f"{home.redirect_uri}?{urlencode(fields)}")
                demand(not taken, f"the SDK redeems what comes with {what}")
            demand(not home.settled, "a redemption was sent to the service")
        finally:
            login.cancel()
    return f"an answer with {', '.join(odd)} was refused before anything was sent"


def _taken(login: PendingLogin, url: str) -> bool:
    """Whether the SDK went to the service with it."""
    from counterfoil_client import UnexpectedRedirect

    try:
        login.handle_redirect(url)
    except UnexpectedRedirect:
        return False
    except CounterfoilError:
        return True
    return True
