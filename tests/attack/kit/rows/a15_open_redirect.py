# SPDX-License-Identifier: Apache-2.0
"""A15: a code is to be sent to a place that was never registered."""

from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from attack.kit.documents import ROOT
from attack.kit.target import Target
from attack.kit.verdict import demand

ROW = "A15"
ATTACK = "hostile redirect URIs"
CORPUS = ROOT / "tests" / "unit" / "core" / "hostile_redirects.txt"


async def attack(target: Target) -> str:
    """The corpus of the unit tests, and what can be made of the registered one."""
    registered, tried = target.redirect(), 0
    for uri in [*_corpus(CORPUS), *_twisted(registered)]:
        answer = await target.ask(target.somebody(), **target.way_home("v" * 43, redirect_uri=uri))
        demand(answer.status_code == httpx2.codes.BAD_REQUEST, f"a code may be sent to {uri[:100]!r}")
        tried += 1
    return f"{tried} hostile redirect URIs were refused, {len(_twisted(registered))} of them made of the registered one"


def _corpus(file: Path) -> list[str]:
    lines = [line for line in file.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return [line.rsplit("\t", 1)[0].encode("ascii").decode("unicode_escape") for line in lines]


def _twisted(uri: str) -> list[str]:
    parts = urlsplit(uri)
    host = parts.netloc or "evil"
    return [
        f"{uri}/../evil", f"{uri}%2f..%2fevil", f"{uri}.evil.example", f"{uri}#fragment",
        f"{uri}?next=https://evil.example&code=1",
        f"{parts.scheme}://{host}@evil.example{parts.path}", f"{parts.scheme}://evil.example\\@{host}{parts.path}",
        f"{parts.scheme}://{host}.evil.example{parts.path}", f"https://evil.example/{uri}",
        f"//evil.example{parts.path}",
        f"javascript:alert(1)//{uri}", f"data:text/html,{uri}", uri.upper(), f" {uri}", f"{uri}\r\nSet-Cookie: a=b",
    ]  # fmt: skip
