# SPDX-License-Identifier: Apache-2.0
"""The main job, through every layer in one process."""

import jwt

from support.stage import ISSUER, Stage


async def test_a_device_signs_in_by_a_link_that_another_device_opens(stage: Stage) -> None:
    asked = await stage.start(device_label="Ada's laptop")
    secret = await stage.secret()

    assert (await stage.poll(asked)).json()["error"] == "authorization_pending"
    page = await stage.open(secret)
    assert page.status_code == 200
    assert asked.user_code not in page.text
    assert (await stage.decide(secret, "approve", asked.user_code)).status_code == 200

    tokens = (await stage.poll(asked)).json()
    keys = (await stage.client.get("/.well-known/jwks.json")).json()["keys"]
    claims = jwt.decode(
        tokens["access_token"],
        jwt.PyJWK(keys[0]),
        algorithms=["ES256"],
        audience=ISSUER,
        issuer=ISSUER,
        options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
    )
    assert claims["sub"] == tokens["sub"]
    assert claims["amr"] == ["pop", "swk", "mca"]
    assert await stage.names(asked.login_id) == [
        "login.requested",
        "mail.queued",
        "mail.sent",
        "login.link_opened",
        "login.approved",
        "user.created",
        "device.first_seen",
        "user.verified",
        "login.completed",
        "session.created",
        "mail.queued",
    ]
