# SPDX-License-Identifier: Apache-2.0
# /// script
# requires-python = ">=3.11"
# dependencies = ["counterfoil-client", "litestar>=2.25,<3", "uvicorn"]
# [tool.uv.sources]
# counterfoil-client = { path = "../client_sdk" }
# ///
"""An API that knows who calls: everybody's own notes, for applications that prove the key of their token.

Nothing is registered for the API itself. An application may call it that was registered with
`--audience http://127.0.0.1:8001 --scope notes:read --scope notes:write`, such as `terminal_app.py` beside this file.

    uv run examples/protected_api.py

Environment: ISSUER (default http://127.0.0.1:8080), and API_URL, the address that callers write (default
http://127.0.0.1:8001): it is what tokens must be meant for and what proofs must be made for.
"""

import os
from collections import defaultdict
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
import uvicorn
from litestar import Litestar, get, post
from litestar.di import NamedDependency

from counterfoil_client.resource import Caller, ResourceServer
from counterfoil_client.resource.litestar import guard, provide_caller

ISSUER = os.environ.get("ISSUER", "http://127.0.0.1:8080")
API_URL = os.environ.get("API_URL", "http://127.0.0.1:8001")

resource = ResourceServer(ISSUER, url=API_URL)


class Note(msgspec.Struct):
    """What somebody wrote."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


notes_of: defaultdict[str, list[Note]] = defaultdict(list)
"""By subject, which is random and stays the same, whatever the person's address is today. Yours is a database."""


@get("/notes", guards=[guard(resource, "notes:read")])
async def read_notes(caller: NamedDependency[Caller]) -> list[Note]:
    """The caller's notes, oldest first."""
    return notes_of[caller.subject]


@post("/notes", guards=[guard(resource, "notes:write")])
async def write_note(caller: NamedDependency[Caller], data: Note) -> Note:
    """Keep one more."""
    notes_of[caller.subject].append(data)
    return data


app = Litestar(
    [read_notes, write_note],
    dependencies={"caller": provide_caller},
    on_shutdown=[resource.aclose],
    openapi_config=None,
)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=urlsplit(API_URL).port or 8001)
