# SPDX-License-Identifier: Apache-2.0
"""A Litestar application of a few lines: all that a request for a link is, but for the database and the proof.

It reads the form, checks the address, makes three secrets and their hashes, and answers the same JSON.
"""

import secrets
import sys
from hashlib import sha256

import email_validator
import msgspec
import uvicorn
from litestar import Litestar, Request, Response, get, post


class DeviceAuthorization(msgspec.Struct):
    """RFC 8628 §3.2, as ours has it."""

    device_code: str
    user_code: str
    verification_uri: str
    expires_in: int
    interval: int
    poll_wait_max: int
    login_id: str


@post("/oauth/device_authorization", status_code=200)
async def ask(request: Request[object, object, object]) -> Response[bytes]:
    """The same answer, of nothing."""
    form = await request.form()
    email_validator.validate_email(form["login_hint"], check_deliverability=False)
    device_code, link, code = (secrets.token_urlsafe(32) for _ in range(3))
    for secret in (device_code, link, code):
        sha256(secret.encode()).digest()
    answer = DeviceAuthorization(
        device_code=device_code,
        user_code=code[:7],
        verification_uri="http://127.0.0.1/check-mail",
        expires_in=600,
        interval=5,
        poll_wait_max=25,
        login_id=code[:26],
    )
    return Response(msgspec.json.encode(answer), media_type="application/json")


@get("/health")
async def health() -> str:
    """It is up."""
    return "up"


if __name__ == "__main__":
    import asyncio

    import uvloop

    config = uvicorn.Config(
        Litestar([ask, health], openapi_config=None, logging_config=None),
        port=int(sys.argv[1]),
        log_config=None,
        access_log=False,
        lifespan="off",
        http="httptools",
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve())
