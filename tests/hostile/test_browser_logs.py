# SPDX-License-Identifier: Apache-2.0
"""A sign-in by browser leaves neither cookies nor codes nor anybody's words in the logs [R38, A16]."""

import logging
import re
from urllib.parse import urlencode

import pytest

from support.stage import Stage
from support.surfer import CALLBACK, Surfer, WebClient, form_of, forms_of, parameters_of

NEEDLE = "needle7f3a"


async def test_a_sign_in_by_browser_leaves_no_secret_in_the_logs(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    web = WebClient(state=NEEDLE)
    await stage.add_application("web-app", dpop="optional", redirect_uris=(CALLBACK,))
    async with Surfer(stage, f"Firefox/1 {NEEDLE}") as browser:
        page = await browser.authorize(web, login_hint="ada.lovelace@example.com")
        hidden = list(form_of(page).fields.values())
        waiting = await browser.ask(page, "ada.lovelace@example.com")
        code = await browser.code_at(waiting)
        secret = await stage.secret()
        home = await browser.follow(await browser.tap())
        minted = parameters_of(home.headers["location"])["code"]
        await stage.client.post("/oauth/token", data=web.redemption(minted))
        account = await browser.get(f"/account?{urlencode({'done': NEEDLE})}")
        for form in forms_of(account):
            await browser.submit(form, action="sign_out", csrf=NEEDLE)
        await browser.get(f"/sign-in?return_to={NEEDLE}")
        await browser.get(f"/sign-in/{NEEDLE}")
        await browser.get("/auth/forward", X_Original_URL=f"https://{NEEDLE}/")
        secrets = [*browser.cookies.values(), *hidden, code, code.replace("-", ""), secret, minted, web.verifier]
    lines = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx2", "httpcore2"))]
    assert sum("GET /sign-in/{login_id} 303" in line for line in lines) == 1
    assert not [line for line in lines if re.search("lovelace|192[.]0[.]2[.]10", line)]
    for needle in [*filter(None, secrets), NEEDLE]:
        assert not [line for line in lines if needle in line], needle
